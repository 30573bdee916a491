"""From evidence to what is done about it, on the real API server: once, whoever is edited, deleted or killed meanwhile."""

import json
import subprocess

import pytest

from integration.operator.plant import MODEL, Plant, Start
from support.eventually import eventually

pytestmark = pytest.mark.timeout(120)


def cloud_events(plant: Plant) -> list[dict]:
    return [e for e in plant.listener.posted if e["subject"].startswith(f"{plant.cluster.namespace}/")]


def rolls_back(plant: Plant) -> str:
    """From a convicted candidate to a decision taken over; the server has not been heard of yet."""
    plant.convicts("2")
    decision = plant.decided("Rollback")
    plant.acted("Acting")
    plant.told("1")
    return str(decision["id"])


def test_a_rollback_is_told_once_to_everybody_who_listens(plant: Plant):
    plant.serves("1")
    plant.watch()
    plant.judges("2")
    decision = rolls_back(plant)
    plant.acknowledge()
    assert plant.acted("Done")["id"] == decision
    (told,) = eventually(lambda: cloud_events(plant), bool, within=10)
    assert told["content-type"].startswith("application/cloudevents+json")
    assert (told["specversion"], told["type"], told["data"]["id"]) == ("1.0", "dev.andon.decision.opened", decision)
    assert told["data"]["action"] == "Rollback"
    for reason in ("RollbackDecided", "RollbackActing", "RollbackDone"):
        (event,) = eventually(lambda reason=reason: plant.events(reason), bool, within=10)
        assert decision in event["note"]
    assert len(cloud_events(plant)) == 1


def test_a_policy_edited_mid_rollback_changes_nothing_of_it(plant: Plant):
    plant.serves("1")
    plant.watch()
    plant.judges("2")
    before = plant.decided("Rollback") if rolls_back(plant) else {}
    plant.watch(dryRun=True, evidence={"minRows": 10000}, actions={"ModelRegression": "Hold"})
    plant.acknowledge()
    assert plant.acted("Done")["id"] == before["id"]
    after = eventually(lambda: plant.decisions(action="Rollback")[0], lambda d: d["state"] == "Closed", within=20)
    frozen = {key: value for key, value in before.items() if key not in {"state", "closed"}}
    assert {key: value for key, value in after.items() if key not in {"state", "closed"}} == frozen


def test_a_policy_deleted_mid_rollback_does_not_stop_it_and_a_new_one_decides_nothing_twice(plant: Plant):
    plant.serves("1")
    plant.watch()
    plant.judges("2")
    decision = rolls_back(plant)
    plant.cluster.kubectl("delete", "driftpolicy", "watch")
    plant.acknowledge()
    assert plant.acted("Done")["id"] == decision
    plant.watch()
    plant.cluster.says("driftpolicy", "watch", "Watching")
    assert [d["id"] for d in plant.status()["decisions"]] == [decision]
    assert plant.decisions() == []


def test_a_policy_made_anew_has_no_fresh_budget(plant: Plant):
    limited = {"cooldown": "1s", "budget": {"rollbacks": {"max": 1, "per": "7d"}}}
    plant.serves("1")
    plant.watch(**limited)
    plant.judges("2")
    rolls_back(plant)
    plant.acknowledge()
    plant.acted("Done")
    plant.cluster.kubectl("delete", "driftpolicy", "watch")
    plant.watch(**limited)
    plant.judges("3")
    plant.convicts("3")
    held = eventually(lambda: plant.status("driftpolicy", "watch").get("held", []), bool, within=20)
    assert (held[0]["action"], held[0]["reason"]) == ("Rollback", "BudgetSpent")
    assert plant.decisions(action="Rollback") == []
    assert plant.slots() == plant.told("1", "3")


def test_of_two_policies_one_decides(plant: Plant):
    plant.serves("1")
    plant.watch("first")
    plant.cluster.says("driftpolicy", "first", "Watching")
    plant.watch("second")
    plant.cluster.says("driftpolicy", "second", "TargetTaken")
    plant.judges("2")
    plant.convicts("2")
    plant.decided("Rollback", "first")
    assert plant.decisions("second") == []
    assert [d["policy"] for d in plant.status()["decisions"]] == ["first"]


def test_a_rollback_that_needs_approval_waits_for_it(plant: Plant):
    plant.serves("1")
    plant.watch(authority={"Rollback": "Confirm"})
    plant.judges("2")
    plant.convicts("2")
    decision = plant.decided("Rollback")
    asked = plant.cluster.says("modeldeployment", MODEL, "RollbackDecided", type_="AwaitingApproval")
    assert f"andon.dev/approve={decision['id']}/YOUR-USERNAME" in asked["message"]
    assert plant.status().get("decisions", []) == []
    plant.approve("modeldeployment", decision["id"])
    plant.told("1")
    plant.acknowledge()
    assert plant.acted("Done")["approvedBy"] == "jane"


def test_an_outage_of_prometheus_changes_statuses_only(plant: Plant):
    plant.serves("1")
    plant.watch()
    plant.judges("2")
    plant.cluster.says("driftpolicy", "watch", "Watching")

    def at_work() -> tuple:
        return plant.slots(), plant.cluster.get("deployment", f"{MODEL}-serve")["metadata"]["generation"], plant.decisions()

    before = at_work()
    with plant.prometheus.away():
        plant.convicts("2")
        said = plant.cluster.says("driftpolicy", "watch", "Unreachable")
        assert (said["status"], plant.status("driftpolicy", "watch")["verdict"]) == ("Unknown", "Unknown")
        assert at_work() == before
    assert plant.decided("Rollback")["from"]["version"] == "2"


def test_a_retrain_is_asked_for_and_carried_out_once_it_is_approved(plant: Plant):
    plant.serves("1")
    first = plant.trains()
    plant.watch()
    plant.drifts("1")
    decision = plant.decided("Retrain")
    assert (decision["verdict"], decision["authority"]) == ("ConceptDrift", "Confirm")
    asked = plant.cluster.says("trainingpipeline", MODEL, "RetrainDecided", type_="AwaitingApproval")
    assert f"andon.dev/approve={decision['id']}/YOUR-USERNAME" in asked["message"]
    assert plant.jobs() == [first]
    plant.approve("trainingpipeline", decision["id"])
    *_, second = eventually(plant.jobs, lambda jobs: len(jobs) == 2, within=20)
    ordered = json.loads(plant.cluster.get("configmap", second)["data"]["train.json"])
    assert (ordered["decision"], ordered["fingerprint"][:8]) == (decision["id"], second.removeprefix(f"{MODEL}-"))
    plant.ends(second, version="2")
    done = plant.acted("Done", "trainingpipeline")
    assert "version 2" in done["outcome"]
    assert done["approvedBy"] == "jane"
    assert plant.status("trainingpipeline")["trained"]["version"] == "2"
    eventually(lambda: plant.decisions(action="Retrain")[0]["state"], lambda state: state == "Closed", within=20)
    assert plant.cluster.condition("trainingpipeline", MODEL)["reason"] == "Trained"


def test_a_retrain_that_needs_nobodys_word_is_one_job_though_the_operator_is_killed(
    plant: Plant, sighted: dict[str, subprocess.Popen[bytes]], start: Start
):
    plant.serves("1")
    first = plant.trains()
    plant.watch(authority={"Retrain": "Act"})
    plant.drifts("1")
    decision = plant.acted("Acting", "trainingpipeline")
    sighted["operator"].kill()
    sighted["operator"].wait(10)
    sighted["operator"] = start()
    jobs = eventually(plant.jobs, lambda jobs: len(jobs) == 2, within=20)
    plant.ends(jobs[1], reason="GateFailed", message="rmse 0.9, limit 0.5")
    refused = plant.acted("Refused", "trainingpipeline")
    assert (refused["id"], refused["outcome"]) == (decision["id"], "GateFailed: rmse 0.9, limit 0.5")
    assert plant.cluster.condition("trainingpipeline", MODEL)["reason"] == "Trained"
    assert plant.cluster.condition("trainingpipeline", MODEL, "Retrained")["reason"] == "RetrainRefused"
    assert plant.jobs() == [first, jobs[1]]
    told = eventually(lambda: cloud_events(plant), bool, within=10)
    assert len({event["id"] for event in told}) == 1  # killed between the webhook and its receipt it is told twice, under one id

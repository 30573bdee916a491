"""A version on its way through its steps, on the real API server, with a real Prometheus; what people say, and replicas."""

import io
import json
import subprocess
from contextlib import redirect_stderr, redirect_stdout

import pytest

from andon.api.exits import Exit
from andon.cli import main
from andon.controllers.acks import KEPT, server_manager
from integration.operator.plant import MODEL, POD, Plant, Start
from integration.operator.test_weather import SOURCE
from support.eventually import eventually

pytestmark = pytest.mark.timeout(180)

STEPS = [{"shadow": {"minRows": 40}}, {"weight": 20, "minRows": 40}, {"approval": {}}]


def pods(plant: Plant) -> list[str]:
    """Of the servers' Deployment, as the controller manager made them."""
    said = plant.cluster.kubectl("get", "pods", "-l", "app.kubernetes.io/component=serve", "-o", "name")
    return sorted(line.removeprefix("pod/") for line in said.split())


def runs(plant: Plant, pod: str) -> None:
    """As its kubelet would say it."""
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    plant.cluster.kubectl("patch", "pod", pod, "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))


def settled(plant: Plant, version: str) -> None:
    eventually(lambda: plant.status().get("effective", {}).get("version"), lambda seen: seen == version, within=20)


def test_shadow_weight_approval_and_the_former_stable_stays_as_reference(plant: Plant):
    plant.deploy("1", steps=STEPS)
    plant.serves("1")
    plant.watch()
    plant.judges("2")
    plant.is_healthy("2", rows=40)
    assert plant.reaches("Weight 20%").weight == 20
    assert plant.status()["candidate"] | {"index": 1, "fromRows": 40} == plant.status()["candidate"]
    plant.is_healthy("2", rows=140)
    assert plant.reaches("Approval").weight == 20
    asked = plant.cluster.says("modeldeployment", MODEL, "StepReached", type_="AwaitingApproval")
    word = asked["message"].partition("andon.dev/approve=")[2].partition("/")[0]
    plant.annotate(approve=f"{word}/jane")
    promoted = plant.told("2")
    assert (promoted.reference.version, promoted.weight) == ("1", 0)
    plant.acknowledge()
    settled(plant, "2")
    status = plant.status()
    assert (status["reference"]["version"], status["step"]) == ("1", "Stable")
    assert [(s["version"], s.get("by")) for s in status["history"]] == [("1", None), ("2", "jane")]
    assert plant.cluster.condition("modeldeployment", MODEL, "AwaitingApproval") == {}
    told = eventually(lambda: plant.events("StepBegun"), lambda found: len(found) >= 4, within=20)
    steps = ["Version 2: Approval.", "Version 2: Promoting.", "Version 2: Shadow.", "Version 2: Weight 20%."]
    assert sorted(e["note"] for e in told) == steps

    plant.convicts("2")
    assert plant.decided("Rollback")["to"]["version"] == "1"
    assert plant.told("1").reference is None


def test_a_decision_reverts_while_the_candidate_has_its_share(plant: Plant):
    plant.deploy("1", steps=STEPS)
    plant.serves("1")
    plant.watch()
    plant.judges("2")
    plant.is_healthy("2", rows=40)
    plant.reaches("Weight 20%")
    plant.convicts("2")
    plant.acted("Acting")
    assert plant.told("1").weight == 0


@pytest.mark.scenario
def test_a_killed_operators_successor_goes_on_in_the_step_that_was_reached(
    plant: Plant, sighted: dict[str, subprocess.Popen[bytes]], start: Start
):
    plant.deploy("1", steps=[*STEPS[:2], {"pause": {"duration": "3s"}}])
    plant.serves("1")
    plant.watch()
    plant.judges("2")
    plant.is_healthy("2", rows=40)
    plant.reaches("Weight 20%")
    before = plant.status()["candidate"]
    sighted["operator"].kill()
    sighted["operator"].wait(10)
    plant.is_healthy("2", rows=90)
    sighted["operator"] = start()
    half = eventually(lambda: plant.status()["candidate"], lambda seen: seen["progress"] == "2/4", within=20)
    assert half | {"progress": before["progress"]} == before
    plant.is_healthy("2", rows=140)
    assert plant.told("2").reference is not None


def test_people_abort_promote_and_pin(plant: Plant):
    plant.deploy("1", steps=STEPS)
    plant.serves("1")
    plant.judges("2")
    plant.annotate(abort="2", reconcile="now")
    plant.cluster.says("modeldeployment", MODEL, "Aborted", type_="Stalled")
    plant.told("1")
    plant.acknowledge()
    assert plant.status()["lastHandledReconcileAt"] == "now"
    plant.annotate(abort="", promote="2")
    plant.told("1", "2")
    plant.acknowledge()
    plant.told("2")
    plant.acknowledge()
    settled(plant, "2")
    plant.annotate(promote="", pin="1")
    plant.told("1")
    plant.acknowledge()
    plant.cluster.says("modeldeployment", MODEL, "Pinned", type_="GitInSync")
    plant.annotate(pin="77")
    ignored = plant.cluster.says("modeldeployment", MODEL, "VersionUnknown", type_="AnnotationIgnored")
    assert "no version 77" in ignored["message"]
    plant.annotate(pin="")
    plant.told("1", "2")


def typed(plant: Plant, *arguments: str) -> tuple[int, str]:
    """Exit code and words of a command."""
    out = io.StringIO()
    given = [*arguments, "-n", plant.cluster.namespace, "--kubeconfig", str(plant.cluster.plane.kubeconfig)]
    with redirect_stdout(out), redirect_stderr(out), pytest.raises(SystemExit) as ended:
        main(given)
    return int(ended.value.code or 0), " ".join(out.getvalue().split())


def test_a_pin_at_the_terminal_is_what_the_operator_says_of_it(plant: Plant):
    plant.deploy("1", steps=STEPS)
    plant.serves("1")
    code, said = typed(plant, "pin", MODEL, "77")
    assert (code, "no version 77" in said, "The pin is taken back" in said) == (Exit.FAILED, True, True), said
    assert "andon.dev/pin" not in plant.cluster.get("modeldeployment", MODEL)["metadata"]["annotations"]
    code, said = typed(plant, "pin", MODEL, "2")
    assert (code, f"{MODEL} is pinned to version 2: nothing is judged" in said) == (Exit.OK, True), said
    plant.told("2")
    assert typed(plant, "pin", MODEL, "2")[0] == Exit.ALREADY
    typed(plant, "pin", MODEL, "77")
    assert plant.cluster.get("modeldeployment", MODEL)["metadata"]["annotations"]["andon.dev/pin"] == "2"


def test_two_servers_are_promoted_when_both_hold_the_candidate_and_scale_is_kubectls(plant: Plant):
    plant.deploy("1")
    plant.told("1")
    plant.cluster.kubectl("scale", "modeldeployment", MODEL, "--replicas=2")
    both = eventually(lambda: pods(plant), lambda found: len(found) == 2, within=30)
    eventually(lambda: plant.cluster.get("poddisruptionbudget", f"{MODEL}-serve"), within=20)
    for pod in both:
        plant.acknowledge(pod)
    settled(plant, "1")
    plant.annotate(promote="2")
    plant.spec["replicas"] = 2
    plant.deploy("2")
    plant.told("1", "2")
    plant.acknowledge(both[0])
    plant.cluster.says("modeldeployment", MODEL, "CandidateJudged")
    assert plant.told("1", "2").weight == 0
    plant.acknowledge(both[1])
    plant.told("2")
    plant.cluster.kubectl("scale", "modeldeployment", MODEL, "--replicas=1")
    eventually(lambda: plant.cluster.get("poddisruptionbudget", f"{MODEL}-serve"), lambda found: not found, within=20)
    eventually(lambda: plant.status().get("replicas"), lambda count: count == 1, within=30)


def test_without_rows_and_policy_a_share_of_requests_must_be_answered(plant: Plant):
    plant.deploy("1", steps=[{"weight": 20, "minRows": 40}])
    plant.serves("1")
    plant.judges("2")
    assert plant.reaches("Weight 20%").weight == 20
    uncounted = "Prometheus knows of none of its servers"
    eventually(lambda: plant.cluster.condition("modeldeployment", MODEL)["message"], lambda said: uncounted in said, within=20)
    requests(plant, "2", 50, failed=5)
    held = "no finite answer to 10 of 100 requests"
    eventually(lambda: plant.cluster.condition("modeldeployment", MODEL)["message"], lambda said: held in said, within=20)
    assert plant.told("1", "2").weight == 20
    requests(plant, "2", 500, failed=5)
    plant.told("2")


def test_a_version_that_begins_again_is_judged_by_requests_of_its_own_from_then_on(plant: Plant):
    plant.deploy("1", steps=[{"weight": 20, "minRows": 40}])
    plant.serves("1")
    plant.judges("2")
    requests(plant, "2", 50)
    plant.told("2")
    plant.acknowledge()
    settled(plant, "2")
    plant.annotate(pin="1")
    assert plant.told("1").reference is not None, "it stays loaded, and its counters stand"
    plant.acknowledge()
    settled(plant, "1")
    plant.annotate(pin="")
    plant.told("1", "2")
    assert plant.status()["candidate"]["fromRows"] == 50


def requests(plant: Plant, version: str, asked: int, failed: int = 0) -> None:
    """So many were this version's to answer since it was loaded."""
    revision = plant.registry.digests[version].removeprefix("sha256:")[:12]
    labels = f'{{namespace="{plant.cluster.namespace}",deployment="{MODEL}",slot="candidate",revision="{revision}"}}'
    plant.listener.series |= {f"andon_asked_requests_total{labels}": asked, f"andon_failed_requests_total{labels}": failed}


def test_a_first_version_beyond_its_error_budget_is_said_and_may_be_accepted(plant: Plant):
    plant.cluster.apply("DataSource", "reactor", SOURCE)
    plant.deploy("1", steps=[{"shadow": {"minRows": 20}}], inputs={"sourceRefs": [{"name": "reactor"}], "every": "1s"})
    plant.told("1")
    (pod,) = eventually(lambda: pods(plant), bool, within=30)
    runs(plant, pod)
    plant.acknowledge(pod)
    plant.cluster.says("modeldeployment", MODEL, "FirstJudged")
    revision = plant.registry.digests["1"].removeprefix("sha256:")[:12]
    labels = f'{{namespace="{plant.cluster.namespace}",deployment="{MODEL}",slot="stable",revision="{revision}"}}'
    plant.listener.series |= {f"andon_scored_rows_total{labels}": 30, f"andon_failed_rows_total{labels}": 3}
    stalled = plant.cluster.says("modeldeployment", MODEL, "ErrorBudgetSpent", type_="Stalled")
    assert "3 of its first 30 rows" in stalled["message"]
    plant.annotate(promote="1")
    plant.cluster.says("modeldeployment", MODEL, "Serving")


def test_a_model_from_a_file_needs_no_registry_and_a_missing_secret_is_named(plant: Plant):
    digest = plant.registry.digests["3"]
    file = {"uri": "https://files.example/model.onnx", "digest": digest, "version": "7"}
    spec = {"model": {"file": file}, "access": {"tokenRef": {"name": "token"}, "tlsRef": {"name": "tls"}}}
    plant.cluster.apply("ModelDeployment", MODEL, spec)
    slots = plant.told("7")
    assert (slots.stable.model, slots.stable.digest) == (file["uri"], digest)
    assert plant.status()["url"].startswith("https://")
    (pod,) = eventually(lambda: pods(plant), bool, within=30)
    waiting = {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}]}
    plant.cluster.kubectl("patch", "pod", pod, "--subresource=status", "--type=merge", "-p", json.dumps({"status": waiting}))
    said = eventually(
        lambda: plant.cluster.condition("modeldeployment", MODEL)["message"],
        lambda m: "needs the Secrets tls, token" in m,
        within=20,
    )
    assert "kubectl get secret tls token" in said


def test_servers_without_rows_are_rolled_and_with_rows_keep_one_volume(plant: Plant):
    plant.deploy("1")
    plant.told("1")
    strategy = eventually(lambda: plant.cluster.get("deployment", f"{MODEL}-serve")["spec"]["strategy"], within=20)
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    plant.cluster.apply("DataSource", "reactor", SOURCE)
    plant.deploy("1", inputs={"sourceRefs": [{"name": "reactor"}], "every": "1s"})
    eventually(
        lambda: plant.cluster.get("deployment", f"{MODEL}-serve")["spec"]["strategy"],
        lambda s: s == {"type": "Recreate"},
        within=20,
    )
    assert plant.cluster.get("persistentvolumeclaim", f"{MODEL}-serve")
    del plant.spec["inputs"]
    plant.deploy("1")
    eventually(lambda: plant.cluster.get("deployment", f"{MODEL}-serve")["spec"]["strategy"], lambda s: s == strategy, within=20)


def test_what_pods_that_are_gone_have_acknowledged_is_cleared_away(plant: Plant):
    plant.deploy("1")
    plant.told("1")
    ack = {"configHash": "0" * 12, "since": "2026-01-02T03:04:05Z"}
    for pod in (f"gone-{n}" for n in range(KEPT + 1)):
        said = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{MODEL}-acks"}, "data": {pod: json.dumps(ack)}}
        manager = f"--field-manager={server_manager(pod)}"
        plant.cluster.kubectl("apply", "--server-side", manager, "-f", "-", stdin=json.dumps(said))
    plant.acknowledge()

    def heard() -> set[str]:
        return set(plant.cluster.get("configmap", f"{MODEL}-acks")["data"])

    left = eventually(heard, lambda pods: len(pods) == KEPT + 1, within=20)
    assert "gone-0" not in left
    assert POD in left

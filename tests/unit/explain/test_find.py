"""A decision is found wherever it is written down, with what became of it; an unknown id says which there are."""

import pytest

from andon.api.errors import UserError
from andon.explain.find import find

BAD, GOOD = "sha256:" + "b" * 64, "sha256:" + "a" * 64
AT = "2026-11-22T07:14:03Z"
EVIDENCE = {"question": "paired", "rows": 420, "value": "at least 1.84 times", "limit": "1.10", "scraped": AT}
ROLLBACK = {
    "id": "d-0000000001", "target": "e", "action": "Rollback", "verdict": "ModelRegression", "since": AT, "evidence": EVIDENCE,
    "from": {"version": "4", "digest": BAD}, "to": {"version": "3", "digest": GOOD}, "summary": "Version 4 is worse.",
}  # fmt: skip
QUARANTINE = {
    "id": "d-0000000002", "target": "e", "action": "Quarantine", "verdict": "DataFault", "since": "2026-11-22T06:00:00Z",
    "subjects": ["xmeas_7"], "fault": "Stuck", "evidence": EVIDENCE | {"question": "stuck"}, "summary": "xmeas_7 is stuck.",
}  # fmt: skip
RETRAIN = {
    "id": "d-0000000003", "target": "e", "action": "Retrain", "authority": "Confirm", "verdict": "ConceptDrift",
    "since": "2026-11-22T08:00:00Z", "from": {"version": "3", "digest": GOOD}, "evidence": EVIDENCE, "summary": "It errs more.",
}  # fmt: skip
ACTED = {
    "id": "d-0000000001", "policy": "e", "verdict": "ModelRegression", "from": ROLLBACK["from"], "to": ROLLBACK["to"],
    "summary": "Version 4 is worse.", "evidence": EVIDENCE, "decided": AT, "state": "Done",
}  # fmt: skip


def policy(*decisions, name="e", **spec):
    return thing("DriftPolicy", name, {"targetRef": {"name": "e"}, **spec}, decisions=list(decisions))


def deployment(*decisions):
    return thing("ModelDeployment", "e", {"inputs": {"sourceRefs": [{"name": "reactor"}]}}, decisions=list(decisions))


def pipeline(*decisions):
    return thing("TrainingPipeline", "train-e", {"promotion": {"deploymentRef": {"name": "e"}}}, decisions=list(decisions))


def source(*windows):
    return thing("DataSource", "reactor", {}, quarantine=list(windows))


def thing(kind, name, spec, **status):
    return {"kind": kind, "metadata": {"name": name}, "spec": spec, "status": status}


def window(decision="d-0000000002", until=None, tag="xmeas_7"):
    lasts = {"decision": decision, "policy": "e", "tags": [tag], "fault": "Stuck", "since": "2026-11-22T06:00:00Z"}
    return lasts | ({"until": until} if until else {})


EVERYTHING = (policy(ROLLBACK, QUARANTINE, RETRAIN), deployment(ACTED), pipeline(), source(window()))


@pytest.mark.parametrize(
    ("wanted", "objects", "taken", "actor"),
    [
        pytest.param("d-0000000001", EVERYTHING, True, "modeldeployment/e", id="a rollback that was carried out"),
        pytest.param("d-0000000001", [policy(ROLLBACK)], False, None, id="a rollback that nobody has acted on"),
        pytest.param("d-0000000002", EVERYTHING, True, "datasource/reactor", id="a quarantine that the source has"),
        pytest.param("d-0000000002", [policy(QUARANTINE)], False, None, id="a quarantine that the source has not"),
        pytest.param("d-0000000003", EVERYTHING, False, "trainingpipeline/train-e", id="a retrain: its pipeline may act"),
        pytest.param("d-0000000001", [deployment(ACTED)], True, "modeldeployment/e", id="the policy is gone, its copy is not"),
    ],
)
def test_a_decision_is_found_with_what_became_of_it(wanted, objects, taken, actor):
    case = find(wanted, objects, "plant-a").case
    assert (case.id, case.taken, case.actor, case.target) == (wanted, taken, actor, "e")


def test_why_an_actor_refused_is_told():
    refused = ACTED | {"state": "Refused", "outcome": "Version 4 serves no more."}
    case = find("d-0000000001", [policy(ROLLBACK), deployment(refused)], "plant-a").case
    assert (case.taken, case.refused) == (False, "Version 4 serves no more.")


def test_a_rollback_that_git_refused_was_carried_out_all_the_same():
    refused = ACTED | {"state": "Refused", "outcome": "NotGranted: the repository is not granted."}
    served = deployment(refused)
    served["status"]["quarantined"] = [{"version": "4", "digest": BAD, "decision": "d-0000000001", "since": AT}]
    case = find("d-0000000001", [policy(ROLLBACK), served], "plant-a").case
    assert (case.taken, case.refused) == (True, None)
    assert case.outcome == "NotGranted: the repository is not granted."


@pytest.mark.parametrize(
    ("windows", "faulty"),
    [
        pytest.param([window()], ("xmeas_7",), id="it still lasts"),
        pytest.param([window(until="2026-11-22T07:30:00Z")], ("xmeas_7",), id="it lasted then"),
        pytest.param([window(until="2026-11-22T07:00:00Z")], (), id="it was over"),
        pytest.param([window(), window("d-9", tag="xmeas_9")], ("xmeas_7", "xmeas_9"), id="two"),
        pytest.param([{"of": "another form"}], (), id="a form that a newer operator wrote"),
    ],
)
def test_tags_that_were_at_fault_then_are_named(windows, faulty):
    assert find("d-0000000001", [policy(ROLLBACK), source(*windows)], "plant-a").case.faulty == faulty


def test_a_policy_that_bears_more_false_alarms_was_less_sure():
    lax = policy(ROLLBACK, evidence={"falseAlarmsPerYear": "10"})
    usual, less = (find("d-0000000001", [p], "plant-a").case.certainty for p in (policy(ROLLBACK), lax))
    assert less == pytest.approx(usual - 2.302585)


def test_an_unknown_id_lists_the_known_ones_newest_first():
    with pytest.raises(UserError) as told:
        find("d-ffffffffff", EVERYTHING, "plant-a")
    first, *known = str(told.value).splitlines()
    assert first == "there is no decision d-ffffffffff in namespace plant-a. Known there, newest first:"
    assert [line.split()[0] for line in known] == ["d-0000000003", "d-0000000001", "d-0000000002"]
    assert "ConceptDrift: Retrain" in known[0]


def test_in_an_empty_namespace_another_one_is_asked_for():
    with pytest.raises(
        UserError, match=r"in namespace plant-a, nor any other in it; other namespaces are not looked in: name one with -n"
    ):
        find("d-ffffffffff", [], "plant-a")


@pytest.mark.parametrize(
    ("decision", "actor"),
    [
        pytest.param(
            RETRAIN, thing("TrainingPipeline", "train-e", {}, rejected=[{"decision": RETRAIN["id"], "by": "jane"}]), id="retrain"
        ),
        pytest.param(
            QUARANTINE,
            thing("DataSource", "reactor", {}, rejected=[{"decision": QUARANTINE["id"], "by": "jane"}]),
            id="quarantine",
        ),
    ],
)
def test_who_rejected_it_is_told(decision, actor):
    case = find(decision["id"], (policy(decision), deployment(), actor), "plant-a").case
    assert (case.taken, case.refused) == (False, "jane rejected it")

"""What a commit would overrule, said before it is made."""

import copy

import pytest

from andon.api.kinds import KINDS
from andon.compare.change import Becomes, Change
from andon.compare.lost import losses
from andon.watch.family import Snapshot
from support.documents import ONE, SINCE, TWO, obj, status_of

D, E = "d-aaaaaaaaaa", "d-bbbbbbbbbb"
EVIDENCE = {"question": "paired", "rows": 312, "value": "1.8", "limit": "1.1", "scraped": SINCE}
OPEN = {
    "id": D,
    "target": "product-e",
    "action": "Rollback",
    "verdict": "ModelRegression",
    "from": TWO.model_dump(),
    "to": ONE.model_dump(),
    "since": SINCE,
    "evidence": EVIDENCE,
    "summary": "Worse.",
}
RETRAIN = {**OPEN, "action": "Retrain", "from": ONE.model_dump(), "to": None}
FAULT = {
    **OPEN,
    "id": E,
    "action": "Quarantine",
    "verdict": "DataFault",
    "from": None,
    "to": None,
    "subjects": ["xmeas_7"],
    "fault": "Stuck",
}
BAD = {**ONE.model_dump(), "decision": D, "since": SINCE}
WINDOW = {"decision": D, "policy": "product-e", "tags": ["xmeas_7"], "fault": "Stuck", "since": SINCE}
ACTING = {
    "id": D,
    "policy": "product-e",
    "verdict": "ModelRegression",
    "from": TWO.model_dump(),
    "decided": SINCE,
    "state": "Acting",
    "summary": "Worse.",
    "evidence": EVIDENCE,
}


def model(version, **more):
    return {"mlflow": {"name": "product-e", "version": version}, **more}


def deployment(version="2", annotations=None, status=None, **spec):
    made = obj("ModelDeployment", status=status_of("ModelDeployment", **(status or {})), model=model(version), **spec)
    made["metadata"]["annotations"] = annotations or {}
    return made


def policy(*decisions, **spec):
    return obj("DriftPolicy", status=status_of("DriftPolicy", decisions=list(decisions)), **spec)


def changed(live, **spec):
    after = copy.deepcopy(live)
    after["spec"] |= spec
    return live, after


def gone(live):
    return live, None


@pytest.mark.parametrize(
    ("change", "beside", "said"),
    [
        pytest.param(changed(deployment()), [policy(OPEN)], [], id="nothing changes: nothing is lost"),
        pytest.param(changed(deployment(), replicas=0), [policy(OPEN)], [], id="a field that decides nothing"),
        pytest.param(
            changed(deployment(status={"quarantined": [BAD]}), model=model("1")),
            [],
            [("VersionQuarantined", D)],
            id="what was rolled back is named again",
        ),
        pytest.param(changed(deployment("1", status={"quarantined": [BAD]}), replicas=0), [], [], id="it is named as before"),
        pytest.param(
            changed(deployment(status={"quarantined": [BAD]}), model=model("1", overrides=D)),
            [],
            [("Overridden", D)],
            id="it is taken back by name",
        ),
        pytest.param(
            changed(deployment(), model=model("3")),
            [policy(OPEN)],
            [("Moot", D)],
            id="another version while one is decided about",
        ),
        pytest.param(changed(deployment("1"), model=model("3")), [policy(RETRAIN)], [], id="a decision about what serves stays"),
        pytest.param(
            changed(deployment(), model=model("3")), [policy({**OPEN, "state": "Closed"})], [], id="a closed decision is over"
        ),
        pytest.param(
            changed(deployment(annotations={"andon.dev/abort": "2"}), model=model("3")),
            [],
            [("WordLost", "andon.dev/abort")],
            id="a word about the version before",
        ),
        pytest.param(
            changed(deployment(annotations={"andon.dev/approve": "r-0123456789/jane"}), model=model("3")),
            [],
            [("ApprovalVoid", "r-0123456789")],
            id="a step of the version before was approved",
        ),
        pytest.param(
            changed(deployment(annotations={"andon.dev/approve": "r-0123456789/jane"}), rollout={"steps": [{"approval": {}}]}),
            [],
            [("ApprovalVoid", "r-0123456789")],
            id="the approved step is another",
        ),
        pytest.param(
            changed(deployment(status={"decisions": [ACTING]}), suspend=True), [], [("HalfWay", D)], id="suspended half way"
        ),
        pytest.param(
            gone(deployment(status={"quarantined": [BAD]})),
            [policy(OPEN)],
            [("TargetGone", D), ("TargetGone", D)],
            id="the target goes",
        ),
        pytest.param(gone(policy(OPEN, FAULT)), [deployment()], [("PolicyGone", D), ("PolicyGone", E)], id="the policy goes"),
        pytest.param(
            changed(policy(OPEN), targetRef={"name": "other"}),
            [deployment()],
            [("PolicyGone", D)],
            id="the policy looks elsewhere",
        ),
        pytest.param(
            changed(policy(OPEN, FAULT), dryRun=True),
            [deployment()],
            [("PolicyGone", D)],
            id="the policy only says what it would do",
        ),
        pytest.param(
            gone(obj("DataSource", status=status_of("DataSource", quarantine=[WINDOW]))),
            [],
            [("SourceGone", D)],
            id="a source goes with what it kept out",
        ),
        pytest.param(gone(obj("TrainingPipeline")), [policy(RETRAIN)], [("ActorGone", D)], id="nobody trains"),
        pytest.param(
            changed(obj("TrainingPipeline"), promotion={"deploymentRef": {"name": "other"}}),
            [policy(RETRAIN)],
            [("ActorGone", D)],
            id="it trains for another",
        ),
        pytest.param(
            gone(obj("TrainingPipeline", "spare")), [policy(RETRAIN), obj("TrainingPipeline")], [], id="another one trains"
        ),
    ],
)
def test_what_is_lost(change, beside, said):
    live, after = change
    kind = next(kind for kind in KINDS if kind.name == live["kind"])
    made = Change(kind, "plant-a", live["metadata"]["name"], "plant.yaml", live, after)
    found = losses([made], Snapshot((live, *beside)))
    assert [(loss.rule, loss.about) for loss in found] == said


def test_an_object_that_is_new_loses_nothing():
    made = Change(KINDS[2], "plant-a", "product-e", "plant.yaml", None, deployment())
    assert (losses([made], Snapshot(())), made.becomes) == ([], Becomes.CREATED)

"""What has become of a deployment, told from statuses."""

from andon.watch.family import Snapshot
from andon.watch.history import history
from support.documents import ONE, SINCE, TWO, obj, status_of

EVIDENCE = {"question": "paired", "rows": 312, "value": "1.8", "limit": "1.1", "scraped": SINCE}
COMMIT = "9c1e1f0a" * 5
BACK = {"from": TWO.model_dump(), "to": ONE.model_dump(), "verdict": "ModelRegression", "evidence": EVIDENCE, "summary": "Worse."}
ACTED = {"id": "d-1", "policy": "watch", **BACK, "decided": "2026-11-22T13:00:00Z", "state": "Done", "outcome": "committed"}
RETRAIN = {**ACTED, "id": "d-2", "action": "Retrain", "decided": "2026-11-22T14:00:00Z", "state": "Acting", "outcome": None}
ASKED = {"id": "d-3", "target": "product-e", "action": "Retrain", **BACK, "since": "2026-11-22T15:00:00Z", "to": None}
PUBLISHED = [{**ASKED, "id": "d-1", "action": "Rollback"}, ASKED, {**ASKED, "id": "d-4", "state": "Closed"}]


def served(revision, since, **more):
    return {**revision.model_dump(), "since": since, **more}


def family(**rejected):
    answered = [served(ONE, "2026-11-20T12:00:00Z"), served(TWO, SINCE, by="jane")]
    acted = [{**ACTED, "commit": COMMIT, "approvedBy": "ann"}]
    deployment = obj("ModelDeployment", status=status_of("ModelDeployment", history=answered, decisions=acted))
    pipeline = obj("TrainingPipeline", status=status_of("TrainingPipeline", decisions=[RETRAIN], **rejected))
    policy = obj("DriftPolicy", status=status_of("DriftPolicy", decisions=PUBLISHED))
    elsewhere = obj("DriftPolicy", "other", targetRef={"name": "another"}, status=policy["status"])
    return Snapshot((deployment, pipeline, policy, elsewhere)), deployment


def test_what_happened_stands_in_its_order_each_once():
    events = history(*family())
    assert [(e.details.get("version") or e.details["id"], e.state, e.by) for e in events] == [
        ("1", "", ""),
        ("2", "", "jane"),
        ("d-1", "Done: committed", "ann"),
        ("d-2", "Acting", "DriftPolicy watch"),
        ("d-3", "Open", ""),
        ("d-4", "Closed", ""),
    ]
    assert [e.commit for e in events if e.commit] == [COMMIT]
    assert events[2].what == "d-1 Rollback of version 2 to 1 for ModelRegression"


def test_a_no_is_told_with_who_said_it():
    events = history(*family(rejected=[{"decision": "d-3", "by": "jane", "since": SINCE}]))
    assert [(e.state, e.by) for e in events if e.details.get("id") == "d-3"] == [("Rejected", "jane")]


def test_programs_get_what_is_there_and_nothing_empty():
    acted = history(*family())[2].as_json()
    assert acted == {
        "at": "2026-11-22T13:00:00Z",
        "what": "d-1 Rollback of version 2 to 1 for ModelRegression",
        "state": "Done: committed",
        "by": "ann",
        "commit": COMMIT,
        "kind": "Decision",
        "policy": "watch",
        "id": "d-1",
        "action": "Rollback",
        "verdict": "ModelRegression",
        "from": TWO.model_dump(),
        "to": ONE.model_dump(),
        "outcome": "committed",
    }


def test_a_status_of_another_version_is_read_past():
    snapshot, _ = family()
    assert history(snapshot, obj("ModelDeployment", status={"history": "none"})) != []

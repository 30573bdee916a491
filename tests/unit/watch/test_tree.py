"""What hangs on what, as a person reads it and as a program does."""

import io
import json

import pytest
from rich.console import Console

from andon.api.slots import SLOTS_KEY, Ack, LoadError, SlotModel, Slots, config_hash
from andon.watch.drawing import drawn
from andon.watch.family import Snapshot, family
from andon.watch.tree import tree
from support.documents import JUDGED, ONE, SINCE, SPECS, TWO, obj, status_of

ORDERS = Slots(
    namespace="plant-a",
    deployment="product-e",
    stable=SlotModel(version="1", digest=ONE.digest, model="file:///m.onnx"),
    weight=20,
).text()
FAMILY = ("DataSource", "TrainingPipeline", "ModelDeployment", "DriftPolicy")
DECISION = {
    "id": "d-7f3a91c2de",
    "target": "product-e",
    "action": "Rollback",
    "authority": "Confirm",
    "verdict": "ModelRegression",
    "from": TWO.model_dump(),
    "to": ONE.model_dump(),
    "since": SINCE,
    "evidence": {"question": "loss", "rows": 120, "value": "1.8", "limit": "1.1", "scraped": SINCE},
    "summary": "It is worse.",
}


def ack(**changes):
    given = {"config_hash": config_hash(ORDERS), "stable": ONE, "candidate": TWO, "weight": 20, "since": SINCE}
    return Ack(**given | changes).model_dump_json(by_alias=True)


def snapshot(*, acks=None, pods=None, without=(), **statuses):
    """The family of four. pods: names of those that run, where that is known. statuses: other fields of a kind's status."""
    objects = [obj(kind, status=status_of(kind, **statuses.get(kind, {}))) for kind in FAMILY if kind not in without]
    servers = {"pod-0": ack()} if acks is None else acks
    return Snapshot(tuple(objects), {"product-e-slots": {SLOTS_KEY: ORDERS}, "product-e-acks": servers}, pods=pods)


def unasked(**status):
    """A deployment that scores nothing by itself."""
    spec = {key: value for key, value in SPECS["ModelDeployment"].items() if key != "inputs"}
    return Snapshot(({**obj("ModelDeployment", status=status_of("ModelDeployment", **status)), "spec": spec},))


def roots(seen):
    found = family(seen, "product-e")
    assert found is not None
    return tree(seen, found)


def told(seen, width=200):
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(drawn(roots(seen), seen.trouble))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_the_whole_family_in_one_picture():
    assert told(snapshot()) == [
        "● DataSource reactor  Connected, 1 tags of reactor-1",
        "└── ● TrainingPipeline product-e  Trained, trained version 2 (sha256:222222…) of product-e",
        "    └── ◐ ModelDeployment product-e  CandidateJudged, the spec names version 2",
        f"        {JUDGED}",
        "        ├── ● slot stable  version 1 (sha256:111111…) answers 80 %",
        "        ├── ◐ slot candidate  version 2 (sha256:222222…) answers 20 %, step 2 of 2: Weight 20%, 2/4 done",
        "        ├── ● server pod-0  stable 1, candidate 2",
        "        └── ● DriftPolicy product-e  Watching, Healthy of version 2",
        "            └── ✗ fault xmeas_7  Stuck since 22 Nov 12:00:00 UTC",
    ]


STALE = ack(config_hash="0" * 12)
BROKEN = ack(error=LoadError(digest=TWO.digest, reason="DigestMismatch", message="It has another content."))


@pytest.mark.parametrize(
    ("pods", "shown"),
    [
        pytest.param(frozenset({"pod-0"}), ["pod-0"], id="a server whose pod is gone is none"),
        pytest.param(None, ["pod-0", "pod-2"], id="who may not see pods sees whatever servers have said"),
    ],
)
def test_servers_are_those_that_run(pods, shown):
    seen = snapshot(acks={"pod-0": ack(weight=20), "pod-2": BROKEN}, pods=pods)
    assert [node.name for root in roots(seen) for node in root.all() if node.kind == "server"] == shown


@pytest.mark.parametrize(
    ("seen", "line"),
    [
        pytest.param(snapshot(acks={"pod-0": STALE}), "has not acted on the newest orders yet", id="a server that is behind"),
        pytest.param(snapshot(acks={"pod-0": BROKEN}), "✗ server pod-0  stable 1, candidate 2; DigestMismatch", id="cannot load"),
        pytest.param(snapshot(acks={"pod-0": BROKEN}), "It has another content.", id="and why"),
        pytest.param(snapshot(acks={"pod-0": "{"}), "○ server pod-0  its acknowledgement cannot be read", id="of another time"),
        pytest.param(snapshot(acks={"pod-0": ack(weight=0)}), "answers nobody, step 2 of 2", id="a candidate in shadow"),
        pytest.param(snapshot(acks={}), "slot stable  version 1 (sha256:111111…) answers", id="no server has spoken"),
        pytest.param(
            snapshot(ModelDeployment={"effective": None, "candidate": None}), "○ slot stable  nothing answers yet", id="first"
        ),
        pytest.param(
            snapshot(ModelDeployment={"reference": ONE.model_dump(), "effective": TWO.model_dump(), "candidate": None}),
            "slot reference  version 1 (sha256:111111…) scores in shadow",
            id="what was promoted over",
        ),
        pytest.param(
            unasked(reference=ONE.model_dump(), effective=TWO.model_dump(), candidate=None),
            "slot reference  version 1 (sha256:111111…) stays loaded, answers nobody",
            id="and where nothing is scored",
        ),
        pytest.param(
            snapshot(DriftPolicy={"decisions": [DECISION]}),
            "? decision d-7f3a91c2de  Rollback of version 2 to 1 for ModelRegression, waits for a person's approval",
            id="an open decision",
        ),
        pytest.param(
            snapshot(
                DriftPolicy={
                    "held": [
                        {
                            "action": "Retrain",
                            "verdict": "ConceptDrift",
                            "reason": "CoolingDown",
                            "message": "Wait.",
                            "since": SINCE,
                        }
                    ]
                }
            ),
            "held Retrain  for ConceptDrift is held back: CoolingDown",
            id="an action held back",
        ),
        pytest.param(
            snapshot(
                DataSource={
                    "quarantine": [
                        {"decision": "d-1", "policy": "product-e", "tags": ["xmeas_7"], "fault": "Stuck", "since": SINCE}
                    ]
                }
            ),
            "quarantine xmeas_7  Stuck, kept from training since 22 Nov 12:00:00 UTC (d-1)",
            id="a tag in quarantine",
        ),
        pytest.param(snapshot(without={"DataSource"}), "✗ DataSource reactor  is named, and not there", id="a missing source"),
        pytest.param(
            snapshot(DriftPolicy={"verdict": "SomethingNew"}), "its status.verdict cannot be read by this version", id="newer"
        ),
    ],
)
def test_a_line_of_it(seen, line):
    assert any(line in each for each in told(seen)), told(seen)


def test_a_decision_that_is_closed_is_no_news():
    closed = snapshot(DriftPolicy={"decisions": [{**DECISION, "state": "Closed"}]})
    assert not any("d-7f3a91c2de" in line for line in told(closed))


@pytest.mark.parametrize("missing", [set(), {"DataSource"}, {"TrainingPipeline"}, {"DataSource", "TrainingPipeline"}])
def test_each_object_stands_once(missing):
    nodes = [node for root in roots(snapshot(without=missing)) for node in root.all()]
    named = [(node.kind, node.name) for node in nodes if node.kind in FAMILY]
    assert len(named) == len(set(named)) == 4 - len(missing & {"TrainingPipeline"})


def test_what_is_wrong_with_the_view_is_beneath_it():
    seen = snapshot()
    assert told(Snapshot(seen.objects, seen.configmaps, trouble="This may be old."))[-1] == "This may be old."


@pytest.mark.parametrize("width", [40, 60, 120])
def test_a_narrow_terminal_loses_no_word(width):
    words = [word for line in told(snapshot()) for word in line.split() if word[0].isalnum()]
    narrow = " ".join(told(snapshot(), width))
    assert max(map(len, told(snapshot(), width))) <= width
    assert all(word in narrow for word in words)


def test_for_programs_everything_is_a_field():
    (source,) = json.loads(json.dumps([root.as_json() for root in roots(snapshot())]))
    deployment = source["children"][0]["children"][0]
    stable, candidate, server, policy = deployment["children"]
    assert (deployment["kind"], deployment["state"], deployment["ready"]) == ("ModelDeployment", "busy", "False")
    assert (stable["version"], stable["digest"], stable["weight"]) == ("1", ONE.digest, 80)
    assert (candidate["index"], candidate["steps"], candidate["progress"], candidate["weight"]) == (1, 2, "2/4", 20)
    assert (server["current"], server["stable"]["version"]) == (True, "1")
    assert (policy["verdict"], policy["children"][0]["name"]) == ("Healthy", "xmeas_7")


def test_a_decision_that_a_person_rejected_asks_nobody_any_more():
    no = [{"decision": DECISION["id"], "by": "jane", "since": SINCE}]
    seen = snapshot(DriftPolicy={"decisions": [DECISION]}, ModelDeployment={"rejected": no})
    (line,) = [line for line in told(seen) if DECISION["id"] in line and "Rollback" in line]
    assert "was rejected by jane" in line
    assert "waits for a person" not in line

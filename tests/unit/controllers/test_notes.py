"""What is worth telling when a status changes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from andon.api.conditions import Condition, ConditionStatus
from andon.api.decision import ActedDecision, ActedState, Action, Authority, Decision, Evidence, Verdict
from andon.api.deployment import Candidate, ModelDeploymentStatus, Served
from andon.api.types import Revision
from andon.controllers import notes
from andon.ports.events import Subject, event

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SUBJECT = Subject("ModelDeployment", "plant-a", "product-e", "uid-1")
OLD, NEW = (Revision(version=v, digest=f"sha256:{v * 64}") for v in "12")
EVIDENCE = Evidence(question="loss", rows=60, value="1.8", limit="1.1", scraped=NOW)


def ready(status: str, reason: str) -> Condition:
    return Condition(type="Ready", status=ConditionStatus(status), reason=reason, message="why", last_transition_time=NOW)


def going_on() -> Condition:
    return Condition(type="Reconciling", status=ConditionStatus.TRUE, reason="Loading", last_transition_time=NOW)


def decision(since: datetime = NOW, **more: Any) -> Decision:
    return Decision(
        id="d-1", target="product-e", action=Action.ROLLBACK, verdict=Verdict.MODEL_REGRESSION, from_=NEW, to=OLD, since=since,
        evidence=EVIDENCE, summary="Version 2 is worse.", **more,
    )  # fmt: skip


def acted(state: ActedState, outcome: str | None = None) -> ActedDecision:
    return ActedDecision(
        id="d-1", policy="watch", verdict=Verdict.MODEL_REGRESSION, from_=NEW, to=OLD, summary="Version 2 is worse.",
        evidence=EVIDENCE, decided=NOW, state=state, outcome=outcome,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param([], [ready("False", "NotFound")], ("NotFound", True), id="new, and something is missing"),
        pytest.param([ready("True", "Serving")], [ready("True", "Serving")], None, id="the same as before"),
        pytest.param([ready("True", "Serving")], [ready("False", "RolledBack")], ("RolledBack", True), id="no longer ready"),
        pytest.param([], [ready("False", "Loading"), going_on()], ("Loading", False), id="on its way: no reason to worry"),
        pytest.param([ready("False", "Loading")], [ready("True", "Serving")], ("Serving", False), id="all is well"),
        pytest.param([ready("False", "Loading")], [], None, id="nothing is said"),
    ],
)
def test_a_new_reason_is_told(before, after, told):
    note = notes.transition(SUBJECT, before, after, NOW)
    assert (None if note is None else (note.reason, note.warning)) == told


def test_each_state_of_what_is_acted_on_is_told_once_with_what_came_of_it():
    begun = notes.acted(SUBJECT, [], [acted(ActedState.ACTING)], NOW)
    ended = notes.acted(SUBJECT, [acted(ActedState.ACTING)], [acted(ActedState.REFUSED, "AliasUsed: no line")], NOW)
    assert [n.reason for n in (*begun, *ended)] == ["RollbackActing", "RollbackRefused"]
    assert ended[0].message == "d-1: AliasUsed: no line"
    assert notes.acted(SUBJECT, [acted(ActedState.DONE)], [acted(ActedState.DONE)], NOW) == []


def test_a_killed_operators_successor_tells_what_is_young_and_leaves_what_is_old():
    young, old = decision(NOW), decision(NOW - timedelta(hours=2))
    later = NOW + timedelta(minutes=5)
    assert notes.untold([young], [young], later) == [young]
    assert notes.untold([old], [old], later) == []
    assert notes.untold([], [old], later) == [old]


def test_the_same_rollback_decided_again_later_is_another_occasion():
    first, again = (notes.cloud_event(SUBJECT, decision(NOW + timedelta(seconds=s))) for s in (0, 60))
    assert first.id != again.id
    assert (first.type, first.subject, first.data["id"]) == ("dev.andon.decision.opened", "plant-a/product-e", "d-1")


def test_a_decision_says_on_whose_word_it_is_acted_on():
    asking = notes.decided(SUBJECT, decision(authority=Authority.CONFIRM))
    assert "waiting for a person's approval" in asking.message
    assert "andon explain d-1" in asking.message


def test_one_occasion_is_one_event_by_its_name_and_a_long_text_is_cut():
    note = notes.decided(SUBJECT, decision())
    first, again = event(note, "operator-1"), event(note, "operator-2")
    other = event(notes.decided(SUBJECT, decision(NOW + timedelta(seconds=1))), "operator-1")
    assert first["metadata"] == again["metadata"] != other["metadata"]
    assert first["regarding"]["uid"] == "uid-1"
    long = notes.acted(SUBJECT, [], [acted(ActedState.DONE, "ü" * 1000)], NOW)[0]
    assert len(event(long, "operator-1")["note"].encode()) <= 1024


def on_its_way(step: str = "Shadow", index: int = 0, *, served: str = "1", by: str | None = None) -> ModelDeploymentStatus:
    candidate = Candidate(version="2", digest=NEW.digest, step=step, index=index, since=NOW)
    effective = {"1": OLD, "2": NEW}[served]
    history = [Served(version=effective.version, digest=effective.digest, since=NOW, by=by)]
    return ModelDeploymentStatus(effective=effective, candidate=candidate, history=history)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param(on_its_way(), on_its_way(), [], id="the same step"),
        pytest.param(ModelDeploymentStatus(effective=OLD), on_its_way(), ["Version 2: Shadow."], id="it begins"),
        pytest.param(on_its_way(), on_its_way("Weight 20%", 1), ["Version 2: Weight 20%."], id="the next step"),
        pytest.param(
            on_its_way("Promoting", 1),
            on_its_way("Promoting", 1, served="2", by="jane"),
            ["Version 2 answers, by the word of jane."],
            id="it serves",
        ),
    ],
)
def test_steps_are_told_once(before, after, told):
    assert [note.message for note in notes.stepped(SUBJECT, before, after, NOW)] == told


def test_a_step_has_one_occasion_whoever_tells_of_it():
    first, again = (
        notes.stepped(SUBJECT, ModelDeploymentStatus(effective=OLD), on_its_way(), at) for at in (NOW, NOW + timedelta(1))
    )
    assert first[0].occasion == again[0].occasion

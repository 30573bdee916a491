"""What the evidence says of a model and of its data, and which decisions follow."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.api.decision import ActedState, Action, DecisionState, Verdict
from andon.api.evidence import EvidenceSeries
from andon.api.missing import Missing
from andon.api.policy import DriftPolicySpec, DriftPolicyStatus
from andon.api.types import short
from andon.core.deployment.decisions import copied
from andon.core.drift.facts import Facts, Target
from andon.core.drift.levels import PAIRED_CONVICT as CONVICT
from andon.core.drift.plan import decide

from .deployments import digest, revision, serving

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SPEC = DriftPolicySpec.model_validate({"targetRef": {"name": "soft-sensor"}, "interval": "10s", "evidence": {"minRows": 60}})
AWAY = Missing("Unreachable", "Prometheus cannot be reached.")


def series(
    question: str, subject: str, of: str, *, log_e: float, rows: int = 100, scraped: datetime = NOW, **more: Any
) -> EvidenceSeries:
    return EvidenceSeries(
        namespace="plant-a",
        deployment="soft-sensor",
        revision=short(digest(of)),
        profile="abcdef01",
        question=question,
        subject=subject,
        log_e=log_e,
        rows=rows,
        block=rows // 20,
        epoch=1,
        value=1.8,
        first_bad=more.pop("first_bad", None),
        last_row=NOW,
        scraped=scraped,
        **more,
    )


def watching(*seen: EvidenceSeries, candidate: str | None = None, **more: Any) -> Facts:
    """A policy that sees these series of a deployment that serves version 1 on sound data."""
    deployment = serving("1", candidate=candidate)
    sound = (
        series("stuck", "xmeas_7", "1", log_e=-2),
        series("missing", "xmeas_7", "1", log_e=-2),
        series("stuck", "xmeas_8", "1", log_e=-2),
    )
    mine = {(s.question, s.subject) for s in seen}
    facts = Facts(
        namespace="plant-a",
        name="watch",
        generation=1,
        spec=SPEC,
        status=DriftPolicyStatus(),
        target=Target(deployment.spec, deployment.status),
        series=(*seen, *(s for s in sound if (s.question, s.subject) not in mine)),
    )
    return replace(facts, **more)


def judged(worse: float, equal: float, rows: int = 100) -> Facts:
    """Version 2 is judged beside version 1, with these log e-values."""
    return watching(
        series("paired", "candidate", "2", log_e=worse, rows=rows),
        series("paired-equal", "candidate", "2", log_e=equal, rows=rows),
        candidate="2",
    )


def stuck(log_e: float = CONVICT + 1, tag: str = "xmeas_7") -> EvidenceSeries:
    return series("stuck", tag, "1", log_e=log_e, first_bad=NOW - timedelta(seconds=30))


@pytest.mark.parametrize(
    ("facts", "verdict", "about"),
    [
        pytest.param(watching(), Verdict.HEALTHY, "1", id="enough rows, nothing wrong"),
        pytest.param(
            watching(
                *(series(q, "xmeas_7", "1", log_e=-2, rows=59) for q in ("stuck", "missing")),
                series("stuck", "xmeas_8", "1", log_e=0, rows=59),
            ),
            Verdict.NO_EVIDENCE,
            "1",
            id="one row short",
        ),
        pytest.param(judged(CONVICT + 0.1, -5), Verdict.MODEL_REGRESSION, "2", id="the same rows convict the candidate"),
        pytest.param(judged(CONVICT + 9, -5, rows=59), Verdict.NO_EVIDENCE, "2", id="convincing, but too few rows"),
        pytest.param(judged(CONVICT - 0.1, -5), Verdict.NO_EVIDENCE, "2", id="not convincing enough"),
        pytest.param(judged(-5, 3.1), Verdict.HEALTHY, "2", id="the same rows clear the candidate"),
        pytest.param(judged(-5, 2.9), Verdict.NO_EVIDENCE, "2", id="neither for nor against"),
        pytest.param(watching(candidate="2"), Verdict.NO_EVIDENCE, "2", id="a candidate nobody has seen yet"),
        pytest.param(
            watching(series=AWAY, blind_since=NOW - timedelta(seconds=30)),
            Verdict.UNKNOWN,
            None,
            id="Prometheus away for three intervals",
        ),
        pytest.param(
            watching(series=(), blind_since=NOW - timedelta(seconds=31)),
            Verdict.UNKNOWN,
            None,
            id="no series for three intervals",
        ),
    ],
)
def test_verdict(facts, verdict, about):
    status = decide(facts, NOW)
    assert (status.verdict, status.judged.version if status.judged else None) == (verdict, about)


def test_an_outage_says_nothing_for_three_intervals_and_then_changes_no_decision():
    before = decide(judged(CONVICT + 1, -5), NOW)
    short_outage = replace(judged(0, 0), status=before, series=AWAY, blind_since=NOW - timedelta(seconds=29))
    assert decide(short_outage, NOW) == before
    long_outage = replace(short_outage, blind_since=NOW - timedelta(seconds=31))
    after = decide(long_outage, NOW)
    ready = next(c for c in after.conditions if c.type == "Ready")
    assert (ready.status.value, ready.reason) == ("Unknown", "Unreachable")
    assert after.decisions == before.decisions


def test_old_samples_are_no_evidence():
    old = series("paired", "candidate", "2", log_e=99, scraped=NOW - timedelta(seconds=31))
    facts = replace(watching(candidate="2"), series=(old,), blind_since=NOW - timedelta(seconds=60))
    status = decide(facts, NOW)
    assert (status.verdict, status.decisions) == (Verdict.UNKNOWN, [])


def test_an_unusable_number_is_not_an_answer():
    broken = series("paired", "candidate", "2", log_e=float("nan"), missing=Missing("NotANumber", "log_e is NaN"))
    status = decide(replace(watching(candidate="2"), series=(broken,), blind_since=NOW - timedelta(minutes=1)), NOW)
    assert (status.verdict, status.conditions[0].reason) == (Verdict.UNKNOWN, "NotANumber")


def test_a_regression_is_decided_once_with_frozen_evidence():
    facts = judged(CONVICT + 1, -5)
    first = decide(facts, NOW)
    later = decide(replace(facts, status=first), NOW + timedelta(seconds=10))
    assert later.decisions == first.decisions
    (decision,) = first.decisions
    assert (decision.action, decision.from_, decision.to, decision.state) == (
        Action.ROLLBACK,
        revision("2"),
        revision("1"),
        DecisionState.OPEN,
    )


def test_a_rollback_closes_when_its_actor_is_done_and_not_while_it_acts():
    facts = judged(CONVICT + 1, -5)
    first = decide(facts, NOW)
    acted = copied(first.decisions[0], "watch")

    def with_actor(state: ActedState) -> Facts:
        status = serving("1").status.model_copy(update={"decisions": [acted.model_copy(update={"state": state})]})
        return replace(watching(), status=first, target=Target(facts.target.spec, status))

    assert decide(with_actor(ActedState.ACTING), NOW).decisions[0].state is DecisionState.OPEN
    assert decide(with_actor(ActedState.DONE), NOW).decisions[0].state is DecisionState.CLOSED


def test_a_decision_nobody_took_up_closes_when_the_revision_is_gone():
    first = decide(judged(CONVICT + 1, -5), NOW)
    assert decide(replace(watching(), status=first), NOW).decisions[0].state is DecisionState.CLOSED


def test_a_stuck_tag_is_named_with_its_beginning_and_quarantined_until_it_recovers():
    first = decide(watching(stuck()), NOW)
    (fault,), (decision,) = first.data_faults, first.decisions
    assert (fault.tag, fault.fault, fault.since) == ("xmeas_7", "Stuck", NOW - timedelta(seconds=30))
    assert (decision.action, decision.subjects, decision.evidence.first_bad_row) == (Action.QUARANTINE, ["xmeas_7"], fault.since)
    fading = decide(replace(watching(stuck(0.1)), status=first), NOW)
    assert (fading.data_faults, fading.decisions[0].state) == ([fault], DecisionState.OPEN)
    gone = decide(replace(watching(stuck(-0.1)), status=fading), NOW)
    assert (gone.data_faults, gone.decisions[0].state) == ([], DecisionState.CLOSED)


def test_a_tag_that_fails_again_is_a_new_decision():
    first = decide(watching(stuck()), NOW)
    gone = decide(replace(watching(stuck(-1)), status=first), NOW)
    again = decide(replace(watching(stuck()), status=gone), NOW + timedelta(seconds=10))
    assert [d.state for d in again.decisions] == [DecisionState.CLOSED, DecisionState.OPEN]
    assert len({d.id for d in again.decisions}) == 2


def test_a_data_fault_never_hides_a_bad_candidate_nor_the_other_way_round():
    facts = judged(CONVICT + 1, -5)
    both = decide(replace(facts, series=(stuck(), *(s for s in facts.seen if s.question != "stuck"))), NOW)
    assert both.verdict is Verdict.MODEL_REGRESSION
    assert {d.action for d in both.decisions} == {Action.ROLLBACK, Action.QUARANTINE}


def test_a_silent_source_is_not_taken_for_faulty_sensors():
    tags = [f"xmeas_{n}" for n in range(1, 9)]
    missing = [series("missing", tag, "1", log_e=CONVICT + 5) for tag in tags]
    status = decide(watching(*missing), NOW)
    assert (status.data_faults, status.decisions) == ([], [])
    assert status.conditions[0].reason == "SourceSilent"


def test_silence_does_not_clear_a_tag_that_was_at_fault():
    before = decide(watching(stuck()), NOW)
    missing = [series("missing", f"xmeas_{n}", "1", log_e=CONVICT + 5) for n in range(1, 9)]
    silent = decide(replace(watching(*missing), status=before), NOW + timedelta(seconds=10))
    assert (silent.data_faults, silent.decisions) == (before.data_faults, before.decisions)
    assert (silent.verdict, silent.conditions[0].reason) == (Verdict.UNKNOWN, "SourceSilent")


def test_a_second_faulty_tag_is_named_too():
    first = decide(watching(stuck()), NOW)
    both = decide(replace(watching(stuck(), stuck(tag="xmeas_8")), status=first), NOW + timedelta(seconds=10))
    assert "xmeas_8 (Stuck)" in next(c.message for c in both.conditions if c.type == "DataFault")


@pytest.mark.parametrize(
    ("more", "ready", "stalled"),
    [
        pytest.param({"rival": "older"}, "TargetTaken", True, id="two policies: the oldest wins"),
        pytest.param({"target": None}, "TargetNotFound", False, id="no such deployment (yet)"),
        pytest.param({"spec": SPEC.model_copy(update={"suspend": True})}, "Suspended", False, id="a person said no"),
    ],
)
def test_a_policy_that_does_not_watch_decides_nothing(more, ready, stalled):
    status = decide(replace(judged(CONVICT + 1, -5), **more), NOW)
    reasons = {c.type: c.reason for c in status.conditions}
    assert (reasons["Ready"], "Stalled" in reasons, status.decisions) == (ready, stalled, [])


@given(st.floats(-50, 50), st.floats(-50, 50), st.integers(0, 500), st.lists(st.floats(-50, 50), max_size=3))
def test_deciding_comes_to_rest_at_once_and_keeps_its_bounds(worse, equal, rows, faults):
    seen = judged(worse, equal, rows)
    facts = replace(seen, series=(*seen.seen, *(stuck(e, f"tag_{n}") for n, e in enumerate(faults))))
    first = decide(facts, NOW)
    assert decide(replace(facts, status=first), NOW + timedelta(seconds=10)) == first
    open_rollbacks = [d for d in first.decisions if d.action is Action.ROLLBACK]
    assert len(open_rollbacks) <= 1
    assert len(first.decisions) <= 10
    if rows < 60:
        assert not open_rollbacks

"""The status of a policy: what is said of the model and of the data, and what becomes of it when nothing can be seen."""

from dataclasses import replace
from datetime import timedelta
from math import nan

import pytest

from andon.api.decision import Action, DecisionState, Verdict
from andon.api.missing import Missing
from andon.core.drift.plan import decide

from .policies import BAD, GOOD, MOVED, NOW, TAGS, asked_for, judging, policy, reasons, says, sees, tag

SOON = NOW + timedelta(seconds=10)
AWAY = Missing("Unreachable", "Prometheus cannot be reached.")


def blind(facts, seconds, missing=AWAY):
    """Nothing has been seen for so long."""
    return replace(facts, series=missing, blind_since=NOW - timedelta(seconds=seconds))


@pytest.mark.parametrize("missing", [AWAY, ()], ids=["Prometheus is away", "nobody exports anything"])
def test_an_outage_says_nothing_for_three_intervals_and_then_changes_no_decision(missing):
    before = decide(judging(BAD, tag("xmeas_7", "stuck")), NOW)
    seen = judging(BAD, status=before)
    assert decide(blind(seen, 29, missing), NOW) == before
    after = decide(blind(seen, 31, missing), NOW)
    ready = next(c for c in after.conditions if c.type == "Ready")
    assert (ready.status, ready.reason) == ("Unknown", "Unreachable" if missing else "NoSeries")
    assert (after.verdict, after.stable_verdict, after.judged) == (Verdict.UNKNOWN, Verdict.UNKNOWN, None)
    assert (after.decisions, after.data_faults) == (before.decisions, before.data_faults)


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        pytest.param(replace(BAD, scraped=NOW - timedelta(seconds=31)), "Stale", id="old samples"),
        pytest.param(replace(BAD, log_e=nan, missing=Missing("NotANumber", "log_e is NaN")), "NotANumber", id="not a number"),
    ],
)
def test_what_cannot_be_used_is_no_evidence(series, reason):
    status = decide(judging(series=(series,), blind_since=NOW - timedelta(minutes=1)), NOW)
    assert (status.verdict, reasons(status.conditions)["Ready"], status.decisions) == (Verdict.UNKNOWN, reason, [])


@pytest.mark.parametrize(
    ("more", "ready", "stalled"),
    [
        pytest.param({"rival": "older"}, "TargetTaken", True, id="two policies: the oldest wins"),
        pytest.param({"target": None}, "TargetNotFound", False, id="no such deployment (yet)"),
        pytest.param({"spec": policy(suspend=True)}, "Suspended", False, id="a person said no"),
    ],
)
def test_a_policy_that_does_not_watch_decides_nothing(more, ready, stalled):
    status = decide(judging(BAD, **more), NOW)
    assert (reasons(status.conditions)["Ready"], "Stalled" in reasons(status.conditions)) == (ready, stalled)
    assert status.decisions == []


def test_a_fault_is_named_with_its_beginning_and_stays_until_nothing_speaks_for_it():
    first = decide(sees(tag("xmeas_7", "stuck")), NOW)
    (fault,), (decision,) = first.data_faults, first.decisions
    assert (fault.tag, fault.fault, fault.since) == ("xmeas_7", "Stuck", NOW - timedelta(seconds=120))
    assert (decision.action, decision.subjects, decision.evidence.first_bad_row) == (Action.QUARANTINE, ["xmeas_7"], fault.since)
    fading = decide(sees(tag("xmeas_7", "stuck", 0.1), status=first), SOON)
    assert (fading.data_faults, fading.decisions[0].state) == ([fault], DecisionState.OPEN)
    gone = decide(sees(status=fading), SOON)
    assert (gone.data_faults, gone.decisions[0].state) == ([], DecisionState.CLOSED)


def test_a_tag_that_fails_again_is_a_new_decision():
    gone = decide(sees(status=decide(sees(tag("xmeas_7", "stuck")), NOW)), NOW)
    again = decide(sees(tag("xmeas_7", "stuck"), status=gone), SOON)
    assert [d.state for d in again.decisions] == [DecisionState.CLOSED, DecisionState.OPEN]
    assert len({d.id for d in again.decisions}) == 2


def test_a_second_faulty_tag_is_named_too():
    first = decide(sees(tag("xmeas_7", "stuck")), NOW)
    both = decide(sees(tag("xmeas_7", "stuck"), tag("xmeas_8", "stuck"), status=first), SOON)
    assert "xmeas_8 (Stuck)" in next(c.message for c in both.conditions if c.type == "DataFault")


def test_a_data_fault_never_hides_a_bad_candidate_nor_the_other_way_round():
    both = decide(judging(BAD, tag("xmeas_7", "stuck")), NOW)
    assert set(asked_for(both)) == {Action.ROLLBACK, Action.QUARANTINE}
    assert both.verdict is Verdict.MODEL_REGRESSION


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        pytest.param(sees(), {"StableHealthy": "Healthy"}, id="all is well"),
        pytest.param(sees(MOVED), {"StableHealthy": "BenignShift"}, id="the plant has moved"),
        pytest.param(
            judging(GOOD, MOVED), {"StableHealthy": "BenignShift", "CandidateHealthy": "Healthy"}, id="and the candidate is good"
        ),
        pytest.param(
            sees(says("regime", 0, subject="Settling", value=1.0)), {"StableHealthy": "Settling"}, id="nothing can be said"
        ),
    ],
)
def test_each_end_has_a_condition_with_its_reason(facts, said):
    found = reasons(decide(facts, NOW).conditions)
    assert {name: reason for name, reason in found.items() if name.endswith("Healthy")} == said


def test_numbers_that_move_are_no_news():
    first = decide(judging(BAD, MOVED), NOW)
    moved = judging(replace(BAD, value=2.9, rows=900), replace(MOVED, value=7.7), status=first)
    assert decide(moved, SOON) == first


def test_rows_that_most_tags_left_judge_nobody():
    status = decide(judging(BAD, *(tag(name, "missing") for name in TAGS)), NOW)
    assert (status.verdict, status.decisions, status.data_faults) == (Verdict.UNKNOWN, [], [])

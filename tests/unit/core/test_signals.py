"""A signal of the user's own fires and clears at levels of its own, after enough samples of different times."""

from datetime import timedelta

import pytest

from andon.api.evidence import Reading
from andon.api.missing import Missing
from andon.api.policy import DriftPolicyStatus, SignalState, SignalStatus
from andon.api.signals import SAMPLES_KEPT
from andon.core.drift.facts import Heard
from andon.core.drift.signals import heard, states

from .policies import NOW, policy, sees

AWAY = Missing("Timeout", "Prometheus did not answer in 2 s.")
BEFORE = NOW - timedelta(hours=1)


def ago(seconds, value=0.0):
    return Reading(value, NOW - timedelta(seconds=seconds))


def state(values, *, was=None, fire="0.05", clear="0.03", reason=None):
    signal = {"name": "scrap", "query": "scrap", "fire": fire, "clear": clear}
    known = [SignalStatus(name="scrap", state=was, reason=reason, since=BEFORE)] if was else []
    readings = tuple(ago(len(values) - n, value) for n, value in enumerate(values))
    facts = sees(
        spec=policy(signals=[{"promql": signal}]),
        signals={"scrap": Heard(readings, None if readings else AWAY)},
        status=DriftPolicyStatus(signals=known),
    )
    (found,) = states(facts, NOW)
    return found


@pytest.mark.parametrize(
    ("values", "was", "now"),
    [
        ([0.05, 0.05], None, SignalState.QUIET),
        ([0.05, 0.05, 0.05], None, SignalState.FIRING),
        ([0.05, 0.05, 0.0, 0.0, 0.0, 0.05], None, SignalState.QUIET),
        ([0.04, 0.04, 0.04, 0.04, 0.04], SignalState.FIRING, SignalState.FIRING),
        ([0.04, 0.04, 0.04, 0.04, 0.04], SignalState.QUIET, SignalState.QUIET),
        ([0.04, 0.03, 0.04, 0.03, 0.03], SignalState.FIRING, SignalState.QUIET),
        ([0.03, 0.03], SignalState.FIRING, SignalState.FIRING),
        ([], SignalState.FIRING, SignalState.MISSING),
    ],
)
def test_levels_and_samples(values, was, now):
    assert state(values, was=was).state is now


@pytest.mark.parametrize(("values", "now"), [([0.8] * 3, SignalState.FIRING), ([0.95] * 3, SignalState.QUIET)])
def test_low_may_be_bad_too(values, now):
    assert state(values, fire="0.8", clear="0.9").state is now


def test_since_is_when_it_became_so():
    assert state([0.05] * 3, was=SignalState.FIRING).since == BEFORE
    assert state([0.05] * 3, was=SignalState.QUIET).since == NOW
    assert state([], was=SignalState.MISSING, reason="Timeout").since == BEFORE
    assert state([], was=SignalState.MISSING, reason="NoSeries").since == NOW


def test_a_sample_of_the_same_time_is_not_a_new_one():
    once = heard(Heard(), ago(5, 0.1))
    assert heard(once, ago(5, 0.1)) == heard(once, ago(9, 0.3)) == once
    assert heard(once, ago(4, 0.2)).readings == (ago(5, 0.1), ago(4, 0.2))


def test_what_is_missing_forgets_nothing_and_is_forgotten_when_it_is_back():
    away = heard(heard(Heard(), ago(5)), AWAY)
    assert (away.readings, away.missing) == ((ago(5),), AWAY)
    assert heard(away, ago(1)).missing is None


def test_no_more_is_kept_than_may_be_looked_back_on():
    kept = Heard()
    for second in range(100, 0, -1):
        kept = heard(kept, ago(second))
    assert kept.readings == tuple(ago(second) for second in range(SAMPLES_KEPT, 0, -1))

"""A deployment is played as its controllers would have it: what was done counts, in the rows' own time."""

from datetime import UTC, datetime, timedelta

import pytest

from andon.api.decision import Action
from andon.api.evidence import LOSS, LOSS_EQUAL
from andon.api.policy import DriftPolicySpec
from andon.replay.journal import Moment
from andon.replay.policyfile import Policy
from andon.replay.scene import Scene
from andon.stats.blocks import Evidence

NOW = datetime(2026, 3, 1, tzinfo=UTC)
STABLE, BAD, WORSE = (f"sha256:{digit * 64}" for digit in "123")


def scene(**spec):
    policy = Policy("default", "tried", DriftPolicySpec.model_validate({"targetRef": {"name": "played"}} | spec))
    return Scene(policy, STABLE, STABLE, "1m")


def convicting(now):
    """Labels say that the candidate is twice as far off."""
    at = now.timestamp()
    common = (500, 25, at - 3600, 2.0, at)
    tag = Evidence("missing", "a", -1.0, 500, 25, at - 3600, 0.0, at)
    return [Evidence(LOSS, "candidate", 50.0, *common, at - 60), Evidence(LOSS_EQUAL, "candidate", -9.0, *common), tag]


def evaluated(played, now):
    """The entries of one evaluation, as verdict, action, taken and refusal."""
    before, candidate, evidence = played.status, played.candidate, convicting(now)
    if candidate is None:
        evidence = evidence[2:]
    entries = Moment(now, before, played.decide(evidence, now), evidence, candidate).entries(played.act)
    return [(e.action, e.taken, e.refused) for e in entries if e.action]


def test_a_rolled_back_candidate_is_gone():
    played = scene()
    played.judge(BAD)
    assert evaluated(played, NOW) == [(Action.ROLLBACK, True, None)]
    assert played.candidate is None
    assert evaluated(played, NOW + timedelta(hours=1)) == []


def test_one_that_waits_for_approval_stays_and_is_asked_for_once():
    played = scene(authority={"Rollback": "Confirm"})
    played.judge(BAD)
    assert evaluated(played, NOW) == [(Action.ROLLBACK, False, None)]
    assert played.candidate is not None
    assert evaluated(played, NOW + timedelta(hours=1)) == []


def test_an_alert_needs_nobodys_word():
    played = scene(actions={"ModelRegression": "Alert"})
    played.judge(BAD)
    assert evaluated(played, NOW) == [(Action.ALERT, True, None)]
    assert played.candidate is not None


@pytest.mark.parametrize(
    ("spec", "later", "outcome"),
    [
        pytest.param({"cooldown": "30m"}, timedelta(minutes=29), (Action.ROLLBACK, False, "CoolingDown"), id="too soon"),
        pytest.param({"cooldown": "30m"}, timedelta(minutes=31), (Action.ROLLBACK, True, None), id="after the cool-down"),
        pytest.param(
            {"cooldown": "1m", "budget": {"rollbacks": {"max": 1, "per": "1d"}}},
            timedelta(hours=23),
            (Action.ROLLBACK, False, "BudgetSpent"),
            id="too often",
        ),
        pytest.param(
            {"cooldown": "1m", "budget": {"rollbacks": {"max": 1, "per": "1d"}}},
            timedelta(hours=25),
            (Action.ROLLBACK, True, None),
            id="another day",
        ),
    ],
)
def test_what_was_done_counts_in_row_time(spec, later, outcome):
    played = scene(**spec)
    played.judge(BAD)
    evaluated(played, NOW)
    played.judge(WORSE)
    assert evaluated(played, NOW + later) == [outcome]

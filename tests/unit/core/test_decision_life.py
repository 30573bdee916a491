"""A decision is frozen when first made, open until settled or cleared, and survives what happens to its policy meanwhile."""

from dataclasses import replace
from datetime import timedelta

import pytest

from andon.api.decision import ActedDecision, ActedState, Action, Authority, Decision, DecisionState, Verdict
from andon.api.evidence import TAG_FAULTS
from andon.api.missing import Missing
from andon.api.policy import DriftPolicyStatus
from andon.core.deployment.decisions import copied
from andon.core.drift.facts import Heard
from andon.core.drift.plan import decide

from .deployments import revision, serving, spec
from .policies import BAD, ERRS, GOOD, MOVED, NOW, ROWS, asked_for, done, judging, policy, refused, sees, tag, without

SOON = NOW + timedelta(seconds=10)
AWAY = Missing("Timeout", "Prometheus did not answer in 2 s.")
EMPTY = Missing("NoSeries", "Prometheus has no evidence of it.")
OLD = Missing("Stale", "The evidence is old.")
HARM = (MOVED, ERRS)
UNTAUGHT = (MOVED, replace(MOVED, question="off-support", value=0.4))


def made(facts) -> Decision:
    """The one decision that follows."""
    (decision,) = decide(facts, NOW).decisions
    return decision


def after(facts, *before: Decision) -> DriftPolicyStatus:
    """What the policy says a moment later, with these decisions published."""
    return decide(replace(facts, status=DriftPolicyStatus(decisions=list(before))), SOON)


def copy(decision: Decision, state: ActedState) -> ActedDecision:
    """The actor's own copy."""
    return copied(decision, "watch").model_copy(update={"state": state}) if decision.to else _trained(decision, state)


def _trained(decision: Decision, state: ActedState) -> ActedDecision:
    shared = {name: getattr(decision, name) for name in ("id", "action", "verdict", "from_", "summary", "evidence")}
    return ActedDecision(**shared, policy="watch", decided=decision.since, state=state)


@pytest.mark.parametrize(
    ("later", "state"),
    [
        pytest.param(judging(BAD), DecisionState.OPEN, id="nobody has taken it up yet"),
        pytest.param(judging(GOOD), DecisionState.OPEN, id="a rollback that may act stands, whatever comes"),
        pytest.param(sees(), DecisionState.CLOSED, id="its candidate is gone"),
        pytest.param(replace(judging(BAD), spec=policy(actions={"ModelRegression": "Hold"})), DecisionState.OPEN, id="edited"),
        pytest.param(replace(judging(BAD), spec=policy(dryRun=True)), DecisionState.CLOSED, id="put on trial"),
        pytest.param(replace(judging(BAD), spec=policy(suspend=True)), DecisionState.OPEN, id="suspended"),
        pytest.param(replace(judging(BAD), rival="older"), DecisionState.OPEN, id="two policies: it decides nothing more"),
        pytest.param(replace(judging(BAD), series=AWAY, blind_since=NOW), DecisionState.OPEN, id="nothing can be seen"),
    ],
)
def test_a_rollback_nobody_has_taken_up(later, state):
    decision = made(judging(BAD))
    (known,) = after(later, decision).decisions
    assert known.state is state
    assert known.model_copy(update={"state": decision.state, "closed": None}) == decision


@pytest.mark.parametrize(
    ("acted", "state"),
    [
        (ActedState.ACTING, DecisionState.OPEN),
        (ActedState.DONE, DecisionState.CLOSED),
        (ActedState.REFUSED, DecisionState.CLOSED),
        (ActedState.EXPIRED, DecisionState.CLOSED),
    ],
)
@pytest.mark.parametrize("facts", [judging(BAD), sees(ERRS)], ids=["a rollback", "a training"])
def test_it_closes_when_its_actor_is_through_and_not_before(facts, acted, state):
    decision = made(facts)
    later = done(sees(), copy(decision, acted))
    assert next(d for d in after(later, decision).decisions if d.id == decision.id).state is state


def test_a_rollback_that_is_being_done_outlives_every_edit_of_its_policy():
    decision = made(judging(BAD))
    acting = done(judging(GOOD), copy(decision, ActedState.ACTING))
    for spec_ in (policy(dryRun=True), policy(authority={"Rollback": "Advise"}), policy(cooldown="7d")):
        assert after(replace(acting, spec=spec_), decision).decisions == [decision]


@pytest.mark.parametrize(
    ("later", "open_"),
    [
        pytest.param(sees(ERRS), [Action.RETRAIN], id="the verdict stands"),
        pytest.param(sees(*HARM), [Action.RETRAIN], id="another verdict asks for the same"),
        pytest.param(sees(MOVED), [Action.PROPOSE], id="another verdict asks for something else"),
        pytest.param(sees(), [], id="the verdict has cleared"),
        pytest.param(sees(ERRS, tag("xmeas_7", "stuck")), [Action.RETRAIN, Action.QUARANTINE], id="nothing can be said now"),
        pytest.param(
            replace(sees(ERRS), target=replace(sees().target, status=serving("3").status, spec=spec("3", inputs=ROWS))),
            [],
            id="another revision serves",
        ),
    ],
)
def test_a_training_that_waits_for_approval(later, open_):
    decision = made(sees(ERRS))
    status = after(later, decision)
    assert asked_for(status) == open_
    if Action.RETRAIN in open_:
        assert status.decisions[0] == decision, "whoever approves it finds it under its name"


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(sees(ERRS, pipelines=()), id="a proposal"),
        pytest.param(replace(sees(ERRS), spec=policy(actions={"ConceptDrift": "Alert"})), id="an alert"),
    ],
)
def test_what_only_asks_or_says_closes_with_its_verdict(facts):
    decision = made(facts)
    assert after(facts, decision).decisions == [decision]
    assert asked_for(after(sees(), decision)) == []


def test_what_was_only_proposed_and_may_be_done_now_is_proposed_no_longer():
    proposal = made(sees(*HARM, pipelines=()))
    assert proposal.action is Action.PROPOSE
    assert asked_for(after(sees(*HARM), proposal)) == [Action.RETRAIN]


def test_the_same_asked_again_is_another_decision():
    first = made(sees(ERRS))
    closed = after(sees(), first)
    again = decide(replace(sees(ERRS), status=closed), SOON + timedelta(seconds=10))
    assert [d.state for d in again.decisions] == [DecisionState.CLOSED, DecisionState.OPEN]
    assert len({d.id for d in again.decisions}) == 2


def test_the_same_rollback_is_the_same_decision_whoever_finds_it_and_when():
    first = made(judging(BAD))
    assert decide(replace(judging(BAD), name="recreated"), SOON).decisions[0].id == first.id


@pytest.mark.parametrize(
    ("facts", "asked"),
    [
        pytest.param(judging(BAD), [Action.ROLLBACK], id="a rollback: the same decision again"),
        pytest.param(sees(ERRS), [], id="a training: no second one"),
    ],
)
def test_a_policy_made_anew_while_its_actor_acts(facts, asked):
    decision = made(facts)
    anew = decide(done(facts, copy(decision, ActedState.ACTING)), SOON)
    assert (asked_for(anew), refused(anew)) == (asked, [])
    assert all(d.id == decision.id for d in anew.decisions)


def test_a_policy_made_anew_has_no_fresh_budget():
    trained = copy(made(sees(ERRS)), ActedState.DONE)
    anew = decide(done(sees(ERRS), trained), SOON)
    assert (asked_for(anew), refused(anew)) == ([], ["CoolingDown"])


def test_authority_and_words_are_those_of_the_moment():
    asks = made(replace(judging(BAD), spec=policy(authority={"Rollback": "Confirm"})))
    assert (asks.authority, "should be rolled back" in asks.summary) == (Authority.CONFIRM, True)
    (later,) = after(judging(BAD), asks).decisions
    assert later.authority is Authority.CONFIRM
    assert made(judging(BAD)).authority is Authority.ACT
    assert made(sees(ERRS)).authority is Authority.CONFIRM


def test_a_rollback_that_waits_for_approval_closes_when_the_candidate_is_cleared():
    asks = made(replace(judging(BAD), spec=policy(authority={"Rollback": "Confirm"})))
    assert asked_for(after(judging(GOOD), asks)) == []


@pytest.mark.parametrize(
    ("field", "missing"), [("onProviderError", AWAY), ("onNoData", EMPTY), ("onStale", OLD)], ids=lambda v: str(v)[:15]
)
def test_what_is_done_while_nothing_can_be_seen(field, missing):
    def blind(response, facts, since):
        asked = facts if response is None else replace(facts, spec=policy(**{field: response}))
        return decide(replace(asked, series=missing, blind_since=NOW - timedelta(seconds=since)), NOW)

    assert asked_for(blind(None, judging(BAD), 60)) == [], "Hold is the default"
    assert asked_for(blind("Alert", sees(), 29)) == [], "not before three intervals"
    (alert,) = blind("Alert", sees(), 31).decisions
    assert (alert.action, alert.verdict, alert.evidence.value) == (Action.ALERT, Verdict.UNKNOWN, missing.reason)
    assert asked_for(after(sees(), alert)) == [], "seen again: over"
    (rollback,) = blind("Rollback", judging(), 31).decisions
    assert (rollback.action, rollback.from_, rollback.to) == (Action.ROLLBACK, revision("2"), revision("1"))
    assert asked_for(blind("Rollback", sees(), 31)) == [], "what serves is never taken back for that"


def test_a_signal_of_the_users_own_that_is_missing_is_answered_alike():
    scrap = {"promql": {"name": "scrap", "query": "scrap", "fire": "0.05", "clear": "0.03"}}
    facts = sees(spec=policy(signals=[scrap], onProviderError="Alert"), signals={"scrap": Heard((), AWAY)})
    assert [(d.action, d.verdict) for d in decide(facts, NOW).decisions] == [(Action.ALERT, Verdict.UNKNOWN)]


def test_the_newest_ten_are_kept_and_no_open_one_is_forgotten():
    facts, status, now = sees(ERRS), DriftPolicyStatus(), NOW
    for _ in range(12):
        now += timedelta(seconds=1)
        status = decide(replace(facts, status=status), now)
        status = decide(replace(sees(), status=status), now)
    status = decide(replace(facts, status=status), now + timedelta(seconds=1))
    assert len(status.decisions) == 10
    assert asked_for(status) == [Action.RETRAIN]


def test_a_dozen_broken_tags_leave_room_for_a_rollback():
    names = [f"xmeas_{n}" for n in range(7, 41)]
    sound = [tag(name, question, -2, since=None, value=0.0) for name in names for question in TAG_FAULTS]
    status, now = DriftPolicyStatus(), NOW
    for broken in range(1, 13):
        now += timedelta(seconds=1)
        faults = [tag(name, "stuck") for name in names[:broken]]
        status = decide(replace(judging(*sound, *faults), status=status), now)
    assert asked_for(status) == [Action.QUARANTINE] * 5
    assert refused(status) == ["QuarantinesFull"]
    status = decide(replace(judging(*sound, *faults, BAD), status=status), now)
    assert asked_for(status) == [Action.QUARANTINE] * 5 + [Action.ROLLBACK]


def test_inputs_alone_and_a_broken_sensor_ask_for_no_training():
    faulty = without(sees(*UNTAUGHT, tag("xmeas_7", "biased")), "error")
    assert asked_for(decide(faulty, NOW)) == [Action.QUARANTINE]

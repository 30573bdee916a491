"""What holds of every decision, whatever the evidence says and in whatever order it comes."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.api.decision import Action, DecisionState
from andon.api.evidence import TAG_FAULTS
from andon.api.missing import Missing
from andon.api.policy import DriftPolicyStatus
from andon.core.drift.plan import decide

from .policies import NOW, TAGS, of_candidate, policy, says, sees, tag

CHANGES = {Action.ROLLBACK, Action.RETRAIN}
LOGS = st.sampled_from([-5.0, -0.1, 0.0, 1.0, 4.0, 6.0, 8.0, 30.0])
AGO = st.none() | st.integers(0, 900)
VALUES = st.sampled_from([0.0, 0.5, 1.0, 1.05, 1.5, 3.0])
ROWS = st.sampled_from([0, 40, 60, 400])
OF_STABLE = ("error", "shift", "off-support", "prediction")
OF_CANDIDATE = ("loss", "loss-equal", "paired", "paired-equal")
FOREVER = settings(max_examples=80, deadline=None)


@st.composite
def tags(draw):
    """Any of the tags in any state."""
    chosen = draw(st.dictionaries(st.tuples(st.sampled_from(TAGS), st.sampled_from(list(TAG_FAULTS))), st.tuples(LOGS, AGO)))
    return tuple(tag(name, question, log_e, since=since) for (name, question), (log_e, since) in chosen.items())


@st.composite
def of_models(draw):
    """Anything said of the stable and of a candidate, if there is one."""
    numbers = st.tuples(LOGS, VALUES, ROWS, AGO)
    stable = draw(st.dictionaries(st.sampled_from(OF_STABLE), numbers))
    candidate = draw(st.none() | st.dictionaries(st.sampled_from(OF_CANDIDATE), numbers, min_size=1))
    said = [says(q, e, value=v, rows=r, since=s) for q, (e, v, r, s) in stable.items()]
    said += [of_candidate(q, e, value=v, rows=r, since=s) for q, (e, v, r, s) in (candidate or {}).items()]
    return tuple(said), "2" if candidate is not None else None


def seeing(models, *data, **more):
    said, candidate = models
    return sees(*said, *data, candidate=candidate, **more)


def changes(status):
    return {(d.action, d.from_, d.to) for d in status.decisions if d.action in CHANGES}


@FOREVER
@given(of_models(), tags())
def test_a_data_fault_never_causes_a_rollback_or_a_training(models, faulty):
    with_faults, without = decide(seeing(models, *faulty), NOW), decide(seeing(models), NOW)
    assert changes(with_faults) <= changes(without)


@FOREVER
@given(of_models(), tags())
def test_nothing_is_trained_while_a_tag_is_at_fault(models, faulty):
    status = decide(seeing(models, *faulty), NOW)
    if status.data_faults:
        assert Action.RETRAIN not in {action for action, _, _ in changes(status)}


@FOREVER
@given(of_models(), tags())
def test_deciding_comes_to_rest_at_once(models, faulty):
    facts = seeing(models, *faulty)
    first = decide(facts, NOW)
    second = decide(replace(facts, status=first), NOW + timedelta(seconds=10))
    third = decide(replace(facts, status=second), NOW + timedelta(seconds=20))
    assert third == second


@FOREVER
@given(of_models(), tags())
def test_a_policy_on_trial_asks_for_nothing(models, faulty):
    assert decide(seeing(models, *faulty, spec=policy(dryRun=True)), NOW).decisions == []


@FOREVER
@given(of_models(), tags(), st.sampled_from(["Timeout", "NoSeries", "Stale"]))
def test_nobody_acts_who_cannot_see(models, faulty, reason):
    before = decide(seeing(models, *faulty), NOW)
    blind = seeing(models, *faulty, status=before, blind_since=NOW)
    after = decide(replace(blind, series=Missing(reason, "as it may be")), NOW + timedelta(hours=1))
    assert (after.decisions, after.data_faults) == (before.decisions, before.data_faults)


@FOREVER
@given(st.lists(st.tuples(of_models(), tags()), min_size=2, max_size=6))
def test_through_any_history_decisions_stay_as_they_were_made(history):
    status = DriftPolicyStatus()
    for minute, (models, faulty) in enumerate(history):
        facts = seeing(models, *faulty, status=status)
        before, status = status, decide(facts, NOW + timedelta(seconds=minute))
        kept = {d.id: d for d in status.decisions}
        for decision in before.decisions:
            was = decision.model_copy(update={"state": kept[decision.id].state, "closed": kept[decision.id].closed})
            assert was == kept[decision.id] or kept[decision.id].state is DecisionState.OPEN
        open_ = [(d.action, d.from_, d.fault, tuple(d.subjects)) for d in status.decisions if d.state is DecisionState.OPEN]
        assert len(open_) == len(set(open_))
        assert len({d.id for d in status.decisions}) == len(status.decisions) <= 10

"""How a version goes through its steps: one at a time, by rows and verdict, by time, or by a person's word."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.api.decision import Verdict
from andon.api.deployment import Candidate
from andon.api.missing import Missing
from andon.api.slots import LoadError
from andon.core.approval import step_id
from andon.core.deployment.facts import PolicyView, Workload
from andon.core.deployment.plan import decide
from andon.core.deployment.steps import min_rows, title

from .deployments import (
    NOW,
    POLICY,
    condition,
    convicted,
    digest,
    followed,
    message,
    quarantined,
    revision,
    serving,
    slot,
    spec,
)

SHADOW, WEIGHT, MORE = {"shadow": {"minRows": 60}}, {"weight": 20, "minRows": 40}, {"weight": 50, "minRows": 40}
PAUSE, APPROVAL = {"pause": {"duration": "10m"}}, {"approval": {}}
STEPS = [SHADOW, WEIGHT, PAUSE, APPROVAL, MORE]
ROWS = {"sourceRefs": [{"name": "reactor"}], "every": "3s"}
WORD = step_id("plant-a", "soft-sensor", digest("2"), 3, NOW)


def at(index, *, rows=0, since=NOW, from_rows=0, steps=STEPS, verdict=Verdict.HEALTHY, **more):
    """Version 2 is in this step of its rollout beside version 1; rows: judged on in all."""
    facts = serving("1", candidate="2")
    given = spec("2", inputs=ROWS, rollout={"steps": steps})
    step = title(given.rollout.steps[min(index, len(steps) - 1)])
    said = Candidate(version="2", digest=digest("2"), step=step, index=index, since=since, begun=NOW, from_rows=from_rows)
    return replace(
        facts,
        spec=given,
        status=facts.status.model_copy(update={"candidate": said}),
        rows_url="http://rows",
        policy=PolicyView(POLICY, verdict, revision("2")),
        paired_rows=rows,
        **more,
    )


def later(minutes):
    return NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("given", "now", "index", "step", "weight"),
    [
        pytest.param(at(0, rows=59), NOW, 0, "Shadow", 0, id="a row short: stays"),
        pytest.param(at(0, rows=60), NOW, 1, "Weight 20%", 20, id="rows and Healthy: the next step, and its weight"),
        pytest.param(at(0, rows=600), NOW, 1, "Weight 20%", 20, id="rows enough for all: one step at a time"),
        pytest.param(at(0, rows=60, verdict=Verdict.NO_EVIDENCE), NOW, 0, "Shadow", 0, id="NoEvidence: held"),
        pytest.param(at(0, rows=60, verdict=Verdict.UNKNOWN), NOW, 0, "Shadow", 0, id="Unknown: held"),
        pytest.param(at(0, rows=None), NOW, 0, "Shadow", 0, id="nobody can count the rows: held"),
        pytest.param(at(1, rows=159, from_rows=60), NOW, 1, "Weight 20%", 20, id="rows of the step before do not count"),
        pytest.param(at(1, rows=160, from_rows=60), NOW, 2, "Pause", 20, id="a pause keeps the weight"),
        pytest.param(at(1, rows=99, from_rows=100), NOW, 1, "Weight 20%", 20, id="evidence began anew, a row short: stays"),
        pytest.param(at(1, rows=100, from_rows=101), NOW, 2, "Pause", 20, id="evidence began anew: counted from nothing"),
        pytest.param(at(2), later(9), 2, "Pause", 20, id="not yet time"),
        pytest.param(at(2), later(10), 3, "Approval", 20, id="time"),
        pytest.param(at(2, verdict=Verdict.MODEL_REGRESSION), later(10), 2, "Pause", 20, id="time, but spoken against: held"),
        pytest.param(at(2, verdict=Verdict.NO_EVIDENCE), later(10), 2, "Pause", 20, id="time, but NoEvidence: held"),
        pytest.param(at(2, verdict=Verdict.UNKNOWN), later(10), 2, "Pause", 20, id="time, but Unknown: held"),
        pytest.param(
            at(0, steps=[PAUSE], verdict=Verdict.NO_EVIDENCE),
            later(10),
            0,
            "Pause",
            0,
            id="nothing but a pause: waits for Healthy",
        ),
        pytest.param(at(0, steps=[PAUSE]), later(10), 0, "Promoting", 0, id="nothing but a pause, and Healthy: promoted"),
        pytest.param(replace(at(2), policy=None), later(10), 3, "Approval", 20, id="time, and nobody watches"),
        pytest.param(
            at(3, approved={WORD: "jane"}, verdict=Verdict.NO_EVIDENCE), NOW, 4, "Weight 50%", 50, id="NoEvidence, approved"
        ),
        pytest.param(
            at(3, approved={WORD: "jane"}, verdict=Verdict.MODEL_REGRESSION), NOW, 3, "Approval", 20, id="spoken against: held"
        ),
        pytest.param(at(3), later(60), 3, "Approval", 20, id="nobody has approved"),
        pytest.param(at(3, approved={WORD: "jane"}), NOW, 4, "Weight 50%", 50, id="approved"),
        pytest.param(at(3, approved={"r-0123456789": "jane"}), NOW, 3, "Approval", 20, id="another step was approved"),
        pytest.param(at(3, approved={WORD: "jane"}, rows=None), NOW, 3, "Approval", 20, id="approved, rows not to be counted"),
        pytest.param(at(4, rows=40), NOW, 4, "Promoting", 0, id="the last step is over: promoted"),
        pytest.param(at(9, rows=40), NOW, 4, "Promoting", 0, id="fewer steps than its index: the last one's rule"),
        pytest.param(at(9, rows=39), NOW, 4, "Weight 50%", 50, id="and its weight"),
    ],
)
def test_steps(given, now, index, step, weight):
    plan = decide(given, now)
    assert (plan.status.candidate.index, plan.status.candidate.step, plan.slots.weight) == (index, step, weight)
    assert plan.status.step == step


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param(at(0, rows=10), "on at least 60 rows of this step", id="rows"),
        pytest.param(at(0, rows=60, verdict=Verdict.UNKNOWN), "DriftPolicy watch says Unknown of it", id="verdict"),
        pytest.param(replace(at(0, rows=60), policy=PolicyView(POLICY)), "has not judged it yet", id="no verdict"),
        pytest.param(
            replace(at(0, rows=60), policy=PolicyView(POLICY, Verdict.HEALTHY, revision("2"), ("xmeas_7",))),
            "xmeas_7 cannot be believed now",
            id="data",
        ),
        pytest.param(at(2), "pauses until 2026-01-02 03:14:05 UTC", id="time"),
        pytest.param(at(3), "A person must approve", id="person"),
        pytest.param(replace(at(0, rows=60), acks={}), "Every server loads version 2 first", id="loading"),
        pytest.param(
            at(2, rows=None, since=NOW - timedelta(hours=1), steps=[SHADOW, WEIGHT, PAUSE, MORE]),
            "cannot be counted",
            id="outage",
        ),
    ],
)
def test_what_holds_it_is_said(given, says):
    plan = decide(given, NOW)
    assert condition(plan, "Ready") == "False/CandidateJudged"
    assert says in message(plan, "Ready")
    assert message(plan, "Reconciling") == message(plan, "Ready")


def test_a_step_that_waits_for_a_person_says_how_to_answer():
    plan = decide(at(3), NOW)
    assert condition(plan, "AwaitingApproval") == "True/StepReached"
    assert f"modeldeployment soft-sensor andon.dev/approve={WORD}/YOUR-USERNAME" in message(plan, "AwaitingApproval")


def test_an_approval_counts_from_when_it_is_seen_though_it_is_taken_off_before_the_step_ends():
    doubtful = replace(at(3), approved={WORD: "jane"}, policy=PolicyView("watch", faulty_tags=("xmeas_7",)))
    seen = decide(doubtful, NOW).status
    assert (seen.candidate.index, seen.candidate.approvals) == (3, {WORD: "jane"})
    assert decide(replace(at(3), status=seen), NOW).status.candidate.index == 4


def test_a_servers_lost_evidence_is_written_down_so_that_rows_are_counted_once():
    first = decide(at(1, rows=50, from_rows=60), NOW)
    assert (first.status.candidate.from_rows, first.status.candidate.progress) == (0, "2/4")
    facts = replace(at(1), status=first.status, paired_rows=100)
    assert decide(facts, NOW).status.candidate.index == 2


@pytest.mark.parametrize(
    ("given", "edited", "index", "step", "since", "from_rows"),
    [
        pytest.param(at(1, rows=500, from_rows=490), [WEIGHT, MORE], 0, "Weight 20%", NOW, 490, id="a step before it is gone"),
        pytest.param(at(1, rows=500, from_rows=490), [SHADOW, SHADOW, WEIGHT], 2, "Weight 20%", NOW, 490, id="one more before"),
        pytest.param(at(1, rows=500, from_rows=90), [SHADOW, PAUSE], 1, "Pause", later(60), 500, id="now a pause"),
        pytest.param(at(1, rows=500, from_rows=90), [SHADOW, MORE], 1, "Weight 50%", later(60), 500, id="another weight"),
        pytest.param(at(4, rows=500, from_rows=90), [SHADOW, WEIGHT], 1, "Weight 20%", later(60), 500, id="gone, and the last"),
    ],
)
def test_a_step_that_was_edited_into_another_one_begins_anew(given, edited, index, step, since, from_rows):
    plan = decide(replace(given, spec=spec("2", inputs=ROWS, rollout={"steps": edited})), later(60))
    said = plan.status.candidate
    assert (said.index, said.step, said.since, said.from_rows) == (index, step, since, from_rows)


@pytest.mark.parametrize("seen", [0, None])
def test_a_silence_of_prometheus_is_no_new_evidence(seen):
    silent = decide(at(1, rows=seen, from_rows=60), NOW)
    assert silent.status.candidate.from_rows == 60
    assert decide(replace(at(1), status=silent.status, paired_rows=159), NOW).status.candidate.index == 1


@pytest.mark.parametrize(
    ("every", "asked", "rows"),
    [("3s", None, 300), ("1h", None, 168), ("1d", None, 20), ("3s", 1000, 1000), (None, None, 300)],
)
def test_rows_asked_for(every, asked, rows):
    more = {"inputs": ROWS | {"every": every}} if every else {}
    given = spec("2", rollout={"steps": [{"shadow": {"minRows": asked} if asked else {}}]}, **more)
    assert min_rows(given, given.rollout.steps[0]) == rows


@pytest.mark.parametrize(
    ("weight", "asked", "rows"), [(20, 20, 100), (50, None, 300), (3, 300, 680), (99, 20, 40), (20, 400, 400)]
)
def test_a_weight_step_lasts_until_the_candidate_has_answered_a_block_of_rows(weight, asked, rows):
    step = {"weight": weight} | ({"minRows": asked} if asked else {})
    given = spec("2", inputs=ROWS, rollout={"steps": [step]})
    assert min_rows(given, given.rollout.steps[0]) == rows


def test_weight_falls_to_nothing_while_a_server_has_not_loaded_it():
    facts = at(1)
    assert decide(facts, NOW).slots.weight == 20
    behind = facts.acks["pod-1"].model_copy(update={"candidate": None})
    assert decide(replace(facts, acks=facts.acks | {"pod-2": behind}), NOW).slots.weight == 0


def test_promotion_waits_for_a_server_that_runs_and_has_said_nothing():
    facts = replace(at(4, rows=40), workload=Workload(available=True, message="", running=frozenset({"pod-1", "pod-2"})))
    silent = decide(facts, NOW)
    assert (silent.slots.stable.version, silent.slots.weight, condition(silent, "Loaded")) == ("1", 0, "False/Loading")
    heard = replace(facts, acks=facts.acks | {"pod-2": facts.acks["pod-1"]})
    assert decide(heard, NOW).slots.stable.version == "2"


def test_promotion_waits_for_every_server_and_keeps_the_former_stable_as_reference():
    facts = at(4, rows=40)
    behind = facts.acks["pod-1"].model_copy(update={"candidate": None})
    assert decide(replace(facts, acks=facts.acks | {"pod-2": behind}), NOW).slots.stable.version == "1"
    plan = decide(facts, NOW)
    assert (plan.slots.stable, plan.slots.candidate, plan.slots.reference) == (slot("2"), None, slot("1"))
    assert plan.status.reference == revision("1")
    served = decide(followed(facts, plan), NOW)
    assert (condition(served, "Ready"), served.slots.reference, served.status.candidate) == ("True/Serving", slot("1"), None)
    assert [s.version for s in served.status.history] == ["1", "2"]


def test_a_promotion_that_was_written_down_is_carried_out_by_whoever_comes_next():
    facts = at(4, rows=40)
    killed = replace(facts, status=decide(facts, NOW).status, paired_rows=None, policy=None)
    plan = decide(killed, NOW)
    assert (plan.slots.stable.version, plan.slots.reference.version) == ("2", "1")


def test_what_was_promoted_goes_back_to_its_reference_when_it_is_convicted():
    facts = at(4, rows=40)
    serves = followed(facts, decide(facts, NOW))
    plan = decide(convicted(serves, "2", "1"), NOW)
    assert (plan.slots.stable.version, plan.slots.candidate, plan.slots.reference) == ("1", None, None)
    assert (condition(plan, "Ready"), plan.status.reference) == ("False/RolledBack", None)


def test_a_convicted_reference_is_scored_no_longer():
    facts = at(4, rows=40)
    serves = followed(facts, decide(facts, NOW))
    assert decide(quarantined(serves, "1", "d-0123456789"), NOW).slots.reference is None


def test_git_going_back_to_the_reference_judges_it_and_holds_it_once():
    facts = at(4, rows=40)
    serves = followed(facts, decide(facts, NOW))
    plan = decide(replace(serves, spec=spec("1", inputs=ROWS), wanted=slot("1")), NOW)
    assert (plan.slots.stable.version, plan.slots.candidate.version, plan.slots.reference) == ("2", "1", None)


@pytest.mark.parametrize("index", range(5))
def test_a_decision_reverts_in_any_step(index):
    plan = decide(convicted(at(index, rows=500), "2", "1"), later(60))
    assert (plan.slots.stable.version, plan.slots.candidate, plan.slots.weight) == ("1", None, 0)
    assert condition(plan, "Ready") == "False/RolledBack"


def test_a_source_that_is_away_keeps_step_and_weight():
    plan = decide(replace(at(1, rows=500), rows_url=Missing("NotFound", "no collector yet")), NOW)
    assert (plan.status.candidate.index, plan.slots.weight, condition(plan, "Ready")) == (1, 20, "False/NotFound")


def test_rows_that_never_come_are_said_with_the_way_on():
    facts = replace(at(0), spec=spec("2", rollout={"steps": STEPS}))
    assert "andon.dev/promote=2" in message(decide(facts, NOW), "Ready")


def test_a_version_that_does_not_load_in_time_stalls_with_what_the_server_said_and_is_tried_on():
    error = LoadError(digest=digest("2"), reason="FetchFailed", message="http://registry/2/model.onnx: connection refused")
    facts = at(0)
    facts = replace(facts, acks={"pod-1": facts.acks["pod-1"].model_copy(update={"candidate": None, "error": error})})
    early = decide(facts, NOW)
    assert condition(early, "Ready") == "False/FetchFailed"
    late = decide(replace(facts, status=early.status), later(10))
    assert condition(late, "Stalled") == "True/ProgressDeadlineExceeded"
    assert "after 10m (spec.rollout.progressDeadline): http://registry/2/model.onnx: connection refused." in message(
        late, "Ready"
    )
    assert late.slots.candidate.version == "2"


def test_the_deadline_of_a_version_begins_with_it():
    waiting = replace(serving("1"), acks={}, workload=Workload(available=False, message="no pod yet"))
    early = decide(waiting, NOW)
    assert condition(decide(replace(waiting, status=early.status), later(11)), "Stalled") == "True/ProgressDeadlineExceeded"
    other = replace(waiting, status=early.status, spec=spec("2"), wanted=slot("2"))
    assert condition(decide(other, later(11)), "Stalled") is None


def test_no_replicas_is_said_and_nothing_is_overdue():
    plan = decide(replace(serving("1"), spec=spec("1", replicas=0), acks={}), later(60))
    assert (condition(plan, "Ready"), condition(plan, "Stalled")) == ("False/ScaledToZero", "True/ScaledToZero")


@st.composite
def any_step(draw):
    """Any steps, anywhere in them, whatever is known of rows, verdict and servers."""
    steps = draw(st.lists(st.sampled_from([SHADOW, WEIGHT, PAUSE, APPROVAL, MORE]), min_size=1, max_size=5))
    facts = at(
        draw(st.integers(0, 5)),
        steps=steps,
        rows=draw(st.none() | st.integers(0, 200)),
        from_rows=draw(st.integers(0, 100)),
        since=NOW - timedelta(minutes=draw(st.integers(0, 20))),
        verdict=draw(st.sampled_from(Verdict)),
        approved={step_id("plant-a", "soft-sensor", digest("2"), i, NOW): "jane" for i in draw(st.sets(st.integers(0, 4)))},
    )
    if draw(st.booleans()):
        unloaded = facts.acks["pod-1"].model_copy(update={"candidate": None})
        facts = replace(facts, acks=facts.acks | {"pod-2": unloaded})
    return convicted(facts, "2", "1") if draw(st.booleans()) else facts


@settings(max_examples=100, deadline=None)
@given(any_step())
def test_weight_is_never_above_nothing_without_a_candidate_that_every_server_holds(facts):
    slots = decide(facts, NOW).slots
    assert slots.weight == 0 or (slots.candidate is not None and facts.candidate_loaded)


@settings(max_examples=100, deadline=None)
@given(any_step())
def test_a_reconcile_takes_one_step_at_most(facts):
    before, after = min(facts.status.candidate.index, len(facts.spec.rollout.steps) - 1), decide(facts, NOW).status.candidate
    assert after is None or after.index - before in {0, 1}


def run(facts, killed_at=None, rounds=10):
    """Reconciles; the one that is killed has written its status, and not what the servers should hold."""
    for n in range(rounds):
        plan = decide(facts, later(n))
        facts = replace(facts, status=plan.status) if n == killed_at else followed(facts, plan)
    return facts


@settings(max_examples=60, deadline=None)
@given(any_step(), st.integers(0, 3))
def test_killed_between_any_two_writes_the_end_is_the_same(facts, killed_at):
    end, other = run(facts), run(facts, killed_at)
    assert (other.held.stable, other.held.candidate, other.held.reference) == (
        end.held.stable,
        end.held.candidate,
        end.held.reference,
    )
    assert (other.status.effective, other.status.reference, other.status.step) == (
        end.status.effective,
        end.status.reference,
        end.status.step,
    )

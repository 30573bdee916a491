"""Which revision serves, which is judged, and what the status says of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.api.decision import ActedState, Verdict
from andon.api.missing import Missing
from andon.api.slots import LoadError, SlotModel
from andon.core.deployment.facts import GitOutcome, PolicyView, Workload
from andon.core.deployment.plan import decide

from .deployments import (
    NOW,
    condition,
    convicted,
    decision,
    digest,
    followed,
    message,
    nothing,
    quarantined,
    registry_away,
    revision,
    says,
    serving,
    settled,
    slot,
    spec,
)

HEALTHY_2 = replace(says(serving("1", candidate="2"), Verdict.HEALTHY, "2"), paired_rows=60)
WITH_ROWS = replace(
    serving("1", candidate="2"),
    spec=spec("2", inputs={"sourceRefs": [{"name": "reactor"}], "every": "1s"}),
    rows_url="http://rows",
)
BACK_ON_1 = settled(convicted(serving("1", candidate="2"), "2", "1"))[0]


@pytest.mark.parametrize(
    ("given", "serves", "judges", "ready"),
    [
        pytest.param(nothing("1"), "1", None, "False/Loading", id="first version: serve it, ready when it answers"),
        pytest.param(registry_away(nothing("1")), None, None, "False/Unreachable", id="first version, registry away: wait"),
        pytest.param(serving("1"), "1", None, "True/Serving", id="nothing new: keep serving"),
        pytest.param(
            registry_away(serving("1", named="2")), "1", None, "False/Unreachable", id="new version, registry away: keep serving"
        ),
        pytest.param(serving("1", named="2"), "1", "2", "False/CandidateJudged", id="new version: judged beside the stable"),
        pytest.param(HEALTHY_2, "2", None, "False/Loading", id="healthy on enough rows: promoted"),
        pytest.param(replace(HEALTHY_2, paired_rows=59), "1", "2", "False/CandidateJudged", id="one row short: still judged"),
        pytest.param(
            replace(says(serving("1", candidate="2"), Verdict.HEALTHY, "1"), paired_rows=60),
            "1",
            "2",
            "False/CandidateJudged",
            id="healthy, but said of another revision: still judged",
        ),
        pytest.param(
            replace(says(serving("1", candidate="2"), Verdict.HEALTHY, "2", faulty_tags=("xmeas_7",)), paired_rows=60),
            "1",
            "2",
            "False/CandidateJudged",
            id="healthy during a data fault: not promoted by rows that lie",
        ),
        pytest.param(
            replace(says(serving("1", candidate="2"), Verdict.UNKNOWN, "2"), paired_rows=600),
            "1",
            "2",
            "False/CandidateJudged",
            id="nobody can see: held",
        ),
        pytest.param(
            replace(WITH_ROWS, policy=None, paired_rows=60),
            "2",
            None,
            "False/Loading",
            id="no policy: rows alone promote",
        ),
        pytest.param(
            replace(WITH_ROWS, policy=None, paired_rows=59),
            "1",
            "2",
            "False/CandidateJudged",
            id="no policy, one row short: judged",
        ),
        pytest.param(
            convicted(serving("1", candidate="2"), "2", "1"),
            "1",
            None,
            "False/RolledBack",
            id="convicted candidate: back to the stable",
        ),
        pytest.param(
            registry_away(convicted(serving("1", candidate="2"), "2", "1")),
            "1",
            None,
            "False/RolledBack",
            id="a rollback needs no registry",
        ),
        pytest.param(
            convicted(serving("1", named="3", candidate="3"), "2", "1"),
            "1",
            "3",
            "False/CandidateJudged",
            id="a decision about a revision that is in no slot: not acted on",
        ),
        pytest.param(
            quarantined(serving("1", named="2"), "2", "d-0123456789"),
            "1",
            None,
            "False/RolledBack",
            id="git names what was rolled back: refused",
        ),
        pytest.param(
            replace(
                quarantined(serving("1", named="2"), "2", "d-0123456789"), spec=spec("2", model={"overrides": "d-0123456789"})
            ),
            "1",
            "2",
            "False/CandidateJudged",
            id="overridden by the decision's id: judged again",
        ),
        pytest.param(
            replace(
                quarantined(serving("1", named="2"), "2", "d-0123456789"), spec=spec("2", model={"overrides": "d-aaaaaaaaaa"})
            ),
            "1",
            None,
            "False/RolledBack",
            id="overridden by another id: refused",
        ),
        pytest.param(
            quarantined(serving("1", named="3"), "2", "d-0123456789"),
            "1",
            "3",
            "False/CandidateJudged",
            id="any third version: accepted",
        ),
        pytest.param(replace(serving("1"), acks={}), "1", None, "False/Loading", id="no server says so: not ready"),
    ],
)
def test_rollout(given, serves, judges, ready):
    plan = decide(given, NOW)
    slots = plan.slots
    assert (slots.stable.version if slots and slots.stable else None) == serves
    assert (slots.candidate.version if slots and slots.candidate else None) == judges
    assert condition(plan, "Ready") == ready


def test_a_suspended_deployment_is_described_and_not_touched():
    plan = decide(replace(convicted(serving("1", candidate="2"), "2", "1"), spec=spec("2", suspend=True)), NOW)
    assert (plan.slots, plan.git, condition(plan, "Ready")) == (None, None, "False/Suspended")
    assert condition(plan, "Stalled") == "True/Suspended", "version 2 will not come: nobody should wait for it"


def test_a_suspended_deployment_that_serves_what_git_names_is_ready():
    plan = decide(replace(serving("1"), spec=spec("1", suspend=True)), NOW)
    assert (condition(plan, "Ready"), condition(plan, "Stalled")) == ("True/Suspended", None)


def test_serving_goes_back_before_git_is_told():
    facts = convicted(serving("1", candidate="2"), "2", "1")
    first = decide(facts, NOW)
    assert (first.git, first.status.decisions[0].state) == (None, ActedState.ACTING)
    second = decide(followed(facts, first), NOW)
    assert second.git is not None
    assert (second.git.decision.from_, second.git.decision.to) == (revision("2"), revision("1"))
    assert condition(second, "GitInSync") == "False/CommitPending"


def test_a_rolled_back_deployment_is_stalled_at_once_and_says_how_to_go_on():
    plan = decide(convicted(serving("1", candidate="2"), "2", "1"), NOW)
    stalled = next(c for c in plan.status.conditions if c.type == "Stalled")
    assert stalled.reason == "VersionQuarantined"
    assert f"spec.model.overrides: {decision('2', '1').id}" in stalled.message


def test_a_commit_ends_the_decision_and_the_synced_spec_ends_the_story():
    facts, plan = settled(convicted(serving("1", candidate="2"), "2", "1"))
    told = replace(facts, outcomes={plan.git.decision.id: GitOutcome("Committed", commit="c0ffee")})
    done = decide(told, NOW)
    assert (done.status.decisions[0].state, done.status.decisions[0].commit, done.git) == (ActedState.DONE, "c0ffee", None)
    synced = replace(followed(told, done), spec=spec("1"), generation=2, wanted=told.held.stable)
    _, after = settled(synced)
    assert (condition(after, "Ready"), condition(after, "GitInSync")) == ("True/Serving", "True/InSync")
    assert condition(after, "Stalled") is None


def test_git_away_is_said_and_tried_again():
    facts, plan = settled(convicted(serving("1", candidate="2"), "2", "1"))
    away = decide(
        replace(facts, outcomes={plan.git.decision.id: GitOutcome("Away", "Unreachable", "Git could not be told yet.")}), NOW
    )
    assert condition(away, "GitInSync") == "False/Unreachable"
    assert away.git is not None


@pytest.mark.parametrize(("access", "state"), [("None", ActedState.DONE), ("NotGranted", ActedState.REFUSED)])
def test_without_a_repository_serving_still_goes_back(access, state):
    facts, plan = settled(replace(convicted(serving("1", candidate="2"), "2", "1"), repository=access))
    assert plan.git is None
    assert facts.held.stable.version == "1"
    assert plan.status.decisions[0].state is state


def test_a_decision_is_finished_although_its_policy_is_gone():
    facts = convicted(serving("1", candidate="2"), "2", "1")
    orphaned = replace(followed(facts, decide(facts, NOW)), policy=None)
    plan = decide(orphaned, NOW)
    assert (plan.slots.stable.version, plan.slots.candidate) == ("1", None)
    assert plan.git is not None


def test_a_convicted_stable_is_taken_back_and_finished_from_the_copy_alone():
    """Promoted on rows alone while a new policy convicted it: it is no candidate any more."""
    promoted = replace(convicted(serving("2"), "2", "1"), known={digest("1"): slot("1")})
    first = decide(promoted, NOW)
    assert (first.slots.stable.version, condition(first, "Ready")) == ("1", "False/RolledBack")
    killed = replace(promoted, status=first.status, policy=None)
    plan = decide(killed, NOW)
    assert (plan.slots.stable.version, condition(plan, "Ready")) == ("1", "False/RolledBack")


def test_committing_the_quarantined_version_again_changes_nothing():
    committed_again = replace(BACK_ON_1, generation=4)
    plan = decide(committed_again, NOW)
    assert plan.slots == BACK_ON_1.held
    assert condition(plan, "Stalled") == "True/VersionQuarantined"


def test_a_candidate_that_cannot_be_loaded_is_named_and_disturbs_nothing():
    facts = serving("1", candidate="2")
    error = LoadError(digest=digest("2"), reason="DigestMismatch", message="model.onnx is not what the registry says")
    broken = replace(facts, acks={"pod-1": facts.acks["pod-1"].model_copy(update={"error": error})})
    plan = decide(broken, NOW)
    assert (plan.slots.stable.version, condition(plan, "Ready"), condition(plan, "Stalled")) == (
        "1",
        "False/DigestMismatch",
        "True/DigestMismatch",
    )


def test_a_lost_slots_object_is_rebuilt_from_what_was_effective():
    facts = serving("1")
    rebuilt = decide(replace(facts, held=None, acks={}, known={digest("1"): facts.held.stable}), NOW)
    assert rebuilt.slots.stable.version == "1"


def test_missing_rows_are_said_and_the_model_keeps_serving():
    plan = decide(replace(serving("1"), rows_url=Missing("NotFound", "There is no DataSource reactor.")), NOW)
    assert (plan.slots.stable.version, condition(plan, "Ready")) == ("1", "False/NotFound")


def test_an_override_ends_the_decision_it_names_and_the_version_is_judged_again():
    facts, plan = settled(convicted(serving("1", candidate="2"), "2", "1"))
    (acting,) = plan.status.decisions
    assert acting.state is ActedState.ACTING
    overridden = replace(facts, spec=spec("2", model={"overrides": acting.id}), generation=2)
    after, plan = settled(overridden)
    assert (plan.slots.candidate.version, plan.git) == ("2", None)
    assert (plan.status.decisions[0].state, condition(plan, "Ready")) == (ActedState.DONE, "False/CandidateJudged")
    assert decide(followed(after, plan), NOW) == plan


def test_lost_slots_and_a_registry_that_forgot_the_stable_do_not_put_an_unjudged_version_in_service():
    lost = replace(serving("1", candidate="2"), held=None, acks={}, known={})
    plan = decide(lost, NOW)
    assert (plan.slots, condition(plan, "Ready")) == (None, "False/StableUnknown")
    same = replace(serving("1"), held=None, acks={}, known={})
    assert decide(same, NOW).slots.stable.version == "1"


def test_a_source_that_is_away_for_a_moment_does_not_take_the_candidate_off():
    facts = replace(serving("1", candidate="2"), rows_url=Missing("NotFound", "DataSource reactor has no collector yet."))
    plan = decide(facts, NOW)
    assert (plan.slots.stable.version, plan.slots.candidate.version, plan.status.candidate.version) == ("1", "2", "2")


def test_a_suspended_deployment_still_says_what_is_judged():
    plan = decide(replace(serving("1", candidate="2"), spec=spec("2", suspend=True)), NOW)
    assert (plan.status.candidate.version, plan.status.step) == ("2", "Shadow")


def test_the_same_content_under_another_number_is_refused_by_its_own_number_and_git_is_left_alone():
    facts, _ = settled(convicted(serving("1", candidate="2"), "2", "1"))
    copy = replace(facts, spec=spec("4"), wanted=SlotModel(version="4", digest=digest("2"), model="http://registry/4/model.onnx"))
    plan = decide(replace(copy, generation=2), NOW)
    assert "git names version 4" in next(c.message for c in plan.status.conditions if c.type == "Stalled")
    assert (plan.slots.candidate, plan.git) == (None, None)


def test_the_same_content_under_another_number_serves_under_that_number():
    copy = SlotModel(version="3", digest=digest("1"), model="http://registry/3/model.onnx")
    plan = decide(replace(serving("1"), spec=spec("3"), wanted=copy), NOW)
    assert (plan.slots.stable, plan.slots.candidate) == (copy, None)


def test_another_model_with_the_version_number_of_the_convicted_one_is_not_rolled_back_in_git():
    facts, _ = settled(convicted(serving("1", candidate="2"), "2", "1"))
    other = SlotModel(version="2", digest=digest("9"), model="http://registry/9/model.onnx")
    plan = decide(replace(facts, wanted=other, generation=2), NOW)
    assert (plan.git, plan.slots.candidate.digest) == (None, digest("9"))


def test_without_rows_and_policy_a_new_version_serves_when_it_is_loaded():
    steps = {"steps": [{"shadow": {}}, {"shadow": {}}]}
    facts = replace(serving("1", named="2"), spec=spec("2", rollout=steps), policy=None)
    first = decide(facts, NOW)
    assert (first.slots.stable.version, first.slots.candidate.version) == ("1", "2")
    _, plan = settled(facts)
    assert (plan.slots.stable.version, condition(plan, "Ready")) == ("2", "True/Serving")


def test_rows_that_are_asked_for_where_none_will_come_are_waited_for_and_that_is_said():
    step = {"shadow": {"minRows": 60}}
    facts = replace(serving("1", candidate="2"), spec=spec("2", rollout={"steps": [step]}), policy=None)
    _, plan = settled(facts)
    assert (plan.slots.stable.version, condition(plan, "Ready")) == ("1", "False/CandidateJudged")
    assert "No rows will come, since there is no spec.inputs" in message(plan, "Ready")


def test_a_message_that_names_things_follows_them():
    facts = replace(serving("1"), workload=Workload(available=False, message="no pod yet"))
    before = decide(facts, NOW).status
    later = decide(
        replace(facts, status=before, workload=Workload(available=False, message="pod a-1: its image cannot be pulled")), NOW
    )
    assert "cannot be pulled" in next(c.message for c in later.status.conditions if c.type == "Ready")
    renamed = decide(replace(facts, status=before, policy=PolicyView("other")), NOW)
    assert "DriftPolicy other" in next(c.message for c in renamed.status.conditions if c.type == "Watched")


VERSIONS = st.sampled_from(["1", "2", "3"])


@st.composite
def any_facts(draw):
    stable, named = draw(VERSIONS), draw(VERSIONS)
    candidate = draw(st.sampled_from([None, *({"1", "2", "3"} - {stable})]))
    facts = serving(stable, named=named, candidate=candidate)
    if candidate is not None and draw(st.booleans()):
        facts = convicted(facts, candidate, stable)
    elif draw(st.booleans()):
        facts = says(facts, draw(st.sampled_from(Verdict)), draw(VERSIONS))
    banned = draw(st.none() | st.sampled_from(sorted({"1", "2", "3"} - {stable})))
    if banned is not None:
        facts = quarantined(facts, banned, "d-0123456789")
    facts = replace(facts, paired_rows=draw(st.integers(0, 200)))
    return registry_away(facts) if draw(st.booleans()) else facts


@given(any_facts())
def test_never_serves_or_judges_a_quarantined_digest_unless_overridden(facts):
    after, plan = settled(facts, rounds=3)
    banned = {q.digest for q in plan.status.quarantined} - {facts.held.stable.digest}
    assert after.held.stable.digest not in banned
    assert plan.slots.candidate is None or plan.slots.candidate.digest not in banned


@given(any_facts())
def test_something_always_keeps_serving(facts):
    plan = decide(facts, NOW)
    assert plan.slots is not None
    assert plan.slots.stable is not None


@given(any_facts())
def test_reconciling_comes_to_rest_and_then_writes_nothing(facts):
    after, plan = settled(facts)
    assert decide(followed(after, plan), NOW) == plan


@given(any_facts())
def test_conditions_keep_the_rules_of_kstatus(facts):
    for plan in (decide(facts, NOW), settled(facts)[1]):
        said = {c.type for c in plan.status.conditions}
        assert "Ready" in said
        assert not {"Reconciling", "Stalled"} <= said


def test_a_rollback_to_what_nobody_can_find_is_said_with_the_next_step():
    facts = convicted(serving("2"), "2", "1")
    plan = decide(facts, NOW)
    assert (plan.slots.stable.version, plan.slots.candidate) == ("2", None)
    assert (condition(plan, "Ready"), condition(plan, "Stalled")) == (
        "False/RollbackTargetUnknown",
        "True/RollbackTargetUnknown",
    )
    assert "version 1 is in no slot" in message(plan, "Ready")
    assert "andon.dev/pin=VERSION" in message(plan, "Stalled")
    found = decide(replace(facts, known={digest("1"): slot("1")}), NOW)
    assert (found.slots.stable.version, condition(found, "Ready")) == ("1", "False/RolledBack")

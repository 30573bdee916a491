"""What a person says by an annotation goes before everything but what is suspended, for as long as it means something."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.api.decision import Verdict
from andon.api.missing import Missing
from andon.core.approval import step_id
from andon.core.deployment.facts import People
from andon.core.deployment.plan import decide

from .deployments import (
    NOW,
    condition,
    convicted,
    digest,
    followed,
    message,
    quarantined,
    revision,
    says,
    serving,
    settled,
    slot,
    spec,
)
from .test_rollout import any_facts

JUDGED = serving("1", candidate="2")
CONVICTED = convicted(JUDGED, "2", "1")
UNKNOWN = Missing("NotFound", "MLflow has m, but no version 9 of it.")


def asked(facts, **words):
    return replace(facts, people=People(**words))


def pinned(facts, version):
    return replace(asked(facts, pin=version), pinned=slot(version))


@pytest.mark.parametrize(
    ("given", "serves", "judges", "ready"),
    [
        pytest.param(pinned(serving("2"), "1"), "1", None, "False/Loading", id="pin: undo to a kept revision"),
        pytest.param(pinned(JUDGED, "1"), "1", None, "False/Loading", id="pin to what serves: nothing is judged meanwhile"),
        pytest.param(pinned(CONVICTED, "2"), "2", None, "False/Loading", id="pin goes before a rollback"),
        pytest.param(
            pinned(quarantined(serving("1"), "2", "d-0123456789"), "2"), "2", None, "False/Loading", id="and before a quarantine"
        ),
        pytest.param(
            replace(pinned(serving("1"), "2"), spec=spec("1", suspend=True)),
            None,
            None,
            "True/Suspended",
            id="not before suspend",
        ),
        pytest.param(
            replace(asked(JUDGED, pin="9"), pinned=UNKNOWN), "1", "2", "False/CandidateJudged", id="pin to no version: ignored"
        ),
        pytest.param(
            replace(asked(JUDGED, pin="9"), pinned=Missing("Timeout", "MLflow is slow.")),
            "1",
            None,
            "False/Timeout",
            id="pin that cannot be looked up: what serves stays, nothing is judged",
        ),
        pytest.param(asked(JUDGED, abort="2"), "1", None, "False/Aborted", id="abort: what serves stays"),
        pytest.param(asked(CONVICTED, abort="2"), "1", None, "False/RolledBack", id="a rollback goes before abort"),
        pytest.param(asked(JUDGED, abort="2", promote="2"), "1", None, "False/Aborted", id="abort goes before promote"),
        pytest.param(asked(JUDGED, abort="3"), "1", "2", "False/CandidateJudged", id="abort of another version: ignored"),
        pytest.param(asked(JUDGED, promote="2"), "2", None, "False/Loading", id="promote: the remaining steps are skipped"),
        pytest.param(
            replace(asked(JUDGED, promote="2"), acks={}), "1", "2", "False/CandidateJudged", id="promote waits for every server"
        ),
        pytest.param(
            asked(quarantined(serving("1", named="2"), "2", "d-0123456789"), promote="2"),
            "1",
            None,
            "False/RolledBack",
            id="a quarantine goes before promote",
        ),
        pytest.param(asked(JUDGED, promote="1"), "1", "2", "False/CandidateJudged", id="promote of another version: ignored"),
    ],
)
def test_precedence(given, serves, judges, ready):
    plan = decide(given, NOW)
    slots = plan.slots
    assert (slots.stable.version if slots else None) == serves
    assert (slots.candidate.version if slots and slots.candidate else None) == judges
    assert condition(plan, "Ready") == ready


@pytest.mark.parametrize(
    ("words", "reason", "says_"),
    [
        pytest.param({"promote": "3"}, "LeftBehind", "version 3 is not what git names (2)", id="promote left behind"),
        pytest.param({"abort": "3"}, "LeftBehind", "andon.dev/abort: version 3", id="abort left behind"),
        pytest.param({"approve": "r-0123456789/jane"}, "LeftBehind", "r-0123456789 waits for nobody", id="approval left behind"),
        pytest.param({"approve": "yes"}, "NotUnderstood", "STEP/USERNAME", id="approval of nothing"),
        pytest.param({"promote": "latest"}, "NotUnderstood", "'latest' is not the number of a version", id="no version"),
        pytest.param({"pin": "v1"}, "NotUnderstood", "andon.dev/pin: 'v1'", id="no version pinned"),
        pytest.param({"pin": "x", "abort": "y"}, "NotUnderstood", "andon.dev/abort: 'y'", id="all are named"),
    ],
)
def test_what_means_nothing_is_said_and_changes_nothing(words, reason, says_):
    plan = decide(asked(JUDGED, **words), NOW)
    assert condition(plan, "AnnotationIgnored") == f"True/{reason}"
    assert says_ in message(plan, "AnnotationIgnored")
    assert plan.slots == decide(JUDGED, NOW).slots


def test_what_never_meant_anything_is_said_before_what_is_left_behind():
    plan = decide(asked(JUDGED, promote="3", abort="now"), NOW)
    assert condition(plan, "AnnotationIgnored") == "True/NotUnderstood"
    assert message(plan, "AnnotationIgnored").startswith("andon.dev/abort: 'now'")


def test_of_what_names_no_repository_the_spec_is_spoken_of():
    without = asked(replace(JUDGED, spec=spec("2", git=None), repository="None"), abort="2")
    plan = decide(without, NOW)
    assert "the spec names version 2" in message(plan, "Stalled")
    assert "git" not in message(plan, "GitInSync") + message(plan, "Stalled")


def test_what_means_something_is_not_called_ignored():
    word = step_id("plant-a", "soft-sensor", digest("2"), 0, NOW)
    for words in ({"promote": "2"}, {"abort": "2"}, {"approve": f"{word}/jane"}):
        assert condition(decide(asked(JUDGED, **words), NOW), "AnnotationIgnored") is None


def test_a_pin_is_said_and_so_is_that_git_and_a_decision_think_otherwise():
    _, plan = settled(pinned(quarantined(serving("1"), "2", "d-0123456789"), "2"))
    assert (condition(plan, "Ready"), condition(plan, "Pinned")) == ("True/Pinned", "True/Pinned")
    assert condition(plan, "GitInSync") == "False/Pinned"
    assert "although d-0123456789 rolled it back" in message(plan, "Pinned")
    assert [(s.version, s.by) for s in plan.status.history] == [("1", None), ("2", "andon.dev/pin")]


def test_without_its_pin_what_git_names_is_judged_again():
    facts, _ = settled(pinned(serving("2"), "1"))
    plan = decide(replace(facts, people=People(), pinned=None), NOW)
    assert (plan.slots.stable.version, plan.slots.candidate.version) == ("1", "2")


BANNED = quarantined(serving("1", named="2"), "2", "d-0123456789")


@pytest.mark.parametrize(
    ("named", "serves", "judges", "ready"),
    [
        pytest.param("2", "1", None, "False/RolledBack", id="git names what was rolled back"),
        pytest.param("1", "1", None, "True/Serving", id="git names the reference"),
        pytest.param("3", "1", "3", "False/CandidateJudged", id="git names another: judged beside what is sound"),
    ],
)
def test_without_its_pin_what_was_rolled_back_serves_no_longer(named, serves, judges, ready):
    facts, plan = settled(pinned(BANNED, "2"))
    assert (plan.slots.stable.version, plan.slots.reference.version) == ("2", "1")
    unpinned = replace(facts, people=People(), pinned=None, spec=spec(named), wanted=slot(named))
    at_once = decide(unpinned, NOW)
    assert (at_once.slots.stable.version, at_once.slots.candidate) == (serves, None)
    _, plan = settled(unpinned)
    assert (plan.slots.stable.version, condition(plan, "Ready")) == (serves, ready)
    assert (plan.slots.candidate.version if plan.slots.candidate else None) == judges


def test_what_was_rolled_back_gives_way_to_what_served_last_where_the_reference_is_lost():
    facts, _ = settled(pinned(BANNED, "2"))
    lost = replace(facts, people=People(), pinned=None, held=facts.held.model_copy(update={"reference": None}))
    plan = decide(replace(lost, known={digest("1"): slot("1")}), NOW)
    assert plan.slots.stable.version == "1"
    stuck = decide(lost, NOW)
    assert (stuck.slots.stable.version, condition(stuck, "Stalled")) == ("2", "True/RollbackTargetUnknown")
    assert "andon.dev/pin=VERSION" in message(stuck, "Stalled")


def test_a_pin_keeps_what_it_replaced_and_what_was_the_reference():
    serves = serving("3")
    serves = replace(serves, held=serves.held.model_copy(update={"reference": slot("2")}))
    assert decide(pinned(serves, "3"), NOW).slots.reference == slot("2")
    assert decide(pinned(serves, "2"), NOW).slots.reference == slot("3")
    assert decide(pinned(quarantined(serves, "3", "d-0123456789"), "1"), NOW).slots.reference == slot("2")


def test_an_aborted_version_is_stalled_and_tried_again_without_the_annotation():
    plan = decide(asked(JUDGED, abort="2"), NOW)
    assert condition(plan, "Stalled") == "True/Aborted"
    assert "try it again: andon abort soft-sensor --undo -n plant-a" in message(plan, "Stalled")
    again = decide(replace(followed(asked(JUDGED, abort="2"), plan), people=People()), NOW)
    assert (again.slots.candidate.version, again.status.candidate.index) == ("2", 0)


def test_an_approval_means_nothing_to_another_rollout_of_the_same_version():
    facts = replace(JUDGED, spec=spec("2", rollout={"steps": [{"approval": {}}, {"weight": 20}]}))
    word = step_id("plant-a", "soft-sensor", digest("2"), 0, NOW)
    said = {"approved": {word: "jane"}, "people": People(approve=f"{word}/jane")}
    assert decide(replace(facts, **said), NOW).status.candidate.index == 1
    aborted, _ = settled(asked(facts, abort="2"))
    later = NOW + timedelta(hours=1)
    again = decide(replace(aborted, **said), later)
    assert (again.status.candidate.index, again.status.candidate.step) == (0, "Approval")
    retried = decide(followed(replace(aborted, **said), again), later + timedelta(minutes=1))
    assert (retried.status.candidate.index, condition(retried, "AwaitingApproval")) == (0, "True/StepReached")
    assert condition(retried, "AnnotationIgnored") == "True/LeftBehind"


def test_a_promotion_counts_once():
    facts, plan = settled(asked(JUDGED, promote="2"))
    assert (plan.slots.stable.version, condition(plan, "AnnotationIgnored")) == ("2", "True/Spent")
    pinned_back, _ = settled(replace(pinned(facts, "1"), people=People(pin="1", promote="2")))
    left = replace(pinned_back, people=People(promote="2"), pinned=None)
    _, plan = settled(left)
    assert (plan.slots.stable.version, plan.slots.candidate.version) == ("1", "2")


def test_a_promotion_left_behind_is_spent_for_a_later_rollout_of_its_version_until_it_is_said_anew():
    facts, _ = settled(asked(JUDGED, promote="2"))
    other, _ = settled(replace(facts, spec=spec("1"), wanted=slot("1"), people=People(promote="2"), paired_rows=500))
    other = replace(other, held=other.held.model_copy(update={"stable": slot("1"), "candidate": None, "reference": None}))
    back, plan = settled(replace(other, spec=spec("2"), wanted=slot("2"), paired_rows=0))
    assert (plan.slots.stable.version, condition(plan, "AnnotationIgnored")) == ("1", "True/Spent")
    _, plan = settled(replace(back, people=People()))
    said = replace(back, people=People())
    said = replace(followed(said, decide(said, NOW)), people=People(promote="2"))
    assert settled(said)[1].slots.stable.version == "2"


def test_an_abort_that_comes_too_late_says_what_to_do_instead():
    plan = decide(asked(serving("2"), abort="2"), NOW)
    assert (plan.slots.stable.version, condition(plan, "Ready")) == ("2", "True/Serving")
    assert "use andon.dev/pin" in message(plan, "AnnotationIgnored")


def test_history_tells_by_whose_word_a_version_serves():
    word = step_id("plant-a", "soft-sensor", digest("2"), 0, NOW)
    steps = {"steps": [{"approval": {}}]}
    approved = replace(JUDGED, spec=spec("2", rollout=steps), approved={word: "jane"})
    for facts, by in ((approved, "jane"), (asked(JUDGED, promote="2"), "andon.dev/promote")):
        _, plan = settled(facts)
        assert [(s.version, s.by) for s in plan.status.history] == [("1", None), ("2", by)]


def test_history_keeps_ten_revisions_each_once():
    facts = serving("1")
    for version in [str(n) for n in range(1, 14)] + ["5"]:
        status = facts.status
        facts = replace(serving(version), status=status.model_copy(update={"effective": revision(version)}))
        facts = replace(facts, status=decide(facts, NOW).status)
    assert [s.version for s in facts.status.history] == ["4", "6", "7", "8", "9", "10", "11", "12", "13", "5"]


WORDS = st.sampled_from(["", "1", "2", "3", "9", "latest"])


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS, st.sampled_from(["", "r-0123456789/jane", "d-0123456789/jane", "yes"]), st.booleans())
def test_words_about_other_versions_mean_nothing(promote, abort, approve, regression):
    facts = says(JUDGED, Verdict.MODEL_REGRESSION, "2") if regression else JUDGED
    facts = replace(facts, paired_rows=0)
    words = People(promote="" if promote == "2" else promote, abort="" if abort == "2" else abort, approve=approve)
    assert decide(replace(facts, people=words), NOW).slots == decide(facts, NOW).slots


@settings(max_examples=100, deadline=None)
@given(any_facts(), WORDS, WORDS, st.sampled_from(["", "1", "2", "3"]))
def test_only_a_pin_brings_back_what_is_quarantined(facts, promote, abort, pin):
    words = People(promote=promote, abort=abort, pin=pin)
    plan = decide(replace(facts, people=words, pinned=slot(pin) if pin else None), NOW)
    slots = [s for s in (plan.slots.candidate, plan.slots.reference) if s is not None]
    slots += [plan.slots.stable] if plan.slots.stable.digest != facts.held.stable.digest else []
    banned = {q.digest for q in plan.status.quarantined}
    assert {s.digest for s in slots} & banned <= {digest(pin) if pin else ""}
    assert not pin or (plan.slots.stable.version, plan.slots.candidate) == (pin, None)

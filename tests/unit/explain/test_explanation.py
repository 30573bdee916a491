"""Every verdict is told in words that a process engineer knows: a golden text each, and a few rules for all."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from math import inf, log
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.api.decision import Action, Authority, Decision, Outcome, Verdict
from andon.api.evidence import ERROR, LOSS, LOSS_EQUAL, OFF_SUPPORT, PAIRED, PAIRED_EQUAL, PREDICTION, SHIFT, TAG_FAULTS
from andon.api.types import Revision
from andon.core.drift import guards
from andon.core.drift.candidate import CANDIDATE
from andon.core.drift.guards import GUARDS
from andon.core.drift.stable import STABLE
from andon.explain import words
from andon.explain.case import Case
from andon.explain.explanation import explain, from_decision
from andon.explain.text import WIDTH, text

from .cases import AT, CASES, HARMFUL, REGRESSION, STUCK, check, evidence

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", CASES)
def test_a_verdict_is_told_as_agreed(name):
    assert text(explain(CASES[name])) == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("verdict", "answer"),
    [
        (Verdict.MODEL_REGRESSION, "the model"),
        (Verdict.CONCEPT_DRIFT, "the plant"),
        (Verdict.HARMFUL_SHIFT, "the plant"),
        (Verdict.BENIGN_SHIFT, "the plant"),
        (Verdict.DATA_FAULT, "the data"),
        (Verdict.HEALTHY, "Nothing is wrong"),
        (Verdict.NO_EVIDENCE, "not known"),
        (Verdict.UNKNOWN, "not known"),
    ],
)
def test_the_first_line_says_which_of_data_model_and_plant(verdict, answer):
    assert answer in explain(Case(verdict.value, AT, "e")).answer


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_no_symbol_of_statistics_reaches_the_reader(case):
    said = text(explain(case)).lower()
    assert not [word for word in ("log_e", "e-value", "p-value", "sigma", "hypothesis", "rmse", "e = ") if word in said]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_only_commands_are_wider_than_a_terminal(case):
    assert not [line for line in text(explain(case)).splitlines() if len(line) > WIDTH and "kubectl" not in line]


def test_every_question_and_every_check_of_the_engine_has_its_words():
    asked = {PAIRED, PAIRED_EQUAL, LOSS, LOSS_EQUAL, ERROR, SHIFT, OFF_SUPPORT, PREDICTION, *TAG_FAULTS}
    assert asked <= words.QUESTIONS.keys()
    assert set(TAG_FAULTS.values()) <= words.FAULTS.keys()
    assert {look.__name__.replace("_", " ") for look in (*CANDIDATE, *STABLE)} <= words.CHECKS.keys()
    assert {look.__name__.replace("_", " ") for look in GUARDS} <= words.GUARDS.keys()


def test_every_refusal_of_a_guard_rail_has_its_words():
    source = Path(guards.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'"([A-Z][a-z]+(?:[A-Z][a-z]+)+)"', source)) <= words.REFUSALS.keys()


def test_what_is_not_in_a_table_is_named_rather_than_lost():
    told = explain(
        Case(
            "NewVerdict", AT, "e", action="Rotate", refused="NewReason", checks=(check("new check", "12 of 13."),), summary="So."
        )
    )
    assert told.answer == "The verdict is New verdict."
    assert "New reason" in told.done
    assert told.checks[0].question == "New check?"


def test_strength_is_said_in_odds_and_never_stronger_than_it_was():
    assert words.odds(log(1000)) == "the odds that this is chance are below 1 in 1,000"
    assert words.odds(log(2999)) == "the odds that this is chance are below 1 in 2,000"
    assert words.odds(inf) == "the odds that this is chance are below 1 in 1,000,000"
    assert words.odds(-3) == "this may well be chance"
    assert words.odds(float("nan")) == "nothing is known"


@given(st.floats(log(10), 20))
def test_odds_are_rounded_towards_caution(log_e):
    said = float(words.one_in(log_e).removeprefix("1 in ").replace(",", ""))
    assert said <= 2.718281828459045**log_e * 1.00001


@pytest.mark.parametrize(
    ("saw", "said"),
    [
        ("Not worse for certain (e = 12.3).", "Not worse for certain (the odds that this is chance are below 1 in 10)."),
        ("As in the reference (e = 10^6).", "As in the reference (the odds that this is chance are below 1 in 1,000,000)."),
        ("As in the reference (e = 10^-7).", "As in the reference (this may well be chance)."),
        ("As in the reference (e = 0.0021).", "As in the reference (this may well be chance)."),
        ("The rate = 12.", "The rate = 12."),
        (
            "With labels its error is 1.02 times the stable's; not worse.",
            "With lab results its error is 1.02 times that of the version in service; not worse.",
        ),
        ("On the same 300 labelled rows", "On the same 300 rows with lab results"),
        ("85% of the rows of the last block off support", "85% of the newest 20 rows unlike any in the reference"),
        ("1.84 times the stable's error", "1.84 times the error of the version in service"),
    ],
)
def test_numbers_of_evidence_in_what_a_check_saw_become_odds(saw, said):
    assert words.plain(saw) == said


@pytest.mark.parametrize(
    ("name", "number", "question", "said"),
    [
        ("xmeas_7 stuck", "0.85", "xmeas_7: Does the reading stay at one value for longer than it ever did?", "85% of"),
        ("xmeas_7 biased", "4.17", "xmeas_7: Does the reading differ, always to one side", "4.2 times the usual gap in"),
        ("xmeas_7 noisy", "8.38e-17", "xmeas_7: Does the reading jump about", "0.0 times the usual gap in"),
    ],
)
def test_what_was_asked_of_a_tag_is_said_with_its_unit(name, number, question, said):
    case = replace(STUCK, checks=(check(name, f"{number} in the last block (e = 12)"),))
    (told,) = explain(case).checks
    assert told.question.startswith(question)
    assert told.saw == f"{said} the newest 20 rows (the odds that this is chance are below 1 in 10)"


def test_a_check_that_sounds_like_one_of_a_tag_is_not_taken_for_one():
    assert words.check("signals missing") == "Is what is needed to judge missing or too old?"


def test_a_shift_without_lab_results_is_not_said_to_harm():
    measured = replace(HARMFUL, evidence=evidence("error", "1.6 times the error of the reference", "1.2"))
    assert "nobody can say yet how good its answers are there" in explain(HARMFUL).headline
    assert "its answers suffer" in explain(measured).headline


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (12_000, "3 h 20 min"), (432_000, "5 days")],
)
def test_times_are_said_as_people_say_them(seconds, said):
    assert words.lasting(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("case", "what", "who_first"),
    [
        pytest.param(REGRESSION, "version 3 answers again", "Anybody", id="done: see it"),
        pytest.param(replace(REGRESSION, taken=False, refused="BudgetSpent"), "Not done", "Anybody", id="refused: the reason"),
        pytest.param(replace(STUCK, taken=False, authority="Confirm"), "a person has to approve", "An approver", id="waiting"),
        pytest.param(replace(STUCK, taken=False, authority="Advise"), "may only advise", "Instrumentation", id="advice"),
        pytest.param(replace(REGRESSION, outcome="git says so."), "What came of it: git says so.", "Anybody", id="outcome"),
        pytest.param(replace(STUCK, action=None), "Nothing had to be done", "Instrumentation", id="no action"),
    ],
)
def test_what_was_done_and_who_may_do_what_next(case, what, who_first):
    told = explain(case)
    assert what in told.done
    assert told.steps[0].who == who_first


def test_what_is_only_proposed_is_for_a_person_to_do_and_the_commands_are_named():
    proposed = replace(REGRESSION, action="Propose", authority="Confirm", taken=False, outcome=None)
    commands = [step.command for step in explain(proposed).steps]
    where = f"{proposed.target} "
    assert f"andon pin {where}{proposed.instead} -n {proposed.namespace}" in commands
    assert f"andon abort {where}-n {proposed.namespace}" in commands


def test_the_json_form_holds_everything_and_is_json():
    document = json.loads(json.dumps(explain(REGRESSION).as_json()))
    assert document["at"] == "2026-11-22T07:14:03Z"
    assert [c["answered"] for c in document["checks"]] == [False, False, False, False, True]
    assert document["ruled_out"][0]["cause"] == "The data"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_nothing_is_ruled_out_that_was_not_looked_at(case):
    assert explain(replace(case, checks=())).ruled_out == ()


@pytest.mark.parametrize(
    ("answering", "causes"),
    [
        pytest.param("worse with labels", ["The data", "The plant", "Chance"], id="the same rows"),
        pytest.param("worse without labels", ["The data", "The plant", "Chance"], id="the same rows without lab results"),
        pytest.param("own signal", [], id="a query of the user's own compares nothing"),
    ],
)
def test_a_conviction_rules_out_what_its_comparison_does(answering, causes):
    case = replace(REGRESSION, checks=(check(answering, "So it is.", Outcome.ANSWERED),))
    assert [other.cause for other in explain(case).ruled_out] == causes


def test_what_a_check_could_not_see_is_not_said_to_be_ruled_out():
    told = {other.cause: other.why for other in explain(HARMFUL).ruled_out}
    assert told["Readings that mean something else now"].startswith("This could not be ruled out. No lab results join")


def test_a_tag_at_fault_is_named_where_the_data_are_cleared():
    data = explain(replace(REGRESSION, faulty=("xmeas_7",))).ruled_out[0]
    assert data.why.startswith("xmeas_7 was known to be at fault. Beside that: No tag is under suspicion.")


def test_a_limit_of_the_reference_is_not_called_a_limit_of_what_is_possible():
    seen = check("xmeas_7 out-of-range", "1 in the last block (e = 4e+03)", Outcome.ANSWERED)
    told = text(explain(replace(STUCK, fault="OutOfRange", checks=(seen,), evidence=evidence("out-of-range", "100%", "5%"))))
    assert "possible" not in told
    assert "what the reference has seen, with room to spare" in " ".join(told.split())


@pytest.mark.parametrize("asked", [True, False])
def test_a_value_out_of_range_is_held_against_the_other_tags_where_they_were_asked(asked):
    seen = check("xmeas_7 out-of-range", "1 in the last block (e = 4e+03)", Outcome.ANSWERED)
    others = (check("xmeas_7 biased", "7.04 in the last block (e = 4e+03)"),) if asked else ()
    plant = explain(replace(STUCK, fault="OutOfRange", checks=(seen, *others))).ruled_out[0]
    assert ("off by 7.0 times the usual gap" in plant.why) is asked


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("became", [{}, {"taken": True}, {"refused": "DryRun"}, {"action": None}])
def test_of_a_replay_it_is_told_what_would_have_been(case, became):
    told = explain(replace(case, **({"taken": False, "refused": None} | became), guards=(), replayed=True, id=None))
    assert "would" in told.done
    assert not [step for step in told.steps if step.command]
    assert "kubectl" not in text(told)
    assert "git" not in text(told)


def test_what_is_asked_for_still_is_not_called_nothing():
    standing = replace(REGRESSION, action=None, taken=False, replayed=True, guards=(check("allowed", "So.", Outcome.ANSWERED),))
    assert "asked for before" in explain(standing).done


def test_a_published_decision_is_told_with_its_own_checks():
    revision = {"digest": "sha256:" + "a" * 64}
    decision = Decision(
        id="d-0123456789",
        target="e",
        action=Action.RETRAIN,
        authority=Authority.CONFIRM,
        verdict=Verdict.CONCEPT_DRIFT,
        from_=Revision(version="3", **revision),
        since=AT,
        evidence=evidence("error", "1.62 times the error of the reference", "1.20"),
        summary="It errs more.",
        checks=[check("signals missing", "2 s old."), check("concept drift", "1.62 times.", Outcome.ANSWERED)],
    )
    told = from_decision(decision, "plant-a", actor="trainingpipeline/e")
    assert (told.verdict, told.authority, told.found_at_fault) == ("ConceptDrift", "Confirm", "3")
    assert (
        told.steps[0].command
        == "kubectl -n plant-a annotate --overwrite trainingpipeline/e andon.dev/approve=d-0123456789/YOUR-USERNAME"
    )
    assert [c.answered for c in told.checks] == [False, True]

"""A candidate is judged by the same rows as the stable, whatever the plant and the data do meanwhile."""

from dataclasses import replace
from datetime import timedelta

import pytest

from andon.api.decision import Outcome, Verdict
from andon.api.evidence import Reading
from andon.core.drift.facts import Heard
from andon.core.drift.levels import LOSS_CONVICT, LOSS_CONVICT_EARLY, PAIRED_CONVICT
from andon.core.drift.plan import decide, judge

from .policies import BAD, ERRS, GOOD, MOVED, NOW, SURE, judging, of_candidate, policy, tag

FEW = 59
SCRAP = {"name": "scrap", "query": "scrap", "fire": "0.05", "clear": "0.03", "verdict": "ModelRegression"}
SIGNALS = policy(signals=[{"promql": SCRAP}])
HIGH = {"scrap": Heard(tuple(Reading(0.06, NOW - timedelta(seconds=s)) for s in range(4, -1, -1)))}


@pytest.mark.parametrize(
    ("facts", "verdict", "reason"),
    [
        pytest.param(judging(), Verdict.NO_EVIDENCE, "TooFewRows", id="nobody has seen it yet"),
        pytest.param(
            judging(of_candidate("loss", SURE, rows=FEW)), Verdict.NO_EVIDENCE, "TooFewRows", id="convincing, on too few rows"
        ),
        pytest.param(judging(BAD), Verdict.MODEL_REGRESSION, "ModelRegression", id="labels say that it is worse"),
        pytest.param(
            judging(of_candidate("loss", LOSS_CONVICT - 0.1)), Verdict.NO_EVIDENCE, "Undecided", id="worse, but not for certain"
        ),
        pytest.param(
            judging(of_candidate("loss", LOSS_CONVICT + 0.1, rows=119)),
            Verdict.NO_EVIDENCE,
            "Undecided",
            id="early, more is asked",
        ),
        pytest.param(
            judging(of_candidate("loss", LOSS_CONVICT_EARLY + 0.1, rows=119)),
            Verdict.MODEL_REGRESSION,
            "ModelRegression",
            id="early, and more is there",
        ),
        pytest.param(judging(GOOD, of_candidate("loss", -3)), Verdict.HEALTHY, "Healthy", id="labels say that it is as good"),
        pytest.param(
            judging(of_candidate("paired", SURE)), Verdict.MODEL_REGRESSION, "ModelRegression", id="no labels: its predictions do"
        ),
        pytest.param(
            judging(of_candidate("paired", SURE), of_candidate("loss", 0, rows=20, value=0.9)),
            Verdict.NO_EVIDENCE,
            "Undecided",
            id="labels do not say that it is worse: its predictions may be the better ones",
        ),
        pytest.param(
            judging(of_candidate("paired", SURE), of_candidate("loss", 3, rows=20, value=2.5)),
            Verdict.MODEL_REGRESSION,
            "ModelRegression",
            id="a few labels are not worse than none",
        ),
        pytest.param(
            judging(of_candidate("paired", SURE), of_candidate("loss", 1, rows=60, value=2.5)),
            Verdict.NO_EVIDENCE,
            "Undecided",
            id="as many as are asked for decide",
        ),
        pytest.param(
            judging(of_candidate("paired", 0), of_candidate("paired-equal", SURE)),
            Verdict.HEALTHY,
            "Healthy",
            id="no labels: near enough",
        ),
        pytest.param(
            judging(of_candidate("paired", 0), of_candidate("paired-equal", SURE), of_candidate("loss", 0, rows=20)),
            Verdict.NO_EVIDENCE,
            "Undecided",
            id="with labels joining, nearness does not clear",
        ),
        pytest.param(
            judging(BAD, tag("xmeas_7", "biased", 4.0)), Verdict.NO_EVIDENCE, "DataSuspect", id="a tag may be behind it: wait"
        ),
        pytest.param(
            judging(BAD, tag("xmeas_7", "biased", 4.0, since=201)),
            Verdict.MODEL_REGRESSION,
            "ModelRegression",
            id="a suspicion that comes to nothing holds up nobody for ever",
        ),
        pytest.param(
            judging(BAD, tag("xmeas_7", "stuck")), Verdict.MODEL_REGRESSION, "ModelRegression", id="a data fault hides no bad one"
        ),
        pytest.param(judging(BAD, MOVED, ERRS), Verdict.MODEL_REGRESSION, "ModelRegression", id="nor does a shift of the plant"),
        pytest.param(judging(GOOD, MOVED, ERRS), Verdict.HEALTHY, "Healthy", id="a shift of the plant is no fault of a good one"),
    ],
)
def test_candidate(facts, verdict, reason):
    answer = judge(facts, NOW).candidate.answer
    assert (answer.verdict, answer.reason, answer.judged.version) == (verdict, reason, "2")


@pytest.mark.parametrize(
    ("began", "verdict"),
    [
        pytest.param(NOW - timedelta(hours=1), Verdict.MODEL_REGRESSION, id="it began with the candidate"),
        pytest.param(NOW + timedelta(hours=1), Verdict.NO_EVIDENCE, id="it was there before"),
    ],
)
def test_a_signal_of_the_users_own_convicts_only_what_it_began_with(began, verdict):
    neither = of_candidate("paired", 0, epoch=int(began.timestamp()))
    facts = judging(neither, spec=SIGNALS, signals=HIGH)
    assert judge(facts, NOW).candidate.answer.verdict is verdict


def test_both_ends_are_answered_while_a_candidate_is_judged():
    status = decide(judging(GOOD, MOVED, ERRS), NOW)
    assert (status.verdict, status.judged.version) == (Verdict.HEALTHY, "2")
    assert (status.stable_verdict, status.stable_judged.version) == (Verdict.HARMFUL_SHIFT, "1")


def test_the_chain_says_what_each_check_saw_and_ends_with_the_answer():
    told = judge(judging(BAD), NOW).candidate
    assert [(c.name, c.outcome) for c in told.checks] == [
        ("signals missing", Outcome.PASSED),
        ("too few rows", Outcome.PASSED),
        ("data suspect", Outcome.PASSED),
        ("worse with labels", Outcome.ANSWERED),
    ]
    assert told.checks[-1].saw == told.answer.because
    assert all(check.saw for check in told.checks)


@pytest.mark.parametrize(("ratio", "told"), [(1.8, "is 1.80 times"), (10.0, "is at least 10.00 times")])
def test_an_error_as_large_as_is_counted_may_be_larger(ratio, told):
    facts = judging(of_candidate("loss", SURE, value=ratio))
    assert told in decide(facts, NOW).decisions[0].summary


def test_a_decision_keeps_the_checks_as_they_were():
    facts = judging(BAD)
    first = decide(facts, NOW)
    later = decide(replace(judging(of_candidate("loss", SURE + 3, value=2.5)), status=first), NOW + timedelta(seconds=10))
    assert first.decisions[0].checks == list(judge(facts, NOW).candidate.checks)
    assert later.decisions == first.decisions


@pytest.mark.parametrize(("a_year", "convicted"), [("1", True), ("0.1", False), ("10", True)])
def test_who_bears_fewer_false_alarms_wants_more_evidence(a_year, convicted):
    barely = judging(of_candidate("paired", PAIRED_CONVICT + 0.1))
    facts = replace(barely, spec=policy(evidence={"minRows": 60, "falseAlarmsPerYear": a_year}))
    assert (judge(facts, NOW).candidate.answer.verdict is Verdict.MODEL_REGRESSION) == convicted

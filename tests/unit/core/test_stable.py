"""What serves is told apart: it means something else now, the plant has moved with harm or without, or nothing is known."""

from dataclasses import replace
from datetime import timedelta

import pytest

from andon.api.decision import Action, Verdict
from andon.api.evidence import Reading
from andon.api.missing import Missing
from andon.api.policy import DriftPolicyStatus
from andon.core.drift.facts import Heard
from andon.core.drift.plan import decide, judge

from .deployments import revision
from .policies import ERRS, MOVED, NOW, ROW, SURE, asked_for, judging, policy, refused, says, sees, tag, without

OFF = says("off-support", SURE, subject="inputs", value=0.4)
LATE = says("error", -2, last_row=NOW - 200 * ROW)
SCRAP = {"name": "scrap", "query": "scrap", "fire": "0.05", "clear": "0.03"}
SIGNALS = policy(signals=[{"promql": SCRAP}])
AWAY = Missing("Timeout", "Prometheus did not answer in 2 s.")


def regime(name, share):
    return says("regime", 0, subject=name, value=share)


def unlabelled(*seen):
    return without(sees(*seen), "error")


@pytest.mark.parametrize(
    ("facts", "verdict", "reason"),
    [
        pytest.param(sees(), Verdict.HEALTHY, "Healthy", id="enough rows, nothing wrong"),
        pytest.param(sees(ERRS), Verdict.CONCEPT_DRIFT, "ConceptDrift", id="it errs more on quiet inputs"),
        pytest.param(sees(ERRS, MOVED), Verdict.HARMFUL_SHIFT, "HarmfulShift", id="inputs moved, and it errs more"),
        pytest.param(sees(MOVED), Verdict.BENIGN_SHIFT, "BenignShift", id="inputs moved, and it errs no more"),
        pytest.param(sees(MOVED, OFF), Verdict.BENIGN_SHIFT, "BenignShift", id="labels know better than the support"),
        pytest.param(unlabelled(MOVED), Verdict.BENIGN_SHIFT, "BenignShift", id="no labels, where the model was taught"),
        pytest.param(unlabelled(MOVED, OFF), Verdict.HARMFUL_SHIFT, "HarmfulShift", id="no labels, where it was never taught"),
        pytest.param(sees(MOVED, LATE), Verdict.NO_EVIDENCE, "LabelsAwaited", id="labels are on the way"),
        pytest.param(
            sees(says("shift", SURE, since=301, value=2.5), says("error", -2, last_row=NOW - 300 * ROW)),
            Verdict.BENIGN_SHIFT,
            "BenignShift",
            id="labels that do not come are not waited for for ever",
        ),
        pytest.param(
            sees(MOVED, says("error", 2.0, value=1.2)), Verdict.NO_EVIDENCE, "LabelsAwaited", id="labels do not say yet"
        ),
        pytest.param(
            sees(says("prediction", SURE, subject="prediction")), Verdict.UNKNOWN, "PredictionsMoved", id="predictions alone"
        ),
        pytest.param(sees(regime("Settling", 0.8), MOVED), Verdict.NO_EVIDENCE, "Settling", id="after a changeover"),
        pytest.param(sees(regime("Unknown", 1.0), MOVED), Verdict.NO_EVIDENCE, "UnknownRegime", id="a recipe nobody knows"),
        pytest.param(sees(regime("Settling", 0.2), MOVED), Verdict.BENIGN_SHIFT, "BenignShift", id="hardly settling any more"),
        pytest.param(sees(regime("Settling", 0.55)), Verdict.HEALTHY, "Healthy", id="over within a block: what was said stands"),
        pytest.param(sees(ERRS, tag("xmeas_7", "biased", 4.0)), Verdict.NO_EVIDENCE, "DataSuspect", id="a tag may be behind it"),
        pytest.param(sees(tag("xmeas_7", "biased", 4.0)), Verdict.HEALTHY, "Healthy", id="a suspicion alone blames nobody"),
        pytest.param(
            sees(ERRS, tag("xmeas_7", "stuck")), Verdict.NO_EVIDENCE, "DataAtFault", id="a tag at fault explains errors"
        ),
        pytest.param(
            sees(ERRS, MOVED, tag("xmeas_7", "stuck")), Verdict.BENIGN_SHIFT, "BenignShift", id="but not that the plant has moved"
        ),
        pytest.param(
            sees(replace(ERRS, rows=40), status=DriftPolicyStatus()),
            Verdict.HEALTHY,
            "Healthy",
            id="few labelled rows say nothing",
        ),
        pytest.param(sees(says("fit", 0, subject="rows", rows=59)), Verdict.NO_EVIDENCE, "TooFewRows", id="one row short"),
        pytest.param(
            sees(says("fit", 0, subject="rows", rows=59), tag("xmeas_7", "stuck", -2, rows=4000)),
            Verdict.NO_EVIDENCE,
            "TooFewRows",
            id="rows that pass unjudged count for nothing",
        ),
        pytest.param(without(sees(), "fit"), Verdict.NO_EVIDENCE, "TooFewRows", id="nobody says how many could be judged by"),
    ],
)
def test_stable(facts, verdict, reason):
    answer = judge(facts, NOW).stable.answer
    assert (answer.verdict, answer.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("facts", "asked", "held"),
    [
        pytest.param(sees(ERRS), [Action.RETRAIN], [], id="concept drift asks for training"),
        pytest.param(sees(MOVED), [Action.PROPOSE], [], id="no harm: somebody may want to know"),
        pytest.param(unlabelled(MOVED, OFF), [Action.RETRAIN], [], id="inputs alone, with a long reference"),
        pytest.param(
            without(unlabelled(MOVED, OFF), "reference"),
            [Action.PROPOSE],
            ["CalibrationTooShort"],
            id="inputs alone, with a short reference: only proposed",
        ),
        pytest.param(without(sees(ERRS, MOVED), "reference"), [Action.RETRAIN], [], id="labels need no long reference"),
        pytest.param(sees(says("prediction", SURE, subject="prediction")), [], [], id="nobody knows why: hold"),
    ],
)
def test_what_is_asked_for(facts, asked, held):
    status = decide(facts, NOW)
    assert (asked_for(status), refused(status)) == (asked, held)


@pytest.mark.parametrize(
    ("log_e", "before", "verdict"),
    [
        pytest.param(1.0, Verdict.BENIGN_SHIFT, Verdict.BENIGN_SHIFT, id="what was said stays while anything speaks for it"),
        pytest.param(-0.1, Verdict.BENIGN_SHIFT, Verdict.HEALTHY, id="and no longer"),
        pytest.param(1.0, Verdict.HEALTHY, Verdict.HEALTHY, id="it takes more to be said"),
    ],
)
def test_hysteresis(log_e, before, verdict):
    standing = DriftPolicyStatus(stable_verdict=before, stable_judged=revision("1"))
    facts = sees(replace(MOVED, log_e=log_e), status=standing)
    assert judge(facts, NOW).stable.answer.verdict is verdict


def test_harm_began_when_the_plant_moved():
    errs = replace(ERRS, first_bad=NOW - 300 * ROW)
    (decision,) = decide(sees(errs, says("shift", SURE, since=40, value=2.5)), NOW).decisions
    assert decision.evidence.first_bad_row == NOW - 40 * ROW


def located(far):
    return [says("moved", 0, subject=tag, value=value) for tag, value in far.items()]


def test_a_movement_names_the_tags_in_which_it_shows_the_farthest_first():
    facts = sees(ERRS, MOVED, *located({"xmeas_8": 1.4, "xmeas_7": 3.0}), says("moved", 0, subject="xmeas_9", value=9.0, of="9"))
    (decision,) = decide(facts, NOW).decisions
    assert (decision.subjects, decision.fault) == (["xmeas_7", "xmeas_8"], None)


def test_a_refusal_that_goes_on_is_not_told_anew_when_the_movement_shows_elsewhere():
    first = decide(sees(ERRS, MOVED, *located({"xmeas_7": 3.0}), spec=policy(dryRun=True)), NOW)
    assert first.held
    again = decide(sees(ERRS, MOVED, *located({"xmeas_8": 3.0}), spec=policy(dryRun=True), status=first), NOW + ROW)
    assert again.held == first.held


HARMED = DriftPolicyStatus(stable_verdict=Verdict.HARMFUL_SHIFT, stable_judged=revision("1"))


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        pytest.param(
            sees(ERRS, status=HARMED), Verdict.HARMFUL_SHIFT, id="the errors are still those of the rows that had moved"
        ),
        pytest.param(sees(replace(ERRS, value=1.0), status=HARMED), Verdict.HEALTHY, id="until it errs no more"),
    ],
)
def test_a_shift_that_is_over_does_not_become_concept_drift(facts, verdict):
    assert judge(facts, NOW).stable.answer.verdict is verdict


def test_what_stood_of_one_revision_is_not_held_against_the_next():
    other = DriftPolicyStatus(stable_verdict=Verdict.BENIGN_SHIFT, stable_judged=revision("9"))
    assert judge(sees(replace(MOVED, log_e=1.0), status=other), NOW).stable.answer.verdict is Verdict.HEALTHY


def test_errors_right_after_a_data_fault_are_the_datas():
    fault = decide(sees(tag("xmeas_7", "stuck")), NOW)
    closed = decide(sees(status=fault), NOW + timedelta(seconds=10))
    assert closed.decisions[0].closed == NOW + timedelta(seconds=10)
    soon, later = NOW + timedelta(minutes=2), NOW + timedelta(minutes=20)
    fresh = sees(*(replace(s, scraped=later) for s in sees(ERRS).seen), status=closed)
    assert judge(fresh, soon).stable.answer.reason == "DataAtFault"
    assert judge(fresh, later).stable.answer.verdict is Verdict.CONCEPT_DRIFT


def readings(*values, missing=None):
    return {"scrap": Heard(tuple(Reading(v, NOW - timedelta(seconds=len(values) - n)) for n, v in enumerate(values)), missing)}


@pytest.mark.parametrize(
    ("signals", "verdict", "reason"),
    [
        pytest.param(readings(0.06, 0.06, 0.06), Verdict.HARMFUL_SHIFT, "HarmfulShift", id="three of five beyond"),
        pytest.param(readings(0.06, 0.04, 0.06, 0.04), Verdict.HEALTHY, "Healthy", id="two are too few"),
        pytest.param(readings(0.0, missing=AWAY), Verdict.HEALTHY, "Healthy", id="missing once: the last number still counts"),
        pytest.param({}, Verdict.UNKNOWN, "NoSeries", id="never seen is not the same as quiet"),
        pytest.param({"scrap": Heard((), AWAY)}, Verdict.UNKNOWN, "Timeout", id="away is neither quiet nor firing"),
        pytest.param(
            {"scrap": Heard((Reading(0.0, NOW - timedelta(seconds=31)),))}, Verdict.UNKNOWN, "Stale", id="old is not quiet"
        ),
    ],
)
def test_a_signal_of_the_users_own(signals, verdict, reason):
    answer = judge(sees(spec=SIGNALS, signals=signals), NOW).stable.answer
    assert (answer.verdict, answer.reason) == (verdict, reason)


@pytest.mark.parametrize(("share", "said"), [(0.4, "they are coming in"), (0.0, "the newest ones say nothing")])
@pytest.mark.parametrize("track", ["stable", "candidate"])
def test_who_waits_for_rows_says_whether_any_come(share, said, track):
    facts = judging(says("fit", 0, subject="rows", rows=40, value=share))
    assert said in getattr(judge(facts, NOW), track).answer.because

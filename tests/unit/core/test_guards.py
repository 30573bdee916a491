"""What a verdict asks for is done only where every guard rail lets it pass; each refusal has its name."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from andon.api.decision import ActedState, Action, Verdict
from andon.api.deployment import Quarantined
from andon.api.evidence import Reading
from andon.core.drift.facts import Heard
from andon.core.drift.fleet import Fleet, fleet
from andon.core.drift.plan import decide

from .deployments import digest, revision
from .policies import BAD, ERRS, MOVED, NOW, acted, asked_for, done, judging, policy, reasons, refused, sees, tag, without

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ROLLBACK, RETRAIN, PROPOSE, ALERT, QUARANTINE = (
    Action.ROLLBACK,
    Action.RETRAIN,
    Action.PROPOSE,
    Action.ALERT,
    Action.QUARANTINE,
)


def saying(facts, **more):
    return replace(facts, spec=policy(**more))


def scrapped(facts):
    """A signal of the user's own says that the meaning of the inputs has changed."""
    signal = {"name": "scrap", "query": "scrap", "fire": "0.05", "clear": "0.03", "verdict": "ConceptDrift"}
    readings = tuple(Reading(0.06, NOW - timedelta(seconds=s)) for s in range(4, -1, -1))
    return replace(facts, spec=policy(signals=[{"promql": signal}]), signals={"scrap": Heard(readings)})


def convicted_before(facts, version):
    assert facts.target is not None
    entry = Quarantined(version=version, digest=digest(version), decision="d-1", since=NOW)
    status = facts.target.status.model_copy(update={"quarantined": [entry]})
    return replace(facts, target=replace(facts.target, status=status))


def shift_expected(since, until):
    return [{"from": f"{NOW + since:%Y-%m-%dT%H:%M:%SZ}", "to": f"{NOW + until:%Y-%m-%dT%H:%M:%SZ}", "reason": "catalyst change"}]


def told(deployments: int, **verdicts: int) -> Fleet:
    counts: Mapping[Verdict, int] = {Verdict(name): count for name, count in verdicts.items()}
    return Fleet(deployments, counts)


@pytest.mark.parametrize(
    ("facts", "asked", "held"),
    [
        pytest.param(judging(BAD), [ROLLBACK], [], id="nothing speaks against it"),
        pytest.param(saying(judging(BAD), dryRun=True), [], ["DryRun"], id="a policy on trial only says"),
        pytest.param(saying(sees(tag("xmeas_7", "stuck")), dryRun=True), [], ["DryRun"], id="nor does it quarantine"),
        pytest.param(
            saying(sees(MOVED), expectedShift=shift_expected(-HOUR, HOUR)), [], ["ExpectedShift"], id="the shift was announced"
        ),
        pytest.param(
            saying(sees(MOVED), expectedShift=shift_expected(-2 * HOUR, -HOUR)), [PROPOSE], [], id="the announced time is over"
        ),
        pytest.param(
            saying(judging(BAD, MOVED), expectedShift=shift_expected(-HOUR, HOUR)),
            [ROLLBACK],
            ["ExpectedShift"],
            id="a bad candidate was not announced",
        ),
        pytest.param(
            saying(sees(tag("xmeas_7", "stuck")), expectedShift=shift_expected(-HOUR, HOUR)),
            [QUARANTINE],
            [],
            id="nor was a broken sensor",
        ),
        pytest.param(sees(MOVED, ERRS, tag("xmeas_7", "biased", 3.1, since=30)), [], [], id="a suspect tag: not even a verdict"),
        pytest.param(
            without(sees(MOVED, replace(MOVED, question="off-support"), tag("xmeas_7", "stuck")), "error"),
            [QUARANTINE],
            ["DataFaultOpen"],
            id="nothing is trained while a tag is at fault",
        ),
        pytest.param(
            scrapped(sees(tag("xmeas_7", "biased", 4.0, since=30))),
            [],
            ["DataFaultOpen"],
            id="nor while one is under suspicion",
        ),
        pytest.param(sees(ERRS, pipelines=()), [PROPOSE], ["NoPipeline"], id="nobody to train: a person is asked"),
        pytest.param(convicted_before(judging(BAD), "1"), [], ["OneWay"], id="never back to what was convicted itself"),
        pytest.param(convicted_before(judging(BAD), "7"), [ROLLBACK], [], id="another revision was"),
        pytest.param(done(judging(BAD), acted(ROLLBACK, 29 * MINUTE)), [], ["CoolingDown"], id="half an hour after a rollback"),
        pytest.param(done(judging(BAD), acted(ROLLBACK, 31 * MINUTE)), [ROLLBACK], [], id="and then again"),
        pytest.param(
            saying(
                done(judging(BAD), acted(ROLLBACK, 3 * HOUR), acted(ROLLBACK, 59 * MINUTE, id_="d-2")),
                budget={"rollbacks": {"max": 9, "per": "7d"}},
            ),
            [],
            ["CoolingDown"],
            id="the second wait is twice as long",
        ),
        pytest.param(
            done(judging(BAD), acted(ROLLBACK, MINUTE, state=ActedState.REFUSED)),
            [],
            ["CoolingDown"],
            id="git refused it after serving went back: it was done",
        ),
        pytest.param(
            done(judging(BAD), acted(ROLLBACK, MINUTE, state=ActedState.EXPIRED)),
            [ROLLBACK],
            [],
            id="what expired was never begun",
        ),
        pytest.param(done(sees(ERRS), acted(ROLLBACK, MINUTE)), [RETRAIN], [], id="a rollback cools no training"),
        pytest.param(
            done(judging(BAD), acted(ROLLBACK, 6 * DAY), acted(ROLLBACK, 2 * DAY, id_="d-2")),
            [],
            ["BudgetSpent"],
            id="two rollbacks a week",
        ),
        pytest.param(
            done(judging(BAD), acted(ROLLBACK, 8 * DAY), acted(ROLLBACK, 2 * DAY, id_="d-2")), [ROLLBACK], [], id="one this week"
        ),
        pytest.param(
            sees(ERRS, acted=(acted(RETRAIN, 5 * HOUR),)), [], ["BudgetSpent"], id="one training a day, by whoever trains"
        ),
        pytest.param(
            saying(judging(BAD), budget={"rollbacks": {"max": 0, "per": "1d"}}), [], ["BudgetSpent"], id="a budget of nothing"
        ),
        pytest.param(
            judging(BAD, namespace_acted=tuple(acted(ROLLBACK, DAY, id_=f"d-{n}") for n in range(20))),
            [],
            ["NamespaceBudgetSpent"],
            id="twenty rollbacks a week in the namespace",
        ),
        pytest.param(judging(BAD, fleet=told(10, ModelRegression=3)), [], ["CircuitOpen"], id="the fourth of ten"),
        pytest.param(judging(BAD, fleet=told(10, ModelRegression=2)), [ROLLBACK], [], id="the third of ten"),
        pytest.param(judging(BAD, fleet=told(100, ModelRegression=20)), [ROLLBACK], [], id="a fifth of a hundred"),
        pytest.param(judging(BAD, fleet=told(10, DataFault=6)), [], ["CircuitOpen"], id="whatever all are told freezes all"),
        pytest.param(
            sees(tag("xmeas_7", "stuck"), fleet=told(10, DataFault=6)), [QUARANTINE], [], id="but data are kept out all the same"
        ),
        pytest.param(saying(judging(BAD), authority={"Rollback": "Advise"}), [], ["AdviseOnly"], id="the policy only advises"),
        pytest.param(saying(judging(BAD), actions={"ModelRegression": "Hold"}), [], [], id="the policy asks for nothing"),
        pytest.param(saying(judging(BAD), actions={"ModelRegression": "Alert"}), [ALERT], [], id="the policy only says"),
        pytest.param(saying(sees(tag("xmeas_7", "stuck")), actions={"DataFault": "Alert"}), [ALERT], [], id="of the data, too"),
    ],
)
def test_guards(facts, asked, held):
    status = decide(facts, NOW)
    assert (asked_for(status), refused(status)) == (asked, held)


def test_a_refusal_is_a_condition_and_is_frozen_when_it_began():
    facts = done(judging(BAD), acted(Action.ROLLBACK, 20 * MINUTE))
    first = decide(facts, NOW)
    later = decide(replace(facts, status=first), NOW + 10 * timedelta(seconds=1))
    assert reasons(first.conditions)["ActionHeld"] == "CoolingDown"
    assert later == first
    assert (first.held[0].from_, first.held[0].since) == (revision("2"), NOW)
    free = decide(replace(judging(BAD), status=first), NOW)
    assert "ActionHeld" not in reasons(free.conditions)


def test_an_open_decision_counts_against_no_budget_of_its_own():
    facts = replace(judging(BAD), spec=policy(budget={"rollbacks": {"max": 1, "per": "7d"}}))
    (decision,) = decide(facts, NOW).decisions
    again = decide(done(facts, acted(Action.ROLLBACK, MINUTE, id_=decision.id, state=ActedState.ACTING)), NOW)
    assert [d.id for d in again.decisions] == [decision.id], "a policy made anew goes on with what its actor does"


def test_a_fleet_counts_each_deployment_once_and_only_what_is_recent():
    recent, old = decide(judging(BAD), NOW), decide(judging(BAD), NOW - 2 * HOUR)
    healthy = decide(sees(), NOW)
    assert fleet([recent, recent, old, healthy], HOUR, NOW) == Fleet(4, {Verdict.MODEL_REGRESSION: 2})


def test_what_the_guards_saw_is_frozen_with_the_decision():
    (decision,) = decide(judging(BAD), NOW).decisions
    assert [g.name for g in decision.guards][-1] == "allowed"
    assert {"cooldown", "budget", "one way", "circuit breaker"} <= {g.name for g in decision.guards}


def test_an_expected_shift_is_noted_all_the_same():
    window = {"from": "2026-01-02T01:00:00Z", "to": "2026-01-02T07:00:00+02:00", "reason": "catalyst change"}
    status = decide(saying(sees(MOVED), expectedShift=[window]), NOW)
    assert status.verdict is Verdict.BENIGN_SHIFT
    assert status.held[0].message == "A shift is expected until 2026-01-02 05:00 UTC (catalyst change): noted."

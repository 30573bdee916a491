"""Which rows are models judged by, why not by the others, and in which regime."""

from math import log

import numpy as np
import orjson
import pytest

from andon.api.evidence import SETTLING
from andon.stats.build import profile
from andon.stats.ledger import Ledger, Trial
from unit.stats.profiles import MAX_AGE, a_process, in_units, reference, rows, truth
from unit.stats.stories import TRIAL, said


def few_tags(n, seed, tags):
    return in_units(a_process(n, seed)[:, :tags])


def ledger_of(tags, seed=11):
    """Of a model that reads so few tags."""
    ledger = Ledger()
    ledger.begin(profile(reference(rows(few_tags(1000, seed, tags)))), TRIAL, 0.0)
    return ledger


@pytest.mark.parametrize(
    ("tags", "broken", "fit"), [(1, 1, False), (2, 1, True), (3, 1, True), (3, 2, False), (8, 2, True), (8, 3, False)]
)
def test_a_quarter_of_the_tags_may_be_at_fault_or_one_of_them_as_long_as_another_is_left(tags, broken, fit):
    values = few_tags(200, 31, tags)
    status = np.zeros(values.shape)
    status[100:, :broken] = 0x80000000
    judged = ledger_of(tags).take(rows(values, status=status), MAX_AGE)
    assert judged.fit[:100].all()
    assert (judged.fit[100:] == fit).all()


def test_the_report_says_why_rows_were_not_judged():
    values = few_tags(200, 31, 3)
    values[20:30, :2] = np.nan
    status = np.zeros(values.shape)
    status[40:80, :2] = 0x80000000
    values[80:200, :2] *= 1e300
    names = ("",) * 120 + (SETTLING,) * 25 + ("unheard of",) * 15 + ("",) * 40
    ledger = ledger_of(3)
    ledger.take(rows(values, status=status, regimes=names), MAX_AGE)
    told = ledger.report()["rows"]
    assert told == {
        "fit": 30,
        "unfit": {"Missing": 50, "TooManyTagsAtFault": 80, SETTLING: 25, "Unknown": 15},
        "waiting": {},
    }
    assert said(ledger)["fit", "rows"].rows == 30
    assert said(ledger)["fit", "rows"].value == 0.0


def of_two_regimes(n=2000):
    """The stable errs by 0.1 in the cold and by 0.3 in the heat, in turns of 25 rows."""
    names = tuple("cold" if (i // 25) % 5 else "hot" for i in range(n))
    z = a_process(n, seed=41)
    error = np.array([0.1 if name == "cold" else 0.3 for name in names]) * np.random.default_rng(42).normal(size=n)
    return rows(in_units(z), regimes=names), truth(z), error


def played(worse, late=400, n=2000, drift=1.0):
    """worse: of the candidate, by regime. drift: of the stable's error in the cold from row 1000 on."""
    given, labels, error = of_two_regimes(n)
    ledger = Ledger()
    ledger.begin(profile(reference(given, prediction=labels + error, labels=labels)), Trial("s", "c", 0.10), 0.0)
    times = np.array([worse[name] for name in given.regimes])
    cold = np.array([name == "cold" for name in given.regimes])
    error = np.where(cold & (np.arange(n) >= 1000), drift * error, error)
    stable, candidate = labels + error, labels + (1 + times) * error
    for until in range(20, n + 1, 20):
        part = slice(until - 20, until)
        judged = ledger.take(given.part(until - 20, until), MAX_AGE)
        ledger.score(judged, stable[part], candidate[part])
        known = slice(max(until - 20 - late, 0), max(until - late, 0))
        ledger.learn(given.times[known], labels[known], stable[known], candidate[known])
    return ledger


def test_labels_that_come_four_hundred_rows_late_are_of_the_regime_that_was():
    ledger = played({"cold": 0.0, "hot": 0.5})
    assert said(ledger)["loss", "candidate"].log_e >= log(20)
    regimes = orjson.loads(orjson.dumps(ledger.report()["regimes"]))
    ratio = {name: {one["question"]: one["value"] for one in told}["loss"] for name, told in regimes.items()}
    assert ratio == {"cold": pytest.approx(1.0), "hot": pytest.approx(1.5)}
    assert said(ledger)["loss-equal", "candidate"].log_e <= 0


def test_an_equal_candidate_is_cleared_in_both():
    found = said(played({"cold": 0.0, "hot": 0.0}))
    assert found["loss-equal", "candidate"].log_e >= log(300)
    assert found["paired-equal", "candidate"].log_e >= log(20)


def test_without_labels_too_a_candidate_is_not_cleared_that_is_far_off_in_one_regime():
    found = said(played({"cold": 0.0, "hot": 1.0}, late=10_000))
    assert found["paired-equal", "candidate"].log_e <= 0


def test_the_stable_that_drifts_where_it_is_usually_good_is_found_beside_a_regime_in_which_it_always_erred():
    assert said(played({"cold": 0.0, "hot": 0.0}, late=30))["error", "stable"].log_e < log(20)
    assert said(played({"cold": 0.0, "hot": 0.0}, late=30, drift=2.5))["error", "stable"].log_e >= log(1000)


def test_the_accounts_of_the_regimes_survive_a_restart():
    ledger = played({"cold": 0.0, "hot": 0.5}, n=600)
    state = orjson.dumps(ledger.state())
    again = Ledger.restore(orjson.loads(state))
    given, labels, error = of_two_regimes(600)
    again.begin(profile(reference(given, prediction=labels + error, labels=labels)), Trial("s", "c", 0.10), 1.0)
    assert again.evidence() == ledger.evidence()
    assert orjson.dumps(again.state()) == state

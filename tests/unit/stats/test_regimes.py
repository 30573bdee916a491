"""A candidate, and the stable, are judged in every regime of its own and in all together."""

from functools import partial
from math import log

import numpy as np
import orjson
import pytest

from andon.api.evidence import UNKNOWN_REGIME
from andon.stats import build
from andon.stats.errors import Errors
from andon.stats.losses import Losses
from andon.stats.regimes import FEWEST_BLOCKS, ByRegime
from unit.stats.profiles import a_process, in_units, reference, rows, truth

MARGIN = 0.1


def accounts():
    begin = partial(Losses, MARGIN, 0.0)
    return ByRegime(1 + MARGIN, begin, begin())


def told(worse, rows_of, seed=1):
    """Candidate's error is (1 + worse) times the stable's, by regime; rows_of: how many rows each has, mixed one by one."""
    rng = np.random.default_rng(seed)
    names = rng.permutation(np.repeat(list(rows_of), list(rows_of.values()))).tolist()
    common, own = rng.normal(size=(2, len(names)))
    squares = (common + 0.3 * own) ** 2 * np.array([(1 + worse[name]) ** 2 for name in names])
    losses = accounts()
    losses.fold(names, list(zip(map(float, range(len(names))), squares.tolist(), (common**2).tolist(), strict=True)))
    return losses


def asked(losses):
    return {e.question: e for e in losses.evidence()}


def test_in_one_regime_alone_the_whole_is_what_is_told():
    one = told({"A": 0.5}, {"A": 600})
    assert one.evidence() == one.whole.evidence()
    assert one.parts == {}
    assert one.report() == {"A": one.whole.evidence()}


def test_a_candidate_that_is_bad_in_a_rare_regime_only_is_convicted_by_it():
    found = asked(told({"A": 0.0, "B": 2.0}, {"A": 6000, "B": 20 * FEWEST_BLOCKS}))
    assert found["loss"].log_e >= log(20)
    assert found["loss"].value > 1 + MARGIN


def test_however_few_of_all_rows_those_are():
    rare = told({"A": 0.0, "B": 2.0}, {"A": 60_000, "B": 20 * (FEWEST_BLOCKS + 5)})
    assert rare.whole.evidence()[0].value < 1 + MARGIN
    assert asked(rare)["loss"].log_e >= log(20)
    assert asked(rare)["loss"].value > 2


def test_and_until_that_has_enough_rows_it_is_not_cleared_either():
    rare = told({"A": 0.0, "B": 2.0}, {"A": 6000, "B": 40})
    assert rare.whole.evidence()[1].log_e >= log(300)
    found = asked(rare)
    assert found["loss"].log_e < log(5)
    assert found["loss-equal"].log_e <= 0
    assert found["loss-equal"].value > 1 + MARGIN


def test_a_candidate_that_is_good_everywhere_is_cleared():
    found = asked(told({"A": -0.1, "B": -0.1}, {"A": 2000, "B": 1000}))
    assert found["loss-equal"].log_e >= log(300)
    assert found["loss"].log_e < log(5)


def test_one_that_is_worse_everywhere_is_convicted_by_all_rows_for_hardly_more():
    regimes = told(dict.fromkeys("ABCD", 0.3), dict.fromkeys("ABCD", 200))
    assert asked(regimes)["loss"].log_e >= regimes.whole.evidence()[0].log_e - 0.2


def test_rows_of_a_forgotten_regime_count_for_the_whole_alone():
    losses = accounts()
    losses.fold([UNKNOWN_REGIME] * 20 + ["A"] * 20 + ["B"] * 20, [(float(i), 1.0, 1.0) for i in range(60)])
    assert losses.whole.block == 3
    assert set(losses.parts) == {"A", "B"}
    assert losses.parts["B"].block == 1


def test_what_was_counted_before_the_second_regime_came_is_the_firsts():
    losses = accounts()
    losses.fold(["A"] * 50, [(float(i), 1.0, 1.0) for i in range(50)])
    losses.fold(["B"] * 10, [(float(i), 1.0, 1.0) for i in range(50, 60)])
    assert (losses.parts["A"].block, len(losses.parts["A"].open)) == (2, 10)
    assert (losses.parts["B"].block, len(losses.parts["B"].open)) == (0, 10)
    again = accounts().restore(orjson.loads(orjson.dumps(losses.state())), Losses.restore)
    assert orjson.dumps(again.state()) == orjson.dumps(losses.state())


def a_profile(labels_of_hot=300, n=1200):
    """The model errs by 0.1 in the cold and by 0.3 in the heat."""
    z = a_process(n, seed=3)
    hot = np.arange(n) >= n // 2
    labels = truth(z) + np.where(hot, 0.3, 0.1) * np.random.default_rng(4).normal(size=n)
    labels[n // 2 + labels_of_hot :] = np.nan
    names = tuple(np.where(hot, "hot", "cold").tolist())
    return build.profile(reference(rows(in_units(z), regimes=names), prediction=truth(z), labels=labels))


def erring(profile, rows_of, seed=5):
    """rows_of: (regime, error, rows), one after the other."""
    errors, rng = Errors.begin(profile, 0.0), np.random.default_rng(seed)
    time = 0.0
    for name, error, n in rows_of:
        squares = ((error * rng.normal(size=n)) ** 2).tolist()
        errors.fold([name] * n, [(time + i, square, True) for i, square in enumerate(squares)], profile)
        time += n
    return errors


def test_a_regime_in_which_the_stable_always_erred_more_is_no_drift():
    assert erring(a_profile(), [("cold", 0.1, 500), ("hot", 0.3, 1500)]).evidence()[0].log_e < log(20)


@pytest.mark.parametrize(("regime", "error"), [("cold", 0.25), ("hot", 0.75)])
def test_a_stable_that_errs_more_in_one_regime_only_is_found(regime, error):
    usual = {"cold": 0.1, "hot": 0.3}
    story = [(name, usual[name], 500) for name in usual] + [(regime, error, 600)]
    story += [(name, usual[name], 80) for name in usual if name != regime]
    found = erring(a_profile(), story).evidence()[0]
    assert found.log_e >= log(1000)
    assert found.rows == 1680
    assert found.first_bad >= 980


def test_a_regime_with_few_labels_in_the_reference_is_held_against_all_of_it():
    errors = erring(a_profile(labels_of_hot=40), [("hot", 0.1, 400), ("cold", 0.1, 100)])
    assert set(errors.own) == {"cold"}
    assert errors.shared.block == 20
    assert errors.expected(["hot", "cold"], a_profile(40))[0] > errors.expected(["hot", "cold"], a_profile(40))[1]


def test_a_restart_changes_nothing():
    errors = erring(a_profile(), [("cold", 0.1, 130), ("hot", 0.3, 70)])
    again = Errors.restore(orjson.loads(orjson.dumps(errors.state())))
    assert again.evidence() == errors.evidence()
    assert orjson.dumps(again.state()) == orjson.dumps(errors.state())

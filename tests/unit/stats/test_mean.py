"""The mean of a running series: seldom found above zero when it is not, soon when it is, and never an exception."""

from math import isfinite, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.stats.losses import SHARPEST_EQUAL, SHARPEST_WORSE
from andon.stats.mean import MOST, RunningMean
from unit.stats.profiles import moving

PATHS, BLOCKS = 500, 200
TUNED = [SHARPEST_WORSE, SHARPEST_EQUAL]
numbers = st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=40)
tame = st.lists(st.floats(-1e3, 1e3).filter(lambda v: v == 0 or abs(v) > 1e-3), min_size=5, max_size=40)


def path(series, tuned=SHARPEST_WORSE):
    """Log e-values along the way."""
    mean, seen = RunningMean(tuned), []
    for value in series:
        mean.add(float(value))
        seen.append(mean.log_e())
    return seen


def crossing(columns, tuned):
    """Share of the series, (values, series), that ever reach an e-value of 20."""
    return np.mean([max(path(column, tuned)) >= log(20) for column in columns.T])


@settings(max_examples=300)
@given(numbers)
def test_any_finite_series_has_an_answer(series):
    assert all(isfinite(e) and e <= MOST for e in path(series))


@given(tame, st.integers(-30, 30))
def test_the_unit_does_not_matter(series, power):
    assert path([2.0**power * v for v in series]) == pytest.approx(path(series), abs=1e-6)


@given(tame)
def test_what_speaks_for_a_mean_above_zero_does_not_speak_for_one_below(series):
    for above, below in zip(path(series), path([-v for v in series]), strict=True):
        assert min(above, below) <= 1e-9


@given(tame)
def test_a_series_and_its_reverse_say_the_same(series):
    assert path(series)[-1] == pytest.approx(path(series[::-1])[-1], abs=1e-6)


NULLS = {
    "independent": (lambda rng: rng.normal(size=(BLOCKS, PATHS)), 0.05),
    "heavy tails": (lambda rng: rng.standard_t(3, size=(BLOCKS, PATHS)), 0.05),
    "wandering rows in blocks": (lambda rng: moving(BLOCKS * 20, PATHS, 0.9, rng).reshape(BLOCKS, 20, PATHS).mean(axis=1), 0.10),
    "skewed": (lambda rng: 1 - rng.exponential(size=(BLOCKS, PATHS)), 0.20),
    "neighbours alike": (lambda rng: moving(BLOCKS, PATHS, 0.5, rng), 0.20),
    "wandering blocks": (lambda rng: moving(BLOCKS, PATHS, 0.9, rng), 0.55),
}


@pytest.mark.parametrize("tuned", TUNED)
@pytest.mark.parametrize("kind", NULLS)
def test_how_often_a_mean_of_zero_is_found_above_it(kind, tuned):
    """An e-value of 20 should be reached by 5 %. It is where values are independent; where blocks wander it promises too much."""
    series, at_most = NULLS[kind]
    assert crossing(series(np.random.default_rng(8)), tuned) <= at_most


@pytest.mark.parametrize(("shift", "within"), [(1.0, 25), (0.5, 75), (0.25, 250)])
def test_a_mean_above_zero_is_found(shift, within):
    series = shift + np.random.default_rng(9).normal(size=(within, 200))
    assert crossing(series, SHARPEST_WORSE) >= 0.9


def test_a_disturbance_in_the_middle_counts_with_its_weight():
    better, disturbed = np.full(40, 0.5), np.full(20, -5.0)
    assert path([*better])[-1] > log(20)
    assert path([*better, *disturbed, *better])[-1] < 0


def test_nothing_is_said_before_the_fifth_value():
    assert path([1.0] * 5)[:4] == [0, 0, 0, 0]
    assert path([1.0] * 5)[4] > 0

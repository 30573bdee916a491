"""How many rows weigh as much as an independent one: known for series whose autocorrelation is known."""

import numpy as np
import pytest

from andon.stats.independence import NEGLIGIBLE, rows_for_one


def wandering(rows, alike, seed=1):
    """A series whose neighbours are alike by so much."""
    noise = np.random.default_rng(seed).normal(size=rows)
    values = np.zeros(rows)
    for i in range(1, rows):
        values[i] = alike * values[i - 1] + noise[i]
    return values


@pytest.mark.parametrize("alike", [0.0, 0.5, 0.9])
def test_it_is_what_the_theory_of_such_a_series_says(alike):
    lags = range(1, 200)
    exact = 1 + 2 * sum(alike**lag for lag in lags if alike**lag >= NEGLIGIBLE)
    assert rows_for_one([wandering(100_000, alike)]) == pytest.approx(exact, rel=0.15)


def test_stretches_are_not_joined():
    whole = wandering(4000, 0.9)
    apart = rows_for_one([whole[i : i + 2] for i in range(0, 4000, 2)])
    assert apart == pytest.approx(1 + 2 * 0.9, rel=0.1)


def test_it_is_the_sum_over_lags_written_out():
    stretches = [wandering(300, 0.8, 2), wandering(200, 0.8, 3)]
    mean, total = np.concatenate(stretches).mean(), 1.0
    centred = [s - mean for s in stretches]
    for lag in range(1, 300):
        alike = np.concatenate([s[lag:] * s[:-lag] for s in centred]).mean() / np.concatenate(stretches).var()
        if alike < NEGLIGIBLE:
            break
        total += 2 * alike
    assert rows_for_one(stretches) == pytest.approx(total)


def test_what_never_moves_repeats_nothing():
    assert rows_for_one([np.ones(50)]) == 1
    assert rows_for_one([np.array([3.0])]) == 1

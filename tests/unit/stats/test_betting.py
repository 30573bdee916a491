"""Bets win against false claims, and almost never against true ones."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.stats import betting

STEPS, PATHS = 200, 2000


def run(values, bound, bet=betting.against_at_most):
    """Log e-values along the way: (steps, paths) for values of shape (steps, paths)."""
    wealth, path = betting.start(values.shape[1]), []
    for step in values:
        wealth = bet(wealth, step, bound)
        path.append(betting.log_e(wealth))
    return np.array(path)


def on_the_bound(rng, bound, shape):
    """Values whose mean, given the past, is exactly the bound, yet each depends on the one before: the hardest honest case."""
    values = np.empty(shape)
    spread = np.full(shape[1], 0.5)
    for i in range(shape[0]):
        height = bound + (1 - bound) * spread
        values[i] = np.where(rng.random(shape[1]) < bound / height, height, 0.0)
        spread = np.where(values[i] > 0, 1.0, 0.1)
    return values


@pytest.mark.parametrize("bound", [0.05, 0.0525, 0.3])
@pytest.mark.parametrize("bet", [betting.against_at_most, betting.against_at_least])
def test_a_true_claim_is_convicted_no_more_often_than_promised(bound, bet):
    paths = run(on_the_bound(np.random.default_rng(7), bound, (STEPS, PATHS)), bound, bet)
    for limit in (20, 100):
        crossed = np.mean(paths.max(axis=0) >= log(limit))
        assert crossed <= 1 / limit + 3 * np.sqrt(1 / limit / PATHS)


def test_the_mean_of_the_e_value_under_a_true_claim_is_at_most_one():
    values = on_the_bound(np.random.default_rng(11), 0.3, (5, 20_000))
    e_values = np.exp(run(values, 0.3)[-1])
    assert e_values.mean() <= 1 + 4 * e_values.std() / np.sqrt(len(e_values))


@given(bound=st.floats(0.01, 0.99), outcome=st.floats(0, 1))
def test_no_single_bet_wins_on_average_when_the_mean_is_on_the_bound(bound, outcome):
    """Exactly: a value that is `outcome` or 0 or 1 with mean `bound` leaves the expected wealth at 1."""
    low, high = (outcome, 1.0) if outcome < bound else (0.0, outcome)
    chance = (bound - low) / (high - low)
    ends = np.exp(betting.against_at_most(betting.start(2), np.array([low, high]), bound))
    assert chance * ends[1] + (1 - chance) * ends[0] == pytest.approx(np.ones(len(betting.BETS)))


@pytest.mark.parametrize(
    ("share", "bound", "bet", "blocks"),
    [
        pytest.param(0.25, 0.0525, betting.against_at_most, 6, id="a candidate off by the reference RMSE: convicted in six"),
        pytest.param(1.0, 0.05, betting.against_at_most, 3, id="a tag at fault in every row: convicted in three"),
    ],
)
def test_a_false_claim_falls_within(share, bound, bet, blocks):
    assert run(np.full((blocks, 1), share), bound, bet)[-1, 0] > log(1000)


def test_an_equal_candidate_is_cleared_within_1500_rows():
    assert run(np.zeros((75, 1)), 0.0525, betting.against_at_least)[-1, 0] > log(20)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.floats(0.01, 0.99))
def test_evidence_is_always_a_finite_number(values, bound):
    assert np.isfinite(run(np.array(values)[:, None], bound)).all()


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_values_outside_of_0_to_1_are_refused(value):
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        betting.against_at_most(betting.start(), value, 0.5)


@pytest.mark.parametrize("bound", [0.0, 1.0, np.nan])
def test_a_bound_that_every_mean_obeys_or_none_is_refused(bound):
    with pytest.raises(ValueError, match="bound"):
        betting.against_at_most(betting.start(), 0.5, bound)

import numpy as np
import pytest

from bench.decisions.independence import rows_for_one


def test_white_noise_says_something_new_with_every_row():
    assert rows_for_one([np.random.default_rng(0).normal(size=5000)]) == pytest.approx(1.0, abs=0.1)


def test_what_stays_for_ten_rows_says_it_once():
    """Ten equal rows in a run: the triangle of their autocorrelation sums up to ten."""
    held = np.repeat(np.random.default_rng(1).normal(size=2000), 10)
    assert rows_for_one([held]) == pytest.approx(10.0, rel=0.1)


def test_rows_of_two_stretches_are_no_neighbours():
    one, other = np.full(50, 1.0), np.full(50, -1.0)
    assert rows_for_one([one, other]) > rows_for_one([np.concatenate([one, other])])

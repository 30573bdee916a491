"""The same rows through two models: what convicts, what clears, what is no evidence."""

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.stats.blocks import BLOCK_ROWS
from andon.stats.paired import Paired, squared_differences


def judge(squares, margin=0.10, first=1000.0):
    paired = Paired(margin, epoch=999.0)
    paired.fold(list(zip((first + np.arange(len(squares))).tolist(), np.asarray(squares, dtype=float).tolist(), strict=True)))
    return {e.question: e for e in paired.evidence()}


def gaussian(excess, rows=1500, seed=3):
    """z² of a candidate whose RMSE is `excess` above the stable's."""
    return np.random.default_rng(seed).normal(0, sqrt((1 + excess) ** 2 - 1), rows) ** 2


@pytest.mark.parametrize(
    ("squares", "worse", "equal"),
    [
        pytest.param(np.zeros(1500), False, True, id="the same predictions: cleared"),
        pytest.param(gaussian(0.02), False, None, id="2 % worse: never convicted"),
        pytest.param(gaussian(0.10), False, False, id="10 % worse: neither convicted nor cleared"),
        pytest.param(gaussian(0.25), False, False, id="25 % worse, or the stable's error put right: neither"),
        pytest.param(gaussian(2.00), True, False, id="three times the error: convicted"),
        pytest.param(np.full(200, np.inf), True, False, id="no finite answer: convicted"),
        pytest.param(np.where(np.arange(1500) % 20, 0.0, 1e9), False, False, id="one wild row in twenty, clipped: not convicted"),
    ],
)
def test_verdicts_that_the_evidence_allows(squares, worse, equal):
    found = judge(squares)
    assert (found["paired"].log_e > log(1000)) is worse
    if equal is not None:
        assert (found["paired-equal"].log_e > log(20)) is equal


def test_a_bad_candidate_is_convicted_within_a_few_blocks_and_its_first_bad_row_is_named():
    squares = np.concatenate([np.full(7, 0.01), np.full(93, 60.0)])
    found = judge(squares)["paired"]
    assert found.log_e > log(1000)
    assert found.rows == 100
    assert found.first_bad == 1007.0
    assert found.last_row == 1099.0


def test_the_first_bad_row_is_forgotten_once_the_evidence_speaks_for_the_candidate():
    bad_then_good = np.concatenate([np.full(BLOCK_ROWS, 5.0), np.zeros(40 * BLOCK_ROWS)])
    assert judge(bad_then_good[:BLOCK_ROWS])["paired"].first_bad == 1000.0
    assert judge(bad_then_good)["paired"].first_bad is None


def test_values_are_what_the_error_is_at_least_and_what_it_is_estimated_to_be():
    found = judge(np.full(100, 9.0))
    assert found["paired"].value == pytest.approx(2.0)
    assert judge(np.full(100, 0.44))["paired-equal"].value == pytest.approx(1.2)
    assert judge(np.full(100, 0.44))["paired"].value == 0.0


@given(st.integers(1, 3), st.floats(0.001, 9))
def test_wild_rows_are_clipped_whatever_the_margin(blocks, margin):
    assert judge(np.full(blocks * BLOCK_ROWS, np.inf), margin)["paired"].log_e > 0


@pytest.mark.parametrize("better", [0.0, 0.3, 0.6, 0.9])
def test_a_candidate_that_puts_the_stables_error_right_is_not_convicted(better):
    """It is far from the stable because the stable is far from the truth."""
    truth, noise = np.random.default_rng(5).normal(size=(2, 3000))
    stable, candidate = truth + noise, truth + better * noise
    assert judge(squared_differences(stable, candidate, rmse=np.ones(3000)))["paired"].log_e < log(1000)


def test_rows_of_a_block_that_is_not_full_are_no_evidence_yet():
    assert judge(np.zeros(BLOCK_ROWS - 1)) == {}
    assert judge(np.zeros(2 * BLOCK_ROWS - 1))["paired"].rows == BLOCK_ROWS


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=120), st.integers(0, 120), st.floats(0.01, 9))
def test_a_restart_between_any_two_rows_changes_nothing(squares, cut, margin):
    rows = list(enumerate(squares))
    whole, first = Paired(margin, 1.0), Paired(margin, 1.0)
    whole.fold(rows)
    first.fold(rows[:cut])
    second = Paired(**first.state())
    second.fold(rows[cut:])
    assert second.state() == whole.state()


def test_a_candidate_without_a_finite_answer_is_infinitely_far():
    squares = squared_differences(np.array([1.0, 1.0, 1.0]), np.array([np.nan, np.inf, 3.0]), rmse=np.full(3, 2.0))
    assert squares.tolist() == [np.inf, np.inf, 1.0]


def test_beside_a_stable_that_was_never_wrong_any_difference_is_too_much():
    assert squared_differences(np.array([1.0, 1.0]), np.array([1.0, 1.1]), rmse=np.zeros(2)).tolist() == [0.0, np.inf]

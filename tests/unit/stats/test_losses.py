"""With labels: who errs more than whom, and than before."""

from math import inf, isfinite, log, sqrt

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.api.evidence import ERROR, LOSS, LOSS_EQUAL
from andon.stats.blocks import BLOCK_ROWS
from andon.stats.losses import LEARNED_BLOCKS, WILD, Losses, StableError, excess

MARGIN, CONVICTS, CLEARS = 0.1, log(1000), log(20)
SEEDS = range(30)


def judged(candidate, stable, margin=MARGIN):
    """The answers to both questions after these squared errors, the first at time 0."""
    losses = Losses(margin, epoch=0.0)
    losses.fold(list(zip(map(float, range(len(candidate))), candidate, stable, strict=True)))
    return {e.question: e for e in losses.evidence()}


def squares(worse, n, seed, shared=0.9):
    """Squared errors of a candidate whose RMSE is (1 + worse) times the stable's, and of the stable; most of it is shared."""
    rng = np.random.default_rng(seed)
    common, own, other = rng.normal(size=(3, n))
    candidate, stable = (sqrt(shared) * common + sqrt(1 - shared) * alone for alone in (own, other))
    return (((1 + worse) * candidate) ** 2).tolist(), (stable**2).tolist()


def share_of(question, level, worse, n):
    return np.mean([judged(*squares(worse, n, seed))[question].log_e >= level for seed in SEEDS])


def test_a_candidate_half_as_bad_again_is_convicted_within_300_rows():
    assert share_of(LOSS, CONVICTS, worse=0.5, n=300) >= 0.95


def test_a_candidate_a_quarter_worse_is_convicted_within_1500_rows():
    assert share_of(LOSS, CONVICTS, worse=0.25, n=1500) >= 0.95


def test_an_equal_candidate_is_cleared_within_1500_rows_and_never_convicted():
    assert share_of(LOSS_EQUAL, CLEARS, worse=0.0, n=1500) >= 0.95
    assert share_of(LOSS, CONVICTS, worse=0.0, n=1500) == 0


def test_a_better_candidate_is_cleared_sooner():
    assert share_of(LOSS_EQUAL, CLEARS, worse=-0.2, n=600) >= 0.95


def test_a_candidate_worse_by_the_margin_is_not_cleared():
    assert share_of(LOSS_EQUAL, CLEARS, worse=MARGIN, n=1500) <= 0.05


def test_a_disturbance_in_which_both_err_ten_times_as_much_convicts_nobody():
    convicted = 0
    for seed in SEEDS:
        candidate, stable = (np.array(s) for s in squares(0.0, 600, seed))
        candidate[200:400] *= 100
        stable[200:400] *= 100
        convicted += judged(candidate.tolist(), stable.tolist())[LOSS].log_e >= CONVICTS
    assert convicted == 0


@pytest.mark.parametrize(
    ("candidate", "stable", "convicted", "cleared"),
    [
        pytest.param(inf, 1.0, True, False, id="no finite answer: convicted"),
        pytest.param(1.0, 0.0, True, False, id="beside a stable that is never wrong every error is too much"),
        pytest.param(0.0, 0.0, False, True, id="both never wrong: cleared"),
        pytest.param(0.0, 1.0, False, True, id="never wrong: cleared"),
        pytest.param(inf, 0.0, True, False, id="no finite answer beside one that is never wrong: convicted"),
    ],
)
def test_errors_at_the_ends_of_the_scale(candidate, stable, convicted, cleared):
    found = judged([candidate] * 1000, [stable] * 1000)
    assert (found[LOSS].log_e >= CONVICTS) is convicted
    assert (found[LOSS_EQUAL].log_e >= CLEARS) is cleared
    assert all(isfinite(e.value) for e in found.values())


def test_one_wild_block_counts_as_a_hundred_times_the_stables_error_and_no_more():
    candidate, stable = [1.0] * 400, [1.0] * 400
    assert judged([*candidate[:-1], 1e30], stable)[LOSS] == judged([*candidate[:-1], 30 * WILD * BLOCK_ROWS], stable)[LOSS]
    assert judged([*candidate[:-1], 1e30], stable)[LOSS].log_e < CONVICTS


def test_the_first_bad_row_is_that_of_the_block_in_which_the_candidate_fell_behind():
    bad = judged([0.5] * 40 + [9.0] * 40, [1.0] * 80)[LOSS]
    assert (bad.first_bad, bad.last_row, bad.rows) == (40.0, 79.0, 80)
    assert judged([9.0] * 20 + [0.0] * 400, [1.0] * 420)[LOSS].first_bad is None


def test_the_value_is_the_ratio_of_the_errors():
    assert judged([4.0] * 100, [1.0] * 100)[LOSS].value == pytest.approx(2.0)


def test_no_block_is_no_evidence():
    assert judged([1.0] * 19, [1.0] * 19) == {}


errors = st.sampled_from([0.0, 1e-12, 0.3, 1.0, 7.0, 1e12, inf])


@given(st.lists(st.tuples(errors, errors.filter(isfinite)), min_size=20, max_size=150), st.floats(0.0, 9.0))
def test_every_answer_is_a_number(rows, margin):
    for e in judged(*zip(*rows, strict=True), margin=margin).values():
        assert isfinite(e.log_e)
        assert isfinite(e.value)


@settings(max_examples=50)
@given(st.lists(st.tuples(errors.filter(isfinite), errors.filter(isfinite)), max_size=150), st.integers(0, 150))
def test_a_restart_between_any_two_rows_changes_nothing(rows, cut):
    timed = [(float(i), *row) for i, row in enumerate(rows)]
    whole, half = Losses(MARGIN, 0.0), Losses(MARGIN, 0.0)
    whole.fold(timed)
    half.fold(timed[:cut])
    again = Losses.restore(orjson.loads(orjson.dumps(half.state())))
    again.fold(timed[cut:])
    assert orjson.dumps(again.state()) == orjson.dumps(whole.state())


@given(st.floats(0, 1e300), st.floats(0, 1e300), st.floats(0.01, 1))
def test_the_excess_is_a_number_between_0_and_1_that_grows_with_the_losses(losses, allowed, clip):
    assert 0 <= excess(losses, allowed, clip) <= 1
    assert excess(losses, allowed, clip) <= excess(2 * losses + 1, allowed, clip)
    assert excess(allowed, allowed, clip) == (0.5 if allowed else 0.0)


def error_of(blocks, usual=1.0, sure=True, quiet=True, tolerance=1.25):
    """The stable after blocks of these mean squared errors."""
    error = StableError(usual, sure, tolerance, epoch=0.0)
    for number, mean in enumerate(blocks):
        error.fold([(20.0 * number + row, mean, quiet) for row in range(BLOCK_ROWS)])
    return error


def test_a_stable_that_errs_as_usual_is_not_accused_and_one_that_errs_twice_as_much_soon_is():
    assert error_of([1.0] * 200).evidence()[0].log_e < CLEARS
    worse = error_of([1.0] * 200 + [4.0] * 15).evidence()[0]
    assert worse.question == ERROR
    assert worse.log_e >= CONVICTS
    assert worse.first_bad == 4000.0
    assert worse.value == pytest.approx(2.0)


def test_an_error_within_the_tolerance_is_usual():
    assert error_of([1.2**2] * 500).evidence()[0].log_e < CLEARS


def test_a_stable_that_errs_as_usual_again_is_acquitted():
    again = error_of([4.0] * 20 + [0.5] * 60).evidence()[0]
    assert again.log_e < CLEARS
    assert again.first_bad is None


def test_without_held_out_rows_the_usual_error_is_learned_from_the_first_quiet_blocks():
    assert error_of([9.0] * (LEARNED_BLOCKS - 1), usual=None, sure=False).evidence() == []
    learned = error_of([9.0] * LEARNED_BLOCKS + [4 * 9.0] * 20, usual=None, sure=False)
    assert (learned.sure, learned.usual) == (True, 3.0)
    assert learned.evidence()[0].log_e >= CONVICTS
    assert not error_of([9.0] * 50, usual=1.0, sure=False, quiet=False).sure


@pytest.mark.parametrize(("error", "worse"), [(1.8, False), (3.0, True)])
def test_until_then_what_fitted_rows_say_is_used_with_room(error, worse):
    found = error_of([error**2] * 50, usual=1.0, sure=False, quiet=False).evidence()[0]
    assert (found.log_e >= CONVICTS) is worse


@pytest.mark.parametrize(("usual", "learned"), [(None, 1.0), (0.5, 1.0), (4.0, 4.0)])
def test_what_is_learned_is_never_below_what_the_profile_says(usual, learned):
    assert error_of([1.0] * LEARNED_BLOCKS, usual=usual, sure=False).usual == learned


def test_a_stable_that_was_never_wrong_and_still_is_not_is_not_accused():
    assert error_of([0.0] * 100, usual=0.0).worse == pytest.approx([0.0] * 4)


@settings(max_examples=50)
@given(st.lists(errors.filter(isfinite), max_size=150), st.integers(0, 150), st.booleans())
def test_a_restart_of_the_stables_error_changes_nothing(values, cut, sure):
    timed = [(float(i), value, True) for i, value in enumerate(values)]
    whole, half = (StableError(1.0, sure, 1.25, 0.0) for _ in range(2))
    whole.fold(timed)
    half.fold(timed[:cut])
    again = StableError(**orjson.loads(orjson.dumps(half.state())))
    again.fold(timed[cut:])
    assert orjson.dumps(again.state()) == orjson.dumps(whole.state())

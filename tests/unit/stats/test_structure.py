"""What the other tags say of one: everything that follows from the precision, against the formulas of the normal distribution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.stats.structure import FARTHEST, bearing, structure_of
from unit.stats.profiles import a_process, in_units

TAGS, ROWS = 6, 4
STRUCTURE = structure_of(in_units(a_process(300, seed=1, tags=TAGS)))
COVARIANCE = np.linalg.inv(STRUCTURE.precision)
masks = st.lists(st.booleans(), min_size=TAGS, max_size=TAGS).map(np.array)
tables = st.lists(masks, min_size=1, max_size=ROWS).map(np.array)
points = st.integers(0, 2**32 - 1).map(lambda seed: 3 * np.random.default_rng(seed).normal(size=(ROWS, TAGS)))
few = settings(max_examples=60)


def told(j, given_, z):
    """Mean and variance of tag j given those tags of one row, which may be none."""
    across, inner = COVARIANCE[j, given_], COVARIANCE[np.ix_(given_, given_)]
    weights = np.linalg.solve(inner, across) if given_.any() else np.zeros(0)
    return weights @ z[given_], COVARIANCE[j, j] - weights @ across


@few
@given(points, tables)
def test_what_is_absent_is_replaced_by_its_mean_given_the_rest_and_nothing_else_is_touched(z, absent):
    z = z[: len(absent)]
    filled = STRUCTURE.filled(np.where(absent, np.nan, z))
    assert np.array_equal(filled[~absent], z[~absent])
    for i, j in np.argwhere(absent):
        assert filled[i, j] == pytest.approx(told(j, ~absent[i], z[i])[0], abs=1e-9)


@few
@given(points, masks)
def test_each_tag_is_as_sure_as_its_variance_given_the_others_that_are_there(z, absent):
    own = STRUCTURE.own_precision(absent)
    for j in range(TAGS):
        others = ~absent & (np.arange(TAGS) != j)
        assert 1 / own[j] == pytest.approx(told(j, others, z[0])[1])


@few
@given(points, masks)
def test_t_squared_of_a_filled_row_is_that_of_the_tags_that_are_there(z, absent):
    there = np.where(absent, np.nan, z)
    lies = bearing(STRUCTURE, STRUCTURE.filled(there), STRUCTURE.own_precision(absent))
    for i in range(ROWS):
        for j in [None, *np.flatnonzero(~absent)]:
            left = ~absent if j is None else ~absent & (np.arange(TAGS) != j)
            expected = z[i, left] @ np.linalg.solve(COVARIANCE[np.ix_(left, left)], z[i, left]) if left.any() else 0.0
            assert (lies.total[i] if j is None else lies.rest[i, j]) == pytest.approx(expected, abs=1e-7)


@few
@given(points, masks)
def test_a_residual_is_what_is_left_when_the_others_have_spoken(z, absent):
    lies = bearing(STRUCTURE, STRUCTURE.filled(np.where(absent, np.nan, z)), STRUCTURE.own_precision(absent))
    for j in np.flatnonzero(~absent):
        others = ~absent & (np.arange(TAGS) != j)
        assert lies.residuals[0, j] == pytest.approx(z[0, j] - told(j, others, z[0])[0], abs=1e-7)


def test_the_foremost_tag_is_the_one_that_was_moved():
    z = a_process(TAGS, seed=5, tags=TAGS) * 0.1
    z[np.diag_indices(TAGS)] += 5
    assert bearing(STRUCTURE, z, STRUCTURE.own_precision(np.zeros(TAGS, dtype=bool))).foremost.tolist() == list(range(TAGS))


def test_values_are_found_again_from_their_standard_form():
    values = in_units(a_process(50, seed=2, tags=TAGS))
    assert STRUCTURE.values(STRUCTURE.standard(values)) == pytest.approx(values)


def test_a_constant_tag_is_independent_and_keeps_its_value():
    values = in_units(a_process(200, seed=3, tags=TAGS))
    values[:, 2] = 7.25
    structure = structure_of(values)
    with_, without = structure.standard(values), structure.standard(np.where(np.arange(TAGS) == 2, 99.0, values))
    assert np.array_equal(with_, without)
    assert (structure.values(with_)[:, 2] == 7.25).all()
    rest = np.delete(values, 2, axis=1)
    others = structure_of(rest)
    lies = bearing(structure, with_, np.diag(structure.precision))
    alone = bearing(others, others.standard(rest), np.diag(others.precision))
    assert lies.total == pytest.approx(alone.total, rel=0.02)


@pytest.mark.parametrize("rows", [2, 5, 19])
def test_more_tags_than_rows_make_a_structure_all_the_same(rows):
    structure = structure_of(a_process(rows, seed=rows, tags=20))
    assert np.linalg.eigvalsh(structure.precision).min() > 0


def test_two_tags_that_were_always_equal_do_not_vouch_for_each_other_for_ever():
    one = a_process(500, seed=4, tags=3)
    structure = structure_of(one[:, [0, 0, 1, 2]])
    assert 1 / np.diag(structure.precision)[0] > 0.04


@pytest.mark.parametrize("value", [1e12, -1e160, 1.7e308, np.inf, -np.inf])
def test_what_is_very_far_is_very_far_and_no_further(value):
    z = STRUCTURE.standard(np.where(np.arange(TAGS) == 3, value, STRUCTURE.mean)[None])
    assert z[0].tolist() == [0, 0, 0, np.sign(value) * FARTHEST, 0, 0]
    lies = bearing(STRUCTURE, z, STRUCTURE.own_precision(np.zeros(TAGS, dtype=bool)))
    assert lies.foremost == [3]
    assert lies.rest[0, 3] < 0.01

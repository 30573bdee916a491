"""Bins are frozen with the reference: what is held against it can neither move them nor blur them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from andon.stats.bins import BINS, Bins, count

values = st.lists(st.floats(-1e30, 1e30), min_size=1, max_size=200).map(np.array)
REFERENCE = np.random.default_rng(1).normal(size=5000)


def test_values_next_to_the_smallest_number_have_bins_too():
    assert sum(Bins.of(np.array([0.0, 5e-324, 1e-320])).counts) == 3


def in_the_last_bin(current, reference=REFERENCE):
    return count(Bins.of(reference).edges, current)[-1] / len(current)


@given(values)
def test_every_value_is_in_one_bin(column):
    bins = Bins.of(column)
    assert sum(bins.counts) == len(column)
    assert 1 <= len(bins.counts) <= BINS
    assert bins.edges == sorted(set(bins.edges))


@given(values, values)
def test_every_later_value_is_in_one_bin_too_and_a_missing_one_in_none(reference, current):
    assert count(Bins.of(reference).edges, np.append(current, np.nan)).sum() == len(current)


def test_bins_have_equal_counts_as_far_as_repeated_values_allow():
    assert set(Bins.of(np.arange(1000.0)).counts) <= {99, 100, 101}
    assert Bins.of(np.repeat([1.0, 2.0], [55, 45])).counts == [0, 55, 45]
    assert Bins.of(np.full(50, 3.0)).counts == [0, 50]


def test_one_spike_of_ten_thousand_does_not_hide_a_shift_of_three_deviations():
    shifted = REFERENCE + 3
    assert in_the_last_bin(REFERENCE) == pytest.approx(0.1, abs=0.01)
    assert in_the_last_bin(np.append(shifted, 1e4)) == pytest.approx(in_the_last_bin(shifted), abs=0.001)
    assert in_the_last_bin(shifted) > 0.9


def test_a_spike_in_the_reference_does_not_hide_it_either():
    assert in_the_last_bin(REFERENCE + 3, reference=np.append(REFERENCE, 1e4)) > 0.9


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param({"edges": [1.0], "counts": [1, 2, 3]}, "1 edges make 2 bins, not 3", id="a bin too many"),
        pytest.param({"edges": [2.0, 1.0], "counts": [1, 2, 3]}, "edges must ascend", id="edges upside down"),
        pytest.param({"edges": [1.0, 1.0], "counts": [1, 2, 3]}, "edges must ascend", id="one edge twice"),
        pytest.param({"edges": [], "counts": [-1]}, "greater than or equal to 0", id="fewer than none"),
    ],
)
def test_bins_that_are_none_are_refused(document, message):
    with pytest.raises(ValidationError, match=message):
        Bins(**document)

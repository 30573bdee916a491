"""Which record a row holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.stats.align import clock, closing, newest_at

times = st.lists(st.integers(-(10**12), 10**13), max_size=40).map(lambda ms: np.array(sorted(ms), dtype=np.int64))
instants = st.integers(-(10**12), 10**13)
periods = st.integers(1, 10**7)


@given(times, times)
def test_a_row_holds_the_newest_record_that_is_not_later(source: np.ndarray, rows: np.ndarray) -> None:
    index = newest_at(source, rows)
    assert index.shape == rows.shape
    assert index.dtype == np.int64
    for row, at in zip(rows, index, strict=True):
        assert at == max((i for i, made in enumerate(source) if made <= row), default=-1)


def test_of_records_with_equal_times_the_last_one_wins() -> None:
    assert newest_at(np.array([5, 5, 9]), np.array([4, 5, 8, 9])).tolist() == [-1, 1, 1, 2]


@given(instants, st.integers(0, 1000), periods)
def test_the_clock_is_every_multiple_in_the_range(first: int, ticks: int, every: int) -> None:
    last = first + ticks * every
    rows = clock(first, last, every)
    assert (rows % every == 0).all()
    assert (np.diff(rows) == every).all()
    assert rows.size == last // every - -(-first // every) + 1


def test_an_empty_range_has_no_rows() -> None:
    assert clock(1001, 1199, 200).size == 0
    assert clock(1200, 1000, 200).size == 0


@pytest.mark.parametrize("every", [0, -1])
def test_a_clock_that_does_not_advance_is_refused(every: int) -> None:
    with pytest.raises(ValueError, match="at least 1 ms"):
        clock(0, 10, every)


@given(times, periods)
def test_a_record_falls_in_the_period_that_its_row_closes(source: np.ndarray, every: int) -> None:
    rows = closing(source, every)
    assert (rows % every == 0).all()
    assert ((rows - every < source) & (source <= rows)).all()

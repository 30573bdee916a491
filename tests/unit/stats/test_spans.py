"""Stretches of time in which something held."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from andon.stats.spans import KEPT, Spans

moments = st.lists(st.integers(0, 60), unique=True, max_size=30).map(sorted)


@given(moments, st.integers(0, 30))
def test_it_held_at_the_times_that_were_added_and_nowhere_else_however_they_come(times, cut):
    spans = Spans()
    for part in (times[:cut], times[cut:]):
        spans.add(np.array(part, dtype=float), gap=1.5)
    assert np.flatnonzero(spans.covers(np.arange(61.0))).tolist() == times
    assert np.flatnonzero(spans.covers(np.arange(60.0) + 0.5)).tolist() == [t for t in times if t + 1 in times]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=8))
def test_what_is_put_swallows_what_began_later(puts):
    spans, last = Spans(), 0
    for step, back in puts:
        last += step
        before = spans.covers(np.arange(200.0))
        spans.put(float(max(last - back, 0)), float(last))
        held = spans.covers(np.arange(200.0))
        assert held[max(last - back, 0) : last + 1].all()
        assert (held[: max(last - back, 0)] == before[: max(last - back, 0)]).all()
    assert spans.known == sorted(spans.known)
    assert all(a[1] < b[0] for a, b in zip(spans.known, spans.known[1:], strict=False))


def test_the_oldest_are_forgotten():
    spans = Spans()
    spans.add(np.arange(0, 4.0 * KEPT, 2), gap=1)
    assert len(spans.known) == KEPT
    assert spans.known[-1][1] == 4.0 * KEPT - 2

"""A label and what was predicted for its row find each other once, whichever comes first."""

import sqlite3

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.runtime.serve.rows.waiting import SCHEMA, Waiting

STABLE, CANDIDATE, OTHER = (f"sha256:{n * 64}" for n in "abc")


@pytest.fixture
def waiting():
    db = sqlite3.connect(":memory:")
    db.executescript(SCHEMA)
    yield Waiting(db)
    db.close()


def joined(waiting, until=1 << 50, stable=STABLE, candidate=CANDIDATE):
    found = waiting.join([digest for digest in (stable, candidate) if digest], until)
    columns = (found.times, found.labels, found.by(stable), found.by(candidate))
    return [row for row in zip(*(column.tolist() for column in columns), strict=True) if not np.isnan(row[2])]


def test_labels_are_joined_in_order_of_their_rows_with_both_revisions(waiting):
    waiting.judge(STABLE, [(1000, 1.0), (2000, 2.0), (3000, 3.0)])
    waiting.judge(CANDIDATE, [(2000, 2.5), (3000, np.inf)])
    waiting.label({3000: 30.0, 1000: 10.0})
    waiting.label({2000: 20.0})
    found = joined(waiting)
    assert [row[:3] for row in found] == [(1.0, 10.0, 1.0), (2.0, 20.0, 2.0), (3.0, 30.0, 3.0)]
    assert [row[3] for row in found[1:]] == [2.5, np.inf]
    assert np.isnan(found[0][3])


def test_a_label_is_used_once(waiting):
    waiting.judge(STABLE, [(1000, 1.0)])
    waiting.label({1000: 10.0})
    assert len(joined(waiting)) == 1
    waiting.label({1000: 10.0})
    assert joined(waiting) == []


def test_a_label_that_is_early_waits_for_its_row(waiting):
    waiting.label({1000: 10.0, 2000: 20.0})
    assert joined(waiting, until=0) == []
    waiting.judge(STABLE, [(1000, 1.0), (2000, 2.0)])
    assert [row[0] for row in joined(waiting, until=1000)] == [1.0]
    assert [row[0] for row in joined(waiting, until=2000)] == [2.0]


def test_of_two_labels_of_a_row_the_later_counts(waiting):
    waiting.judge(STABLE, [(1000, 1.0)])
    waiting.label({1000: 10.0})
    waiting.label({1000: 11.0})
    assert joined(waiting)[0][1] == 11.0


def test_only_the_revisions_that_are_asked_for_are_joined(waiting):
    """After a promotion the candidate is the stable, and what it said before is what the stable said."""
    waiting.judge(STABLE, [(1000, 1.0), (2000, 2.0)])
    waiting.judge(CANDIDATE, [(2000, 2.5)])
    waiting.label({1000: 10.0, 2000: 20.0})
    assert [row[:3] for row in joined(waiting, stable=CANDIDATE, candidate=None)] == [(2.0, 20.0, 2.5)]


def test_what_no_label_may_come_for_is_forgotten(waiting):
    waiting.judge(STABLE, [(1000, 1.0), (2000, 2.0)])
    waiting.label({9000: 90.0})
    waiting.forget(2000, 8000)
    waiting.label({1000: 10.0, 2000: 20.0})
    assert [row[0] for row in joined(waiting, until=2000)] == [2.0]
    waiting.judge(STABLE, [(9000, 9.0)])
    assert joined(waiting) == []


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("row"), st.integers(1, 9)),
            st.tuples(st.just("label"), st.integers(1, 9)),
            st.just(("join", 0)),
        )
    )
)
def test_no_row_is_learned_of_twice_and_none_without_both(story):
    db = sqlite3.connect(":memory:")
    db.executescript(SCHEMA)
    subject, rows, labels, learned = Waiting(db), set(), set(), []
    for what, time_ms in [*story, ("join", 0)]:
        if what == "row" and time_ms not in rows:
            subject.judge(STABLE, [(time_ms, 1.0)])
            rows.add(time_ms)
        elif what == "label" and time_ms not in labels:
            subject.label({time_ms: 1.0})
            labels.add(time_ms)
        elif what == "join":
            learned += [round(row[0] * 1000) for row in joined(subject, until=max(rows, default=0))]
    db.close()
    assert len(learned) == len(set(learned))
    assert set(learned) <= rows & labels

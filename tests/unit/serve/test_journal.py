"""The log of predictions, and readers that each stand somewhere in it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.runtime.serve.rows.journal import MOST_INPUT_BYTES, Entry, Given, Prediction, Quality, Standing
from andon.runtime.serve.rows.store import Store


def prediction(n, value=1.0, answered=True):
    quality, reason = (Quality.GOOD, None) if value is not None else (Quality.BAD, "InputMissing")
    return Prediction(n, "reactor-1", "stable", "1", "sha256:0", value, quality, reason, answered=answered, value_ms=n)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "scored.sqlite", most=10)
    yield store
    store.close()


def keep(store, *predictions, features=None):
    with store.transaction():
        store.journal.keep([Entry(p, features) for p in predictions])


def follow(store, outputs):
    with store.transaction():
        store.journal.follow(outputs)


def sent(store, *which):
    with store.transaction():
        store.journal.sent(*which)


def unsent(store, output="a"):
    return [p.time_ms for _, p in store.journal.unsent(output, 100)]


def test_a_reader_gets_what_consumers_get_and_nothing_else(store):
    follow(store, ["a"])
    keep(store, prediction(1), prediction(1, answered=False), prediction(2, value=None), prediction(3))
    assert unsent(store) == [1, 3]
    assert store.journal.standings() == [Standing("a", due=2, sent=0, lost=0)]


def test_readers_stand_where_they_are_each(store):
    follow(store, ["a", "b"])
    keep(store, *(prediction(n) for n in range(1, 6)))
    number = store.journal.unsent("a", 3)[-1][0]
    sent(store, "a", number, 3)
    assert (unsent(store, "a"), unsent(store, "b")) == ([4, 5], [1, 2, 3, 4, 5])
    follow(store, ["b", "c"])
    assert [s.name for s in store.journal.standings()] == ["b", "c"]
    assert (unsent(store, "b"), unsent(store, "c")) == ([1, 2, 3, 4, 5], [])


def test_what_the_log_drops_before_it_was_sent_is_counted(store):
    follow(store, ["a", "b"])
    keep(store, *(prediction(n, value=1.0 if n % 2 else None) for n in range(1, 11)))
    sent(store, "a", 4, 2)
    keep(store, *(prediction(n) for n in range(11, 17)))
    assert store.journal.standings() == [Standing("a", due=11, sent=2, lost=1), Standing("b", due=11, sent=0, lost=3)]
    assert unsent(store) == [7, 9, *range(11, 17)]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.one_of(st.integers(1, 8), st.tuples(st.integers(1, 5))), max_size=20))
def test_whatever_happens_each_prediction_is_sent_lost_or_waits(story):
    """Numbers are portions that come, tuples are batches that are sent."""
    store, time_ms = Store(":memory:", most=10), 0
    follow(store, ["a"])
    for step in story:
        if isinstance(step, tuple):
            batch = store.journal.unsent("a", *step)
            if batch:
                sent(store, "a", batch[-1][0], len(batch))
        else:
            keep(store, *(prediction(n) for n in range(time_ms + 1, time_ms + step + 1)))
            time_ms += step
    (standing,) = store.journal.standings()
    assert standing.due == time_ms
    assert standing.behind == len(unsent(store))
    assert standing.sent + standing.lost + standing.behind == time_ms
    store.close()


def test_what_a_model_was_given_is_kept_as_long_as_there_is_room(store):
    features = np.arange(MOST_INPUT_BYTES // 8 // 4, dtype=np.float64)
    for n in range(1, 7):
        keep(store, prediction(n), features=Given("3", features))
    kept = [store.journal.given(n) for n in range(1, 7)]
    assert [one is not None for one in kept] == [False, False, True, True, True, True]
    assert kept[-1].regime == "3"
    assert (kept[-1].features == features).all()
    assert [p.time_ms for _, p in store.journal.after(0, 10, shadow=True)] == [1, 2, 3, 4, 5, 6]


def test_to_one_who_knows_a_log_that_was_lost_all_is_news(store):
    keep(store, prediction(1), prediction(2))
    assert store.journal.after(2, 10, shadow=False) == []
    assert [p.time_ms for _, p in store.journal.after(3, 10, shadow=False)] == [1, 2]


def test_of_a_row_scored_again_the_newer_answer_counts(store):
    keep(store, prediction(1, value=1.0), prediction(1, value=2.0))
    assert store.journal.at(1)[1].value == 2.0
    assert store.journal.at(2) is None

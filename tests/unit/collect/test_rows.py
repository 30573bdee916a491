"""Rows: what each parameter may be, what a row holds, and that a row once given never changes."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.runtime.collect.parameters import BadQueryError
from andon.runtime.collect.rows import MOST_CELLS, Query, anchored, parse, rows_after
from unit.collect.clocked import NOON, SETTLE, Clock, ring_at, said

BAD = 0x808C0000


def asked(ring, after=NOON, tags=("a", "b"), limit=500, every_ms=200):
    return rows_after(ring, anchored(ring, Query(f"{every_ms}ms", every_ms, tuple(tags), after, limit))).body


def table(body):
    return [(row["t"] - NOON, *row["v"]) for row in body["rows"]]


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ({}, "every: missing"),
        ({"every": "fast"}, "every: 'fast' is not a duration"),
        ({"every": "0s"}, "every: '0s' is not a duration"),
        ({"every": "1s", "after": "-5"}, "after: '-5' is not a whole number"),
        ({"every": "1s", "after": "1.5"}, "after: '1.5' is not a whole number"),
        ({"every": "1s", "limit": "0"}, "limit: '0' is not a whole number from 1"),
        ({"every": "1s", "wait": "31s"}, "wait: 31s is longer than the limit of 30s"),
        ({"every": "1s", "tags": "a,z"}, "tags: 'z' is not a tag of this DataSource; there are a, b"),
        ({"every": "1s", "tag": "a"}, "tag: not a parameter; there are every, after, limit, wait, tags, maxAge"),
    ],
)
def test_bad_input_is_named(given_, says):
    with pytest.raises(BadQueryError) as error:
        parse(given_, ["a", "b"])
    assert str(error.value).startswith(says)


def test_defaults_of_a_query():
    assert parse({"every": "200ms"}, ["a", "b"]) == Query("200ms", 200, ("a", "b"), 0, 500, 5.0)


def test_an_answers_size_is_bounded_in_cells():
    tags = [f"t{n}" for n in range(1000)]
    assert parse({"every": "1s", "limit": "5000"}, tags).limit == MOST_CELLS // 1000


def test_a_row_holds_the_newest_value_not_later_than_its_time(tmp_path):
    clock = Clock(NOON)
    ring = ring_at(tmp_path, clock)
    ring.append([said("a", NOON, 1.0), said("b", NOON, 10.0)])
    clock.ms = NOON + 600
    ring.append(
        [said("a", NOON + 300, 2.0), said("b", NOON + 390, None, BAD), said("a", NOON + 600, 3.0), said("b", NOON + 600, 9.0)]
    )
    body = asked(ring, after=NOON - 1)
    assert table(body) == [(0, 1.0, 10.0), (200, 1.0, 10.0), (400, 2.0, None), (600, 3.0, 9.0)]
    assert [row["s"] for row in body["rows"]] == [(0, 0), (0, 0), (0, BAD), (0, 0)]
    assert [row["a"] for row in body["rows"]] == [(0.0, 0.0), (0.2, 0.2), (0.1, 0.01), (0.0, 0.0)]
    assert (body["next"], body["oldest"], body["lost"]) == (NOON + 600, NOON, 0)
    ring.close()


def test_a_tag_never_seen_is_null_throughout(tmp_path):
    clock = Clock(NOON)
    ring = ring_at(tmp_path, clock)
    ring.append([said("a", NOON, 1.0)])
    clock.ms = NOON + SETTLE
    assert asked(ring, after=NOON - 1)["rows"] == [{"t": NOON, "v": (1.0, None), "s": (0, None), "a": (0.0, None)}]
    ring.close()


@pytest.mark.parametrize(
    ("now", "rows"),
    [
        pytest.param(NOON + 400, [200], id="final when every tag is at or beyond it"),
        pytest.param(NOON + 399 + SETTLE, [200], id="one tag is behind: not before it settled"),
        pytest.param(NOON + 400 + SETTLE, [200, 400], id="one tag is behind: once it settled"),
    ],
)
def test_only_final_rows_are_given(tmp_path, now, rows):
    clock = Clock(NOON + 400)
    ring = ring_at(tmp_path, clock)
    ring.append([said("a", NOON + 100, 1.0), said("a", NOON + 400, 2.0), said("b", NOON + 200, 1.0)])
    ring.began_ms = NOON
    clock.ms = now
    assert [row["t"] - NOON for row in asked(ring)["rows"]] == rows
    ring.close()


def test_from_now_on_starts_after_the_newest_final_row(tmp_path):
    clock = Clock(NOON)
    ring = ring_at(tmp_path, clock)
    for at in range(0, 2001, 200):
        clock.ms = NOON + at
        ring.append([said("a", NOON + at, 1.0), said("b", NOON + at, 1.0)])
    body = asked(ring, after=0)
    assert (body["rows"], body["next"]) == ([], NOON + 2000)
    ring.close()


def test_an_empty_ring_answers_with_a_cursor(tmp_path):
    ring = ring_at(tmp_path, Clock(NOON + 50))
    body = asked(ring, after=0)
    assert (body["rows"], body["next"], body["lost"]) == ([], NOON - SETTLE, 0)
    ring.close()


def test_limit_pages_through_all_rows_once(tmp_path):
    clock = Clock(NOON)
    ring = ring_at(tmp_path, clock)
    for at in range(0, 2001, 200):
        clock.ms = NOON + at
        ring.append([said("a", NOON + at, float(at)), said("b", NOON + at, 1.0)])
    seen, after = [], NOON - 1
    while (body := asked(ring, after, limit=3))["rows"]:
        assert len(body["rows"]) <= 3
        seen += [row["v"][0] for row in body["rows"]]
        after = body["next"]
    assert seen == [float(at) for at in range(0, 2001, 200)]
    ring.close()


def test_rows_after_eviction_are_true_and_the_lost_ones_counted(tmp_path):
    clock = Clock(NOON)
    ring = ring_at(tmp_path, clock, max_bytes=120_000)
    for start in range(0, 1_000_000, 2000):
        clock.ms = NOON + start + 1800
        ring.append([said("a", NOON + at, float(at)) for at in range(start, start + 2000, 200)])
        if start in {0, 400_000}:  # said twice, evicted apart, and never again
            ring.append([said("b", NOON + start, float(start))])
    body = asked(ring, after=NOON, limit=3)
    oldest = body["oldest"]
    assert oldest > NOON + 600_000
    assert body["lost"] == (oldest - NOON) // 200 - 9, "the ring began with the tenth row"
    assert table(body) == [(t - NOON, float(t - NOON), 400_000.0) for t in range(oldest, oldest + 600, 200)]
    ring.close()


arrivals = st.lists(
    st.tuples(
        st.integers(0, 1500),  # ms until it arrives
        st.lists(
            st.tuples(st.sampled_from("ab"), st.integers(-3000, 200), st.sampled_from([1.0, 2.0, None])), max_size=4
        ),  # tag, source time against arrival, value
        st.booleans(),  # whether the collector is restarted
    ),
    max_size=12,
)


@given(arrivals)
@settings(max_examples=40, deadline=None)
def test_a_row_once_given_never_changes(story):
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(NOON)
        ring = ring_at(Path(folder), clock)
        given_rows, cursor = [], NOON - 200
        for wait, news, restart in story:
            clock.ms += wait
            if restart:
                ring.close()
                ring = ring_at(Path(folder), clock)
            ring.append([said(tag, clock.ms + late, value, 0 if value else BAD, clock.ms) for tag, late, value in news])
            body = asked(ring, cursor)
            given_rows += body["rows"]
            cursor = body["next"]
        clock.ms += 10_000
        again = asked(ring, NOON - 200)["rows"][: len(given_rows)]
        ring.close()
    assert again == given_rows

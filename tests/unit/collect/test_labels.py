"""Labels: in order of arrival, each under the row whose period it was taken in, none twice and none left out."""

import pytest

from andon.runtime.collect import ring as ring_module
from andon.runtime.collect.labels import labels_after, parse
from andon.runtime.collect.parameters import BadQueryError
from unit.collect.clocked import NOON, Clock, ring_at, said

BAD = 0x808C0000


def asked(ring, after, limit=500):
    return labels_after(ring, parse({"every": "200ms", "after": str(after), "limit": str(limit)}, "b"))


@pytest.mark.parametrize(
    ("given", "tag", "says"),
    [
        ({"every": "1s"}, None, "this DataSource has no labels; set spec.labels.tag"),
        ({}, "b", "every: missing"),
        ({"every": "1s", "tags": "b"}, "b", "tags: not a parameter; there are every, after, limit, wait"),
        ({"every": "1s", "after": "x"}, "b", "after: 'x' is not a whole number"),
        ({"every": "1s", "limit": "5001"}, "b", "limit: '5001' is not a whole number from 1 to 5000"),
    ],
)
def test_bad_input_is_named(given, tag, says):
    with pytest.raises(BadQueryError) as error:
        parse(given, tag)
    assert str(error.value).startswith(says)


def test_a_label_is_of_the_row_whose_period_it_was_taken_in(tmp_path):
    ring = ring_at(tmp_path, Clock(NOON + 5000))
    ring.append([said("a", NOON, 1.0)])
    start = asked(ring, 0)
    assert start == {"tag": "b", "labels": [], "next": 1}
    ring.append([said("b", NOON + 201, 3.0), said("a", NOON + 300, 0.0), said("b", NOON + 400, None, BAD)])
    ring.append([said("b", NOON, 4.0)])
    answer = asked(ring, start["next"])
    assert answer["labels"] == [{"t": NOON + 400, "v": 3.0}, {"t": NOON, "v": 4.0}]
    assert asked(ring, answer["next"])["labels"] == []
    ring.close()


@pytest.mark.parametrize("looked_at", [3, 100_000])
def test_limit_pages_through_all_labels_once(tmp_path, monkeypatch, looked_at):
    monkeypatch.setattr(ring_module, "_LOOKED_AT", looked_at)
    ring = ring_at(tmp_path, Clock(NOON))
    ring.append([said("a", NOON, 0.0)])
    for n in range(20):
        ring.append([said("a", NOON + n + 1, float(n)), said("b", NOON + n, *((float(n), 0) if n % 5 else (None, BAD)))])
    seen, cursor, newest = [], 1, ring.newest_number()
    while cursor < newest:
        answer = asked(ring, cursor, limit=3)
        assert len(answer["labels"]) <= 3
        assert answer["next"] > cursor
        seen += [label["v"] for label in answer["labels"]]
        cursor = answer["next"]
    assert seen == [float(n) for n in range(20) if n % 5]
    ring.close()


def test_a_cursor_of_a_ring_that_is_lost_finds_all_that_is_here(tmp_path):
    ring = ring_at(tmp_path, Clock(NOON))
    ring.append([said("b", NOON, 1.0)])
    assert asked(ring, 9000) == {"tag": "b", "labels": [{"t": NOON, "v": 1.0}], "next": 1}
    ring.close()


def test_evicted_labels_are_passed_over(tmp_path):
    clock = Clock(NOON)
    ring = ring_at(tmp_path, clock, max_bytes=120_000)
    for start in range(0, 1_000_000, 2000):
        clock.ms = NOON + start + 1800
        ring.append([said("b", NOON + at, float(at)) for at in range(start, start + 2000, 200)])
    first = asked(ring, 1, limit=1)["labels"][0]
    assert first["v"] > 600_000
    assert first["t"] == NOON + first["v"]
    ring.close()

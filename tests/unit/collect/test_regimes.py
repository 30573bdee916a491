"""A row's regime: known once its tag has settled, and the same whenever asked, records evicted or not."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.api.datasource import RegimeTag
from andon.runtime.collect.rows import Query, anchored, parse, rows_after
from andon.runtime.regimes import name, regimes
from unit.collect.clocked import NOON, Clock, ring_at, said

GRADE = RegimeTag(tag="grade", settle="400ms")
BAD = 0x808C0000
NAN = float("nan")


@pytest.mark.parametrize(("value", "named"), [(3.0, "3"), (-0.0, "0"), (0.5, "0.5"), (-7.0, "-7"), (1e22, "1e+22")])
def test_a_regime_is_named_by_its_value_written_shortest(value, named):
    assert name(value) == named


@pytest.mark.parametrize(
    ("records", "named"),
    [
        pytest.param([(0, 1.0)], ["Settling", "Settling", "1", "1", "1"], id="nothing before: not before it settled"),
        pytest.param([(-900, 1.0), (300, 2.0)], ["1", "1", "Settling", "Settling", "2"], id="a change"),
        pytest.param([(-900, 1.0), (300, 1.0)], ["1"] * 5, id="the same said again"),
        pytest.param([(-900, 1.0), (100, NAN), (150, NAN)], ["1"] + ["Settling"] * 4, id="not Good"),
        pytest.param([(-900, 1.0), (100, NAN), (300, 1.0)], ["1", "Settling", "Settling", "Settling", "1"], id="Good again"),
        pytest.param([(-900, 1.0), (100, 2.0), (200, 1.0)], ["1", "Settling", "Settling", "1", "1"], id="there and back"),
        pytest.param([], ["Settling"] * 5, id="never seen"),
        pytest.param([(700, 1.0)], ["Settling"] * 5, id="seen later only"),
    ],
)
def test_a_row_is_of_a_regime_once_that_has_held_for_the_settle_time(records, named):
    at, values = zip(*records, strict=True) if records else ((), ())
    clock = np.arange(0, 1000, 200)
    assert regimes(clock, np.array(at, dtype=np.int64), np.array(values), 400) == tuple(named)


def asked(ring, after, **changes):
    given_ = {"every": "200ms", "after": str(after), "tags": "a", **changes}
    return rows_after(ring, anchored(ring, parse(given_, ["a", "grade"], GRADE))).body["rows"]


def graded(folder, clock, **changes):
    return ring_at(folder, clock, tags=("a", "grade"), regime="grade", **changes)


def test_rows_of_a_source_with_a_regime_say_it(tmp_path):
    clock = Clock(NOON)
    ring = graded(tmp_path, clock)
    for at in range(0, 1400, 200):
        clock.ms = NOON + at
        ring.append([said("a", NOON + at, 1.0), said("grade", NOON + at, 1.0 if at < 600 else 2.0)])
    assert [row["g"] for row in asked(ring, NOON - 1)] == ["Settling", "Settling", "1", "Settling", "Settling", "2", "2"]
    ring.close()


def test_a_row_waits_for_its_regime_as_for_its_tags(tmp_path):
    clock = Clock(NOON)
    ring = graded(tmp_path, clock)
    ring.append([said("a", NOON, 1.0), said("grade", NOON, 1.0)])
    clock.ms = NOON + 200
    ring.append([said("a", NOON + 200, 1.0)])
    assert [row["t"] for row in asked(ring, NOON - 1)] == [NOON]
    ring.close()


def test_an_old_value_tells_no_regime(tmp_path):
    clock = Clock(NOON)
    ring = graded(tmp_path, clock)
    ring.append([said("a", NOON, 1.0), said("grade", NOON, 1.0)])
    clock.ms = NOON + 2000
    ring.append([said("a", NOON + 2000, 1.0), said("grade", NOON + 2000, 1.0)])
    assert {row["g"] for row in asked(ring, NOON + 399)} == {"1"}
    assert [row["g"] for row in asked(ring, NOON + 599, maxAge="1s")] == ["1"] * 3 + ["Settling"] * 4 + ["1"]
    ring.close()


def test_how_long_a_regime_has_held_is_known_after_its_records_are_evicted(tmp_path):
    clock = Clock(NOON)
    ring = graded(tmp_path, clock, max_bytes=120_000)
    given_rows, cursor = [], NOON - 1
    for at in range(0, 600_000, 200):
        clock.ms = NOON + at
        ring.append([said("a", NOON + at, float(at)), said("grade", NOON + at, 1.0 + at // 100_000)])
        given_rows += asked(ring, cursor, limit="1")
        cursor = given_rows[-1]["t"]
    ring.close()
    ring = graded(tmp_path, clock, max_bytes=120_000)
    again = asked(ring, NOON - 1, limit="5000")
    assert again[0]["t"] > NOON + 200_000, "some were evicted"
    assert again == given_rows[-len(again) :]
    assert len(ring.regime_changes(NOON, clock.ms)[0]) < 5, "changes no row needs are forgotten"
    ring.close()


def test_another_regime_tag_begins_anew(tmp_path):
    clock = Clock(NOON)
    ring = graded(tmp_path, clock)
    ring.append([said("grade", NOON, 1.0)])
    ring.close()
    ring_at(tmp_path, clock, tags=("a", "grade")).close()
    ring = graded(tmp_path, clock)
    assert len(ring.regime_changes(0, NOON)[0]) == 0
    ring.close()


arrivals = st.lists(
    st.tuples(
        st.integers(0, 1500),
        st.lists(
            st.tuples(st.sampled_from(["a", "grade"]), st.integers(-3000, 200), st.sampled_from([1.0, 2.0, None])), max_size=4
        ),
        st.booleans(),
    ),
    max_size=12,
)


@given(arrivals)
@settings(max_examples=40, deadline=None)
def test_a_regime_once_given_never_changes(story):
    """Arrivals as ms until they arrive, records as tag, source time against arrival, value, and whether a restart follows."""
    query = Query("200ms", 200, ("a",), regime=GRADE, max_age_s=2.0)
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(NOON)
        ring = graded(Path(folder), clock)
        given_rows, cursor = [], NOON - 200
        for wait, news, restart in story:
            clock.ms += wait
            if restart:
                ring.close()
                ring = graded(Path(folder), clock)
            ring.append([said(tag, clock.ms + late, value, 0 if value else BAD, clock.ms) for tag, late, value in news])
            body = rows_after(ring, _after(query, cursor)).body
            given_rows += body["rows"]
            cursor = body["next"]
        clock.ms += 10_000
        again = rows_after(ring, _after(query, NOON - 200)).body["rows"][: len(given_rows)]
        ring.close()
    assert again == given_rows


def _after(query, cursor):
    return Query(query.every, query.every_ms, query.tags, cursor, regime=query.regime, max_age_s=query.max_age_s)

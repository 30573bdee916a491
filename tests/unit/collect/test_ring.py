"""The ring loses nothing committed, evicts the oldest first and counts it."""

import sqlite3

import pytest

from andon.runtime.collect.ring import counts_from
from andon.runtime.collect.tables import Held
from unit.collect.clocked import NOON, SETTLE, Clock, ring_at, said


def name(first_ms, last_ms):
    return f"{first_ms - NOON}-{last_ms - NOON}"


def everything(ring):
    return [(placed.source_us // 1000 - NOON, placed.value) for _, _, placed in ring.read(0, 1 << 60, 1 << 30)]


@pytest.mark.parametrize(
    ("source_ms", "now", "before", "counts"),
    [
        pytest.param(100, 110, None, 100, id="on time: from its source time"),
        pytest.param(100.2, 110, None, 101, id="never before it was"),
        pytest.param(100, 5000, None, 4001, id="late: from the first row that was not final"),
        pytest.param(9000, 110, None, 110, id="a clock that runs ahead: from its receipt"),
        pytest.param(100, 700, Held(100, 100_000, 1.0, 0), 101, id="the same time restated: after what it restates"),
        pytest.param(50, 700, Held(100, 100_000, 1.0, 0), 101, id="an older time: not before the record before it"),
        pytest.param(50, 5000, Held(100, 100_000, 1.0, 0), 4001, id="an older time, late: from the first row not final"),
    ],
)
def test_from_when_a_record_counts(source_ms, now, before, counts):
    assert counts_from(round(source_ms * 1000), now, SETTLE, before) == counts


def test_a_repeat_of_the_newest_record_is_no_news(tmp_path):
    ring = ring_at(tmp_path, Clock())
    assert ring.append([said("a", NOON, 1.0), said("a", NOON, 1.0)]) == 1
    assert ring.append([said("a", NOON, 1.0)]) == 0
    assert ring.append([said("a", NOON, None, status=0x808C0000)]) == 1
    ring.close()
    ring = ring_at(tmp_path, Clock())
    assert ring.append([said("a", NOON, None, status=0x808C0000)]) == 0
    assert ring.append([said("a", NOON + 1, None, status=0x808C0000)]) == 1
    ring.close()


def test_a_restart_finds_everything_committed(tmp_path):
    ring = ring_at(tmp_path, Clock())
    ring.append([said("a", NOON + n, float(n)) for n in range(100)])
    before = everything(ring)
    ring.close()
    ring = ring_at(tmp_path, Clock())
    assert everything(ring) == before
    ring.close()


def test_a_failed_append_leaves_nothing(tmp_path):
    ring = ring_at(tmp_path, Clock())
    ring.append([said("a", NOON, 1.0)])
    blocker = sqlite3.connect(tmp_path / "ring.sqlite", isolation_level=None)
    blocker.execute("CREATE TRIGGER full BEFORE INSERT ON record WHEN NEW.value = 3 BEGIN SELECT RAISE(ABORT, 'full'); END")
    blocker.close()
    with pytest.raises(sqlite3.IntegrityError):
        ring.append([said("a", NOON + 1, 2.0), said("a", NOON + 2, 3.0)])
    assert everything(ring) == [(0, 1.0)]
    ring.close()


def test_a_full_ring_evicts_the_oldest_first_and_counts_them(tmp_path):
    ring = ring_at(tmp_path, Clock(NOON + 100_000), max_bytes=200_000)
    for start in range(0, 10_000, 500):
        ring.append([said("a", NOON + n, float(n)) for n in range(start, start + 500)])
    kept = everything(ring)
    assert ring.used_bytes <= 200_000
    assert 0 < len(kept) < 10_000
    assert kept[-1] == (9_999, 9_999.0)
    assert [at for at, _ in kept] == list(range(10_000 - len(kept), 10_000))
    assert ring.evicted == 10_000 - len(kept)
    ring.close()
    ring = ring_at(tmp_path, Clock(), max_bytes=200_000)
    assert ring.evicted == 10_000 - len(kept)
    ring.close()


def test_evicting_what_was_landed_takes_nothing_from_training(tmp_path):
    clock = Clock(NOON + 10_000)
    ring = ring_at(tmp_path, clock, max_bytes=200_000)
    for start in range(0, 10_000, 500):
        ring.append([said("a", NOON + n, float(n)) for n in range(start, start + 500)])
        clock.ms += 10_000
        while stretch := ring.stretch("landing", 10_000, name):
            ring.finish("landing", stretch)
    assert ring.evicted > 0
    assert ring.landed == {"a": 10_000, "b": 0}
    ring.close()


def test_a_changed_unit_is_another_signal(tmp_path):
    ring = ring_at(tmp_path, Clock())
    ring.append([said("a", NOON, 1.0)])
    ring.close()
    ring = ring_at(tmp_path, Clock(), units={"a": "bar"})
    assert ring.history("a", NOON, NOON + 1000) == []
    ring.append([said("a", NOON + 1, 0.01)])
    assert [signal.unit for _, signal, _ in ring.read(0, 10, 10)] == ["kPa", "bar"]
    ring.close()


def test_a_stretch_ends_with_its_time_and_not_before(tmp_path):
    clock = Clock(NOON)
    ring = ring_at(tmp_path, clock)
    ring.append([said("a", NOON + at, float(at)) for at in (0, 4_000, 9_999, 10_000, 12_000)])
    clock.ms = NOON + 9_999
    assert ring.stretch("landing", 10_000, name) is None
    clock.ms = NOON + 10_000
    stretch = ring.stretch("landing", 10_000, name)
    assert stretch.name == "0-9999"
    assert [placed.value for _, _, placed in ring.read(stretch.done, stretch.until, 10)] == [0, 4_000, 9_999]
    ring.finish("landing", stretch)
    assert ring.stretch("landing", 10_000, name) is None
    ring.close()


def test_a_planned_stretch_is_the_same_after_a_crash(tmp_path):
    clock = Clock(NOON + 10_000)
    ring = ring_at(tmp_path, clock)
    ring.append([said("a", NOON, 1.0)])
    planned = ring.stretch("landing", 10_000, name)
    ring.append([said("a", NOON + 1, 2.0)])
    ring.close()
    ring = ring_at(tmp_path, clock)
    assert ring.stretch("landing", 10_000, name) == planned
    ring.close()


def test_a_stretch_ends_early_when_a_quarter_of_the_ring_waits(tmp_path):
    ring = ring_at(tmp_path, Clock(NOON + 9_999), max_bytes=200_000)
    ring.append([said("a", NOON + n, float(n)) for n in range(100)])
    assert ring.stretch("landing", 10_000, name) is None
    ring.append([said("a", NOON + n, float(n)) for n in range(100, 2_000)])
    assert ring.stretch("landing", 10_000, name).until == 2_000
    ring.close()

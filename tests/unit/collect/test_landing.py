"""Each record lands in exactly one file, whatever is killed when; files appear whole."""

import json
from collections import Counter
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from andon.api.datasource import QuarantineWindow
from andon.runtime.collect.keeper import Keeper
from andon.runtime.collect.landing import Landing, write_quarantine
from andon.runtime.collect.parquet import SCHEMA
from unit.collect.clocked import NOON, Clock, ring_at, said


class KilledError(Exception):
    """Stands for the end of the process at this very place."""


def dies(*_):
    raise KilledError


def landed(folder):
    return [row for file in sorted(folder.glob("date=*/*.parquet")) for row in pq.ParquetFile(file).read().to_pylist()]


@pytest.fixture
def clock():
    return Clock(NOON + 20_000)


@pytest.fixture
def keeper(tmp_path, clock):
    keeper = Keeper(lambda: ring_at(tmp_path, clock))
    yield keeper
    keeper.close()


async def test_a_landed_file_is_as_the_contract_says(tmp_path, keeper):
    await keeper.append([said("a", NOON, 1.5, received_ms=NOON + 7), said("b", NOON + 1, None, 0x808C0000, received_ms=NOON + 9)])
    path = await Landing(keeper, tmp_path / "landing", rotate_s=10).land()
    assert path == tmp_path / "landing" / "date=2025-11-22" / f"{NOON + 7}-{NOON + 9}.parquet"
    file = pq.ParquetFile(path)
    assert file.schema_arrow.equals(SCHEMA)
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    first, second = file.read().to_pylist()
    noon = datetime.fromtimestamp(NOON / 1000, UTC)
    assert (first["asset"], first["tag"], first["value"], first["status"], first["unit"]) == ("reactor-1", "a", 1.5, 0, "kPa")
    assert (first["source_ts"], first["received_ts"].microsecond) == (noon, noon.microsecond + 7000)
    assert (second["value"], second["status"]) == (None, 0x808C0000)


async def test_a_stretch_still_filling_is_not_landed(tmp_path, keeper, clock):
    await keeper.append([said("a", NOON + 20_000, 1.0)])
    assert await Landing(keeper, tmp_path / "landing", rotate_s=10).land() is None
    assert not (tmp_path / "landing").exists()


@pytest.mark.parametrize(
    "place",
    [
        "andon.runtime.collect.parquet.Writer.write",
        "andon.runtime.collect.parquet.Writer.commit",
        "andon.runtime.collect.ring.Ring.finish",
    ],
)
async def test_killed_anywhere_each_record_lands_once(tmp_path, clock, monkeypatch, place):
    records = [said("a", NOON + n, float(n)) for n in range(100)]
    keeper = Keeper(lambda: ring_at(tmp_path, clock))
    await keeper.append(records)
    with monkeypatch.context() as killed:
        killed.setattr(place, dies)
        with pytest.raises(KilledError):
            await Landing(keeper, tmp_path / "landing", rotate_s=10).land()
    keeper.close()
    keeper = Keeper(lambda: ring_at(tmp_path, clock))
    await keeper.append([said("a", NOON + n, float(n)) for n in range(100, 200)])
    clock.ms += 10_000
    landing = Landing(keeper, tmp_path / "landing", rotate_s=10)
    while await landing.land():
        pass
    keeper.close()
    counts = Counter(row["value"] for row in landed(tmp_path / "landing"))
    assert counts == {float(n): 1 for n in range(200)}
    assert not list((tmp_path / "landing").rglob(".*")), "nothing half-written stays"


async def test_what_was_landed_whole_is_not_landed_again_after_eviction(tmp_path, clock, monkeypatch):
    keeper = Keeper(lambda: ring_at(tmp_path, clock, max_bytes=100_000))
    await keeper.append([said("a", NOON + n, float(n)) for n in range(100)])
    with monkeypatch.context() as killed:
        killed.setattr("andon.runtime.collect.ring.Ring.finish", dies)
        with pytest.raises(KilledError):
            await Landing(keeper, tmp_path / "landing", rotate_s=10).land()
    for start in range(20_000, 40_000, 1_000):
        await keeper.append([said("b", NOON + n, float(n)) for n in range(start, start + 1_000)])
    assert keeper.ring.evicted > 100
    path = await Landing(keeper, tmp_path / "landing", rotate_s=10).land()
    keeper.close()
    assert pq.ParquetFile(path).metadata.num_rows == 100


def test_quarantine_is_replaced_whole(tmp_path):
    window = QuarantineWindow(decision="d-1", policy="watch", tags=["a"], fault="Stuck", since=datetime(2026, 1, 1, tzinfo=UTC))
    write_quarantine(tmp_path / "landing", [window])
    write_quarantine(tmp_path / "landing", [window, window.model_copy(update={"decision": "d-2"})])
    windows = json.loads((tmp_path / "landing/quarantine.json").read_text())["windows"]
    assert [w["decision"] for w in windows] == ["d-1", "d-2"]
    assert QuarantineWindow.model_validate(windows[0]) == window
    assert [path.name for path in (tmp_path / "landing").iterdir()] == ["quarantine.json"]

"""What landed is read whole or not at all."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import landed
from andon.runtime.train import landing
from andon.runtime.train.outcome import TrainingFailed


def test_records_are_in_order_of_source_time_whatever_the_files_say(tmp_path: Path) -> None:
    landed.write(tmp_path, [landed.record("a", 3000, 3.0), landed.record("a", 1000, 1.0)], "2-3")
    landed.write(tmp_path, [landed.record("a", 2000, 2.0), landed.record("b", 2000, 9.0)], "1-2")
    read = landing.read(tmp_path, {"a"})
    assert read.records["a"].at_ms.tolist() == [1000, 2000, 3000]
    assert read.records["a"].value.tolist() == [1.0, 2.0, 3.0]
    assert set(read.records) == {"a"}


def test_every_file_is_named_with_its_digest_and_all_its_records(tmp_path: Path) -> None:
    path = landed.write(tmp_path, [landed.record("a", 1, 1.0), landed.record("b", 1, 1.0)])
    (file,) = landing.read(tmp_path, {"a"}).files
    assert file == landing.LandedFile("date=2025-11-22/0-1.parquet", sha256(path.read_bytes()).hexdigest(), 2)


def test_a_record_that_landed_twice_counts_once_and_the_last_received_wins(tmp_path: Path) -> None:
    landed.write(tmp_path, [landed.record("a", 1000, 2.0, received_ms=3000), landed.record("a", 1000, 1.0, received_ms=2000)])
    read = landing.read(tmp_path, {"a"})
    assert read.records["a"].value.tolist() == [2.0]
    assert read.repeats == 1


def test_only_good_has_a_value(tmp_path: Path) -> None:
    statuses = (landed.GOOD, landed.BAD, landed.UNCERTAIN, 0x00000400)
    landed.write(tmp_path, [landed.record("a", 1000 + i, 7.0, status) for i, status in enumerate(statuses)])
    records = landing.read(tmp_path, {"a"}).records["a"]
    assert records.good.tolist() == [True, False, False, True]
    assert np.isnan(records.value).tolist() == [False, True, True, False]


def test_a_record_is_never_seen_before_it_was_made(tmp_path: Path) -> None:
    landed.write(tmp_path, [landed.record("a", 1000.001, 1.0)])
    assert landing.read(tmp_path, {"a"}).records["a"].at_ms.tolist() == [1001]


def test_a_file_being_written_is_not_looked_at(tmp_path: Path) -> None:
    landed.write(tmp_path, [landed.record("a", 1, 1.0)])
    (tmp_path / "date=2025-11-22" / ".5-6.parquet").write_bytes(b"PAR1 half")
    assert len(landing.read(tmp_path, {"a"}).files) == 1


def test_windows_are_those_of_our_tags(tmp_path: Path) -> None:
    landed.write(tmp_path, [landed.record("a", 1, 1.0)])
    landed.quarantine(
        tmp_path,
        {"tags": ["a", "b"], "since": "2025-11-22T10:00:00Z", "until": None},
        {"tags": ["b"], "since": "2025-11-22T11:00:00Z", "until": "2025-11-22T12:00:00Z"},
    )
    (window,) = landing.read(tmp_path, {"a"}).windows
    assert window.tags == ["a", "b"]
    assert window.until is None


def empty(folder: Path) -> None:
    folder.mkdir(exist_ok=True)


def unknown_tag(folder: Path) -> None:
    landed.write(folder, [landed.record("b", 1, 1.0)])


def only_bad(folder: Path) -> None:
    landed.write(folder, [landed.record("a", 1, None, landed.BAD)])


def torn_file(folder: Path) -> None:
    landed.write(folder, [landed.record("a", 1, 1.0)]).write_bytes(b"PAR1 torn")


def another_layout(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = landed.write(folder, [landed.record("a", 1, 1.0)])
    pq.write_table(pa.table({"tag": ["a"], "value": [1.0]}), path)


def broken_quarantine(folder: Path) -> None:
    landed.write(folder, [landed.record("a", 1, 1.0)])
    (folder / "quarantine.json").write_text('{"windows": [{"tags": ["a"]}]}')


def half_quarantine(folder: Path) -> None:
    landed.write(folder, [landed.record("a", 1, 1.0)])
    (folder / "quarantine.json").write_text('{"windows": [')


@pytest.mark.parametrize(
    ("given", "reason", "message"),
    [
        pytest.param(empty, "NothingLanded", "no Parquet file yet", id="an empty folder"),
        pytest.param(unknown_tag, "TagUnknown", "no Good record of a ", id="a tag that never landed"),
        pytest.param(only_bad, "TagUnknown", "no Good record of a ", id="a tag that was never Good"),
        pytest.param(torn_file, "LandingUnreadable", "0-1.parquet", id="a torn file"),
        pytest.param(another_layout, "LandingUnreadable", "0-1.parquet", id="a file without our columns"),
        pytest.param(broken_quarantine, "QuarantineUnreadable", "quarantine.json", id="a quarantine list that lacks fields"),
        pytest.param(half_quarantine, "QuarantineUnreadable", "quarantine.json", id="half a quarantine list"),
    ],
)
def test_what_cannot_be_read_stops_training(given, reason: str, message: str, tmp_path: Path) -> None:
    given(tmp_path)
    with pytest.raises(TrainingFailed, match=message) as failed:
        landing.read(tmp_path, {"a"})
    assert failed.value.reason == reason

"""What has landed? The Parquet files and the quarantine list, as arrays per tag.

Files being written have hidden names and are not looked at; every other file is read whole or training stops.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from andon.api.datasource import QuarantineWindow
from andon.runtime.train.outcome import TrainingFailed, TryAgain

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS: Final = ("tag", "source_ts", "received_ts", "value", "status")


@dataclass(frozen=True, slots=True)
class Records:
    """One tag's records by source time, each time once (the last received wins).

    at_ms: source time, rounded up to whole milliseconds, so that a record is never seen before it was made. value: NaN unless
    the status is Good.
    """

    at_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    good: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One file that was read: its name below the landing folder, the sha256 of its bytes and its records of all tags."""

    name: str
    sha256: str
    records: int


@dataclass(frozen=True, slots=True)
class Landing:
    """All that training may know of the past. repeats: records landed twice, counted once."""

    files: tuple[LandedFile, ...]
    records: Mapping[str, Records]
    repeats: int
    windows: tuple[QuarantineWindow, ...]

    def __str__(self) -> str:
        """As people read it."""
        records = sum(file.records for file in self.files)
        return f"{records:,} records in {len(self.files)} files, {self.repeats} repeated; {len(self.windows)} quarantined windows"


def read(folder: Path, tags: Collection[str]) -> Landing:
    """The records of these tags and the windows that name one of them.

    Raises TryAgain: NothingLanded, and TrainingFailed: LandingUnreadable, QuarantineUnreadable, TagUnknown.
    """
    import pyarrow as pa

    paths = sorted(path for path in folder.glob("date=*/*.parquet") if not path.name.startswith("."))
    if not paths:
        raise TryAgain("NothingLanded", f"{folder} has no Parquet file yet; is the DataSource Ready, and does it land here?")
    read_files = [_read_file(path, folder, tags) for path in paths]
    table = pa.concat_tables([part for _, part in read_files])
    records = {tag: _records(table, tag) for tag in sorted(set(tags))}
    unknown = [tag for tag, found in records.items() if not found.good.any()]
    if unknown:
        raise TrainingFailed(
            "TagUnknown", f"no Good record of {', '.join(unknown)} has landed; name tags that the DataSource collects"
        )
    return Landing(
        files=tuple(file for file, _ in read_files),
        records=records,
        repeats=table.num_rows - sum(found.at_ms.size for found in records.values()),
        windows=_windows(folder, tags),
    )


def _read_file(path: Path, folder: Path, tags: Collection[str]) -> tuple[LandedFile, "pa.Table"]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        content = path.read_bytes()
        table = pq.read_table(pa.BufferReader(content), columns=list(COLUMNS), use_threads=False)
        ours = table.filter(pc.is_in(table["tag"], value_set=pa.array(sorted(set(tags)), table["tag"].type)))
    except (OSError, pa.ArrowException) as error:
        raise TrainingFailed("LandingUnreadable", f"{path}: {error}; move the file away and start again") from error
    return LandedFile(str(path.relative_to(folder)), hashlib.sha256(content).hexdigest(), table.num_rows), ours


def _records(table: "pa.Table", tag: str) -> Records:
    import pyarrow.compute as pc

    ours = table.filter(pc.equal(table["tag"], tag))
    source_us = _microseconds(ours["source_ts"])
    order = np.lexsort((_microseconds(ours["received_ts"]), source_us))
    source_us = source_us[order]
    newest = order[np.append(source_us[1:] != source_us[:-1], True)[: source_us.size]]
    good = (ours["status"].to_numpy()[newest] >> 30) == 0
    value = ours["value"].to_numpy(zero_copy_only=False).astype(np.float64)[newest]
    return Records(-(-_microseconds(ours["source_ts"])[newest] // 1000), np.where(good, value, np.nan), good)


def _microseconds(column: Any) -> NDArray[np.int64]:
    import pyarrow as pa

    return np.asarray(column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy(), dtype=np.int64)


def _windows(folder: Path, tags: Collection[str]) -> tuple[QuarantineWindow, ...]:
    """A missing list means that nothing is quarantined; an unreadable one might hide something and stops training."""
    path = folder / "quarantine.json"
    try:
        windows = [QuarantineWindow.model_validate(window) for window in json.loads(path.read_bytes())["windows"]]
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise TrainingFailed("QuarantineUnreadable", f"{path}: {error}; the collector writes it: see its log") from error
    return tuple(window for window in windows if set(window.tags) & set(tags))

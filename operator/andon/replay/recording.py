"""Which rows were recorded? A wide Parquet file as the rows that a collector would have served."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from andon.api.errors import UserError
from andon.api.evidence import UNKNOWN_REGIME
from andon.replay.columns import Floats, Micros, Table, listed, time_of
from andon.stats.blocks import Rows

TIME: Final = "time"
REGIME: Final = "regime"
STATUS: Final = ".status"
LONGEST: Final = 63
"""Characters of the name of a tag or regime."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Rows in order. columns: as the file names them; tags: as Andon does, (tags,). times: (rows,). values, status: (rows, tags).

    regimes: one per row, None where the file says none. every: seconds of their clock. notes: what a person should know.
    """

    path: Path
    columns: tuple[str, ...]
    tags: tuple[str, ...]
    times: Micros
    values: Floats
    status: Floats
    regimes: tuple[str, ...] | None
    every: float
    notes: tuple[str, ...]

    def __len__(self) -> int:
        """How many rows."""
        return len(self.times)

    def rows(self, part: slice) -> Rows:
        """Some of them, as evidence is made from; every value is as old as its row."""
        times = self.times[part]
        return Rows(
            tags=self.tags,
            times=times / 1e6,
            every=self.every,
            values=self.values[part],
            status=self.status[part],
            ages=np.zeros((len(times), len(self.tags))),
            regimes=self.regimes[part] if self.regimes else None,
        )


@dataclass(frozen=True, slots=True)
class RecordingFile:
    """A file that has rows, before it is said which of its columns are wanted."""

    table: Table

    @classmethod
    def open(cls, path: Path) -> "RecordingFile":
        """Raises UserError when it is no Parquet file, has no rows or no times."""
        table = Table.read(path)
        table.require(TIME)
        return cls(table)

    @property
    def features(self) -> list[str]:
        """The columns that are neither time nor regime nor the status of another column."""
        names = self.table.names
        return [n for n in names if n not in {TIME, REGIME} and not (n.endswith(STATUS) and n.removesuffix(STATUS) in names)]

    def read(self, columns: Sequence[str]) -> Recording:
        """These columns' rows. Raises UserError naming file, column and row for what cannot be used."""
        self.table.require(*columns)
        times = self.table.times(TIME)
        _check_order(self.table.path, times)
        values = np.column_stack([self.table.numbers(column) for column in columns])
        _check_movement(self.table.path, values)
        return Recording(
            path=self.table.path,
            columns=tuple(columns),
            tags=tags_of(self.table.path, columns),
            times=times,
            values=values,
            status=np.column_stack([self._status(column) for column in columns]),
            regimes=tuple(self._regimes()) or None,
            every=float(np.median(np.diff(times))) / 1e6 if len(times) > 1 else 1.0,
            notes=tuple(self._notes(times)),
        )

    def _status(self, column: str) -> Floats:
        name = column + STATUS
        return self.table.states(name) if name in self.table.names else np.zeros(len(self.table))

    def _regimes(self) -> list[str]:
        if REGIME not in self.table.names:
            return []
        names = self.table.texts(REGIME)
        long = next((row for row, name in enumerate(names, 1) if len(name) > LONGEST), None)
        if long is not None:
            raise UserError(
                f"{self.table.path}: column {REGIME}, row {long} is a name of {len(names[long - 1]):,} characters; "
                f"shorten it to at most {LONGEST}"
            )
        return [name or UNKNOWN_REGIME for name in names]

    def _notes(self, times: Micros) -> list[str]:
        notes = []
        if self.table.is_without_zone(TIME):
            notes.append(f"{self.table.path}: the times name no zone and were read as UTC")
        steps = np.diff(times)
        gaps = int((steps > 1.5 * np.median(steps)).sum()) if steps.size else 0
        if gaps:
            notes.append(f"{self.table.path}: {gaps} gaps between its rows; nothing was made up for them")
        return notes


def tag_of(column: str) -> str:
    """What Andon calls a column: lower-case letters, digits and `_`, beginning with a letter; `XMEAS(7)` is `xmeas_7`."""
    tag = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
    return tag if tag[:1].isalpha() else f"f_{tag}"


def tags_of(path: Path, columns: Sequence[str]) -> tuple[str, ...]:
    """The tag of each column. Raises UserError when two columns have one, or one is longer than a tag may be."""
    known: dict[str, str] = {}
    for column in columns:
        tag = tag_of(column)
        if tag in known:
            raise UserError(f"{path}: columns {known[tag]} and {column} are both tag {tag}; rename one of them")
        if len(tag) > LONGEST:
            raise UserError(f"{path}: the name of column {column} is longer than {LONGEST} characters; rename it")
        known[tag] = column
    return tuple(known)


def _check_order(path: Path, times: Micros) -> None:
    """Evidence counts every row once and in order; which of two rows of one time is the true one nobody but the user knows."""
    wrong = np.flatnonzero(np.diff(times) <= 0)
    if not wrong.size:
        return
    row = int(wrong[0]) + 1
    how = "has the same time as" if times[row] == times[row - 1] else "is earlier than"
    raise UserError(
        f"{path}: column {TIME}, row {row + 1} ({time_of(int(times[row])):%Y-%m-%dT%H:%M:%SZ}) {how} row {row}; "
        "sort the rows by time and keep one row for each"
    )


def _check_movement(path: Path, values: Floats) -> None:
    """A file in which nothing is measured, or nothing ever moves, is a broken export, and no sensor is to blame for it."""
    present: NDArray[np.bool_] = ~np.isnan(values)
    if not present.any():
        raise UserError(f"{path}: no feature has a value in any of its {len(values):,} rows; look at how it was exported")
    if len(values) == 1:
        return
    low = np.where(present, values, np.inf).min(axis=0)
    high = np.where(present, values, -np.inf).max(axis=0)
    if not (high > low).any():
        raise UserError(f"{path}: no feature ever changes in its {len(values):,} rows; look at how it was exported")


def duration(seconds: float) -> str:
    """A length of time as the API writes it, in whole milliseconds: `3m`, `1h30m`, `200ms`."""
    left, text = max(1, round(seconds * 1000)), ""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text


def chosen(file: RecordingFile, features: Sequence[str]) -> list[str]:
    """These columns of the file by name. Raises UserError naming those it does not have."""
    file.table.require(*features)
    if len(set(features)) < len(features):
        raise UserError(f"--features names a column twice: {listed(sorted(f for f in features if features.count(f) > 1))}")
    return list(features)


def matching(file: RecordingFile, tags: Sequence[str], *, ignore_extra: bool) -> list[str]:
    """The columns that hold these tags, in this order. Raises UserError naming those that lack, or are more than wanted."""
    columns = {tag_of(column): column for column in reversed(file.features)}
    if missing := [tag for tag in tags if tag not in columns]:
        raise UserError(
            f"{file.table.path} has no column {listed(missing)}, which the profile's model reads; it has {listed(file.features)}"
        )
    wanted = [columns[tag] for tag in tags]
    if (extra := [column for column in file.features if column not in wanted]) and not ignore_extra:
        raise UserError(
            f"{file.table.path} has columns that are no feature of the profile: {listed(extra)}; "
            "leave them out, or say --ignore-extra"
        )
    return wanted

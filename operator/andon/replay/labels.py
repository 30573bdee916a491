"""What was the truth, and when was it known? Late labels, joined to the rows they belong to by time."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from andon.api.errors import UserError
from andon.replay.columns import Floats, Micros, Table, time_of

TIME: Final = "time"
LABEL: Final = "label"
AVAILABLE_AT: Final = "available_at"

LARGEST: Final = 1e100

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels in the order in which they became known: rows (indices), values and known_at have one entry each."""

    rows: Indices
    values: Floats
    known_at: Micros
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many there are."""
        return len(self.rows)

    def known(self, first: int, now: int) -> int:
        """How many are known at an instant, the first so many being known already."""
        return int(np.searchsorted(self.known_at[first:], now, side="right")) + first

    def by_row(self, rows: int) -> Floats:
        """One per row, NaN where there is none. Shape (rows,)."""
        values = np.full(rows, np.nan)
        values[self.rows] = self.values
        return values


def none() -> Labels:
    """No label at all."""
    return Labels(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))


def read(path: Path, times: Micros) -> Labels:
    """The labels of rows at these times. Raises UserError naming file, column and row.

    Labels may be in any order; one for no row, or without a value, is counted in the notes and left out. None is known before
    its row is.
    """
    table = Table.read(path)
    table.require(TIME, LABEL, AVAILABLE_AT)
    at, values = table.times(TIME), table.numbers(LABEL)
    known_at = np.maximum(table.times(AVAILABLE_AT), at)
    _check_once(path, at)
    _check_size(path, values)
    rows = np.searchsorted(times, at)
    matched = times[np.minimum(rows, len(times) - 1)] == at
    used = matched & ~np.isnan(values)
    order = np.lexsort((at[used], known_at[used]))
    return Labels(
        rows[used][order].astype(np.int64),
        values[used][order],
        known_at[used][order],
        tuple(_notes(path, len(at), int((~matched).sum()), int(np.isnan(values).sum()))),
    )


def _check_once(path: Path, at: Micros) -> None:
    order = np.argsort(at, kind="stable")
    twice = np.flatnonzero(np.diff(at[order]) == 0)
    if twice.size:
        first, second = sorted(int(order[i]) + 1 for i in (twice[0], twice[0] + 1))
        when = f"{time_of(int(at[first - 1])):%Y-%m-%dT%H:%M:%SZ}"
        raise UserError(f"{path}: column {TIME}, rows {first} and {second} both label {when}; keep the true one")


def _check_size(path: Path, values: Floats) -> None:
    """What cannot be squared is no measured truth."""
    wild = np.flatnonzero(np.abs(values) > LARGEST)
    if wild.size:
        row = int(wild[0])
        raise UserError(
            f"{path}: column {LABEL}, row {row + 1} is {values[row]:g}, which nothing measures; correct it or leave it empty"
        )


def _notes(path: Path, total: int, strays: int, empty: int) -> list[str]:
    notes = []
    if strays:
        notes.append(f"{path}: {strays:,} of {total:,} labels belong to no row (no row has exactly their time) and were left out")
    if empty:
        notes.append(f"{path}: {empty:,} of {total:,} labels have no value and were left out")
    return notes

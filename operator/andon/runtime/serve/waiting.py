"""Which predictions wait for their label? Judged ones by row and revision, until the label comes or may no longer come.

A label is used once, when both it and its row are there: a label that comes before its row is scored waits for it. What is joined
is gone, so that nothing counts twice.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from andon.api.types import short

MOST_ROWS: Final = 500_000
"""Rows for which predictions wait at most, however late labels may be, and by which labels may be ahead of their rows."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS judged (
    time_ms INTEGER NOT NULL, revision TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (time_ms, revision)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS label (time_ms INTEGER PRIMARY KEY, value REAL NOT NULL);
"""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Joined:
    """Labels with what two revisions predicted, in order of row time (Unix seconds). candidate: NaN where it did not predict.

    A prediction is infinite where the model had no finite answer.
    """

    times: Floats
    labels: Floats
    stable: Floats
    candidate: Floats


class Waiting:
    """The tables `judged` and `label` of a database; every call is part of its caller's transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def judge(self, digest: str, predictions: Iterable[tuple[int, float]]) -> None:
        """Let predictions of a revision, by row time (ms), wait for their labels. Infinite: no finite answer."""
        rows = ((time_ms, short(digest), value) for time_ms, value in predictions)
        self._db.executemany("INSERT OR REPLACE INTO judged VALUES (?, ?, ?)", rows)

    def label(self, labels: Mapping[int, float]) -> None:
        """Labels have come, by row time (ms); the later one counts."""
        self._db.executemany("INSERT OR REPLACE INTO label VALUES (?, ?)", labels.items())

    def join(self, stable: str, candidate: str | None, until_ms: int) -> Joined:
        """The labels of rows up to one with what these revisions (digests) predicted, each given once and gone."""
        found = self._db.execute(
            "SELECT label.time_ms, label.value, stable.value, candidate.value FROM label"
            " JOIN judged AS stable ON stable.time_ms = label.time_ms AND stable.revision = ?"
            " LEFT JOIN judged AS candidate ON candidate.time_ms = label.time_ms AND candidate.revision = ?"
            " WHERE label.time_ms <= ? ORDER BY label.time_ms",
            (short(stable), short(candidate or ""), until_ms),
        ).fetchall()
        self._db.execute("DELETE FROM judged WHERE time_ms IN (SELECT time_ms FROM label WHERE time_ms <= ?)", (until_ms,))
        self._db.execute("DELETE FROM label WHERE time_ms <= ?", (until_ms,))
        times, labels, of_stable, of_candidate = np.array(found, dtype=np.float64).reshape(-1, 4).T
        return Joined(times / 1000, labels, of_stable, of_candidate)

    def forget(self, first_ms: int, last_ms: int) -> None:
        """No label is expected for rows before the first time; none after the last one is believed."""
        self._db.execute("DELETE FROM judged WHERE time_ms < ?", (first_ms,))
        self._db.execute("DELETE FROM label WHERE time_ms > ?", (last_ms,))

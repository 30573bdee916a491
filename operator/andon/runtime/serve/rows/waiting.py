"""Which predictions wait for their label? Judged ones by row and revision, until the label comes or may no longer come.

A label is used once, when both it and its row are there: a label that comes before its row is scored waits for it. What is joined
is gone, so that nothing counts twice.
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping
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
    """Labels in order of row time (Unix seconds), with what revisions (digests) predicted, NaN where one did not.

    A prediction is infinite where the model had no finite answer.
    """

    times: Floats
    labels: Floats
    predictions: Mapping[str, Floats]

    def by(self, digest: str | None) -> Floats:
        """What a revision predicted, NaN throughout for one that is not there."""
        found = self.predictions.get(digest) if digest else None
        return np.full(len(self.times), np.nan) if found is None else found


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

    def join(self, digests: Collection[str], until_ms: int) -> Joined:
        """The labels of rows up to one with what these revisions predicted, each label given once and gone."""
        labels = dict(self._db.execute("SELECT time_ms, value FROM label WHERE time_ms <= ? ORDER BY time_ms", (until_ms,)))
        place = {time_ms: i for i, time_ms in enumerate(labels)}
        predictions = {digest: np.full(len(labels), np.nan) for digest in digests}
        for digest, values in predictions.items():
            for time_ms, value in self._judged(digest, until_ms):
                values[place[time_ms]] = value
        self._db.execute("DELETE FROM judged WHERE time_ms IN (SELECT time_ms FROM label WHERE time_ms <= ?)", (until_ms,))
        self._db.execute("DELETE FROM label WHERE time_ms <= ?", (until_ms,))
        times, values = (np.array(list(column), dtype=np.float64) for column in (labels.keys(), labels.values()))
        return Joined(times / 1000, values, predictions)

    def _judged(self, digest: str, until_ms: int) -> sqlite3.Cursor:
        """Row time and prediction of a revision wherever there is a label."""
        return self._db.execute(
            "SELECT time_ms, judged.value FROM label JOIN judged USING (time_ms) WHERE revision = ? AND time_ms <= ?",
            (short(digest), until_ms),
        )

    def forget(self, first_ms: int, last_ms: int) -> None:
        """No label is expected for rows before the first time; none after the last one is believed."""
        self._db.execute("DELETE FROM judged WHERE time_ms < ?", (first_ms,))
        self._db.execute("DELETE FROM label WHERE time_ms > ?", (last_ms,))

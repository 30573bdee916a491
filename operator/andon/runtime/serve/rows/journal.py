"""What was answered, and who has been told? The log of predictions, and where each output's reader stands in it.

A reader's cursor is committed when its consumer has what lies before it. What the log drops before that is counted as lost.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

MOST_PREDICTIONS: Final = 200_000
MOST_INPUT_BYTES: Final = 64 << 20

Floats = NDArray[np.float64]

SCHEMA: Final = """
ALTER TABLE prediction ADD COLUMN asset TEXT NOT NULL DEFAULT '';
ALTER TABLE prediction ADD COLUMN quality TEXT NOT NULL DEFAULT 'Good';
ALTER TABLE prediction ADD COLUMN reason TEXT;
ALTER TABLE prediction ADD COLUMN answered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE prediction ADD COLUMN value_ms INTEGER NOT NULL DEFAULT 0;
UPDATE prediction SET answered = slot = 'stable', value_ms = time_ms;
UPDATE prediction SET quality = 'Bad', reason = 'NoFiniteAnswer' WHERE value IS NULL;
CREATE INDEX answered ON prediction (time_ms) WHERE answered;
CREATE TABLE inputs (prediction INTEGER PRIMARY KEY, regime TEXT NOT NULL, features BLOB NOT NULL);
CREATE TABLE explanation (prediction INTEGER PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE output (
    name TEXT PRIMARY KEY,
    cursor INTEGER NOT NULL,
    due INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    lost INTEGER NOT NULL DEFAULT 0
);
"""
"""What format 2 of the file adds to a table `prediction` of id, time_ms, slot, version, digest and value."""

_COLUMNS: Final = "time_ms, asset, slot, version, digest, value, quality, reason, answered, value_ms"
_MARKS: Final = ", ".join("?" * len(_COLUMNS.split(",")))
_columns: Final = attrgetter(*_COLUMNS.split(", "))
_SENDABLE: Final = "answered AND value IS NOT NULL"


class Quality(StrEnum):
    """How far a value may be relied on, in OPC UA's words."""

    GOOD = "Good"
    UNCERTAIN = "Uncertain"
    BAD = "Bad"


@dataclass(frozen=True, slots=True)
class Prediction:
    """One row as one slot answered it. value: None where there is none. reason: a word, None where all is well.

    answered: it is what consumers get of this row; without a value they get nothing. value_ms: time of the row that the value is
    of, another one only where the last good value stands in.
    """

    time_ms: int
    asset: str
    slot: str
    version: str
    digest: str
    value: float | None
    quality: Quality
    reason: str | None
    answered: bool
    value_ms: int

    def document(self) -> dict[str, Any]:
        """As it is told to people and their programs; JSON."""
        told = {"time": self.time_ms, "asset": self.asset, "slot": self.slot, "version": self.version, "digest": self.digest}
        told |= {"value": self.value, "quality": self.quality, "reason": self.reason}
        return told if self.value_ms == self.time_ms else told | {"valueTime": self.value_ms}


@dataclass(frozen=True, slots=True)
class Given:
    """What a model was given: features in column order, NaN where there was none, in a regime."""

    regime: str
    features: Floats


@dataclass(frozen=True, slots=True)
class Entry:
    """A prediction with what may be asked about it: what the model was given, and what of it each feature contributed."""

    prediction: Prediction
    given: Given | None = None
    explanation: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How an output fares, in predictions since it was first asked for. due: that it should have; lost: that it never will."""

    name: str
    due: int
    sent: int
    lost: int

    @property
    def behind(self) -> int:
        """How many wait for it."""
        return max(0, self.due - self.sent - self.lost)


class Journal:
    """Tables of a database; every call is part of its caller's transaction."""

    def __init__(self, db: sqlite3.Connection, most: int = MOST_PREDICTIONS) -> None:
        self._db = db
        self._most = most

    def keep(self, entries: Sequence[Entry]) -> None:
        """Add to the end; the oldest beyond the limit go."""
        numbered = list(enumerate(entries, self.newest() + 1))
        self._db.executemany(
            f"INSERT INTO prediction (id, {_COLUMNS}) VALUES (?, {_MARKS})",  # noqa: S608 - constants
            ((number, *_columns(entry.prediction)) for number, entry in numbered),
        )
        given = [(number, entry.given) for number, entry in numbered if entry.given]
        self._db.executemany("INSERT INTO inputs VALUES (?, ?, ?)", ((n, g.regime, g.features.tobytes()) for n, g in given))
        for number, entry in numbered:
            if entry.explanation is not None:
                self.explain(number, entry.explanation)
        due = sum(entry.prediction.answered and entry.prediction.value is not None for entry in entries)
        self._db.execute("UPDATE output SET due = due + ?", (due,))
        self._drop(max((g.features.nbytes for _, g in given), default=0))

    def _drop(self, width: int) -> None:
        """Inputs go sooner than predictions where they are large. width: bytes of one row's."""
        newest = self.newest()
        oldest = newest - self._most
        self._db.execute(
            "UPDATE output SET cursor = ?1, lost = lost + (SELECT count(*) FROM prediction"  # noqa: S608 - constants
            f" WHERE id > cursor AND id <= ?1 AND {_SENDABLE}) WHERE cursor < ?1",
            (oldest,),
        )
        self._db.execute("DELETE FROM prediction WHERE id <= ?", (oldest,))
        with_inputs = min(self._most, MOST_INPUT_BYTES // width) if width else self._most
        for table in ("inputs", "explanation"):
            self._db.execute(f"DELETE FROM {table} WHERE prediction <= ?", (newest - with_inputs,))  # noqa: S608 - constants

    def newest(self) -> int:
        """The number of the newest prediction, 0 before the first."""
        (number,) = self._db.execute("SELECT coalesce(max(id), 0) FROM prediction").fetchone()
        return int(number)

    def after(self, number: int, limit: int, *, shadow: bool) -> list[tuple[int, Prediction]]:
        """Predictions with their numbers, from the first above a number, oldest first. shadow: those of nobody's answer, too.

        A number beyond the newest is of a log that was lost: all that is here is news then.
        """
        known = number if number <= self.newest() else 0
        return self._read("" if shadow else "answered AND", "id > ? ORDER BY id LIMIT ?", (known, limit))

    def at(self, time_ms: int) -> tuple[int, Prediction] | None:
        """What consumers got of a row."""
        return next(iter(self._read("answered AND", "time_ms = ? ORDER BY id DESC LIMIT 1", (time_ms,))), None)

    def last_good(self) -> Prediction | None:
        """The newest answer that was as it should be."""
        found = self._read("answered AND quality = 'Good' AND", "id > 0 ORDER BY id DESC LIMIT 1", ())
        return found[0][1] if found else None

    def _read(self, which: str, rest: str, values: Sequence[int]) -> list[tuple[int, Prediction]]:
        rows = self._db.execute(f"SELECT id, {_COLUMNS} FROM prediction WHERE {which} {rest}", values)  # noqa: S608 - constants
        return [(number, _prediction(columns)) for number, *columns in rows]

    def given(self, number: int) -> Given | None:
        """What the model was given for an answer, while that is kept."""
        row = self._db.execute("SELECT regime, features FROM inputs WHERE prediction = ?", (number,)).fetchone()
        return Given(row[0], np.frombuffer(row[1], dtype=np.float64)) if row else None

    def explain(self, number: int, document: dict[str, Any]) -> None:
        """Keep an explanation beside its prediction."""
        self._db.execute("INSERT OR REPLACE INTO explanation VALUES (?, ?)", (number, orjson.dumps(document).decode()))

    def explanation(self, number: int) -> dict[str, Any] | None:
        """The explanation that is kept, if any."""
        row = self._db.execute("SELECT document FROM explanation WHERE prediction = ?", (number,)).fetchone()
        return dict(orjson.loads(row[0])) if row else None

    def follow(self, outputs: Sequence[str]) -> None:
        """These outputs read from now on, a new one from the next prediction; others are forgotten."""
        self._db.execute(
            "DELETE FROM output WHERE name NOT IN (SELECT value FROM json_each(?))", (orjson.dumps(outputs).decode(),)
        )
        newest = self.newest()
        self._db.executemany("INSERT OR IGNORE INTO output (name, cursor) VALUES (?, ?)", ((name, newest) for name in outputs))

    def unsent(self, output: str, limit: int) -> list[tuple[int, Prediction]]:
        """The next predictions that an output has not had, with their numbers."""
        cursor = "id > (SELECT cursor FROM output WHERE name = ?) ORDER BY id LIMIT ?"
        rows = self._db.execute(f"SELECT id, {_COLUMNS} FROM prediction WHERE {_SENDABLE} AND {cursor}", (output, limit))  # noqa: S608 - constants
        return [(number, _prediction(columns)) for number, *columns in rows]

    def sent(self, output: str, number: int, count: int) -> None:
        """So many predictions, up to this number, have reached an output's consumer."""
        self._db.execute(
            "UPDATE output SET cursor = ?2, sent = sent + ?3 WHERE name = ?1 AND cursor < ?2", (output, number, count)
        )

    def standings(self) -> list[Standing]:
        """How every output fares."""
        return [Standing(*row) for row in self._db.execute("SELECT name, due, sent, lost FROM output ORDER BY name")]


def _prediction(columns: Sequence[Any]) -> Prediction:
    time_ms, asset, slot, version, digest, value, quality, reason, answered, value_ms = columns
    return Prediction(time_ms, asset, slot, version, digest, value, Quality(quality), reason, bool(answered), value_ms)

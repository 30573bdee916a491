"""What survives a restart? The cursors, the evidence up to them, predictions, and what waits for labels: one SQLite file.

A transaction holds a batch of rows and labels whole: after a crash cursors and evidence are before it or after it.
"""

import logging
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from andon.runtime.serve import waiting
from andon.runtime.serve.waiting import Waiting

log = logging.getLogger(__name__)

MOST_PREDICTIONS: Final = 200_000

_SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    cursor_ms INTEGER NOT NULL,
    ledger TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS labels_read (id INTEGER PRIMARY KEY CHECK (id = 1), cursor INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS prediction (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms INTEGER NOT NULL,
    slot TEXT NOT NULL,
    version TEXT NOT NULL,
    digest TEXT NOT NULL,
    value REAL
);
{waiting.SCHEMA}
"""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One row scored by one slot. value: None where the model had no finite answer."""

    time_ms: int
    slot: str
    version: str
    digest: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """cursor_ms: time of the last row taken in, 0 before the first. labels: cursor of the last label taken in, likewise.

    ledger: its state, None before the first row.
    """

    cursor_ms: int = 0
    ledger: dict[str, Any] | None = None
    labels: int = 0


class Store:
    """One file, used from one thread. A file that is damaged is set aside: evidence then begins anew.

    Raises sqlite3.Error when the file cannot be opened for now, as on a full disk: what it holds is worth waiting for.
    waiting: what waits for labels, in the same transactions.
    """

    def __init__(self, path: Path, most: int = MOST_PREDICTIONS) -> None:
        self._most = most
        try:
            self._db = _open(path)
        except (sqlite3.DatabaseError, ValueError) as error:
            if not _is_damaged(error):
                raise
            log.warning("the checkpoint is not readable and was set aside as %s.broken: %s", path, error)
            path.replace(path.with_name(path.name + ".broken"))
            self._db = _open(path)
        self.waiting = Waiting(self._db)

    def load(self) -> Checkpoint:
        """Where to go on from."""
        return _checkpoint(self._db)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside, or nothing. Raises sqlite3.Error."""
        with self._db:
            self._db.execute("BEGIN")
            yield

    def keep(self, predictions: Iterable[Prediction]) -> None:
        """Add predictions; the oldest beyond the limit go."""
        self._db.executemany(
            "INSERT INTO prediction (time_ms, slot, version, digest, value) VALUES (?, ?, ?, ?, ?)",
            ((p.time_ms, p.slot, p.version, p.digest, p.value) for p in predictions),
        )
        self._db.execute("DELETE FROM prediction WHERE id <= (SELECT max(id) FROM prediction) - ?", (self._most,))

    def put(self, checkpoint: Checkpoint) -> None:
        """Go on from here after a restart."""
        self._db.execute(
            "INSERT OR REPLACE INTO checkpoint (id, cursor_ms, ledger) VALUES (1, ?, ?)",
            (checkpoint.cursor_ms, orjson.dumps(checkpoint.ledger).decode()),
        )
        self._db.execute("INSERT OR REPLACE INTO labels_read (id, cursor) VALUES (1, ?)", (checkpoint.labels,))

    def predictions(self, after: int, limit: int) -> list[tuple[int, Prediction]]:
        """Predictions with their numbers, from the first number above `after`, oldest first."""
        rows = self._db.execute(
            "SELECT id, time_ms, slot, version, digest, value FROM prediction WHERE id > ? ORDER BY id LIMIT ?", (after, limit)
        )
        return [(number, Prediction(*rest)) for number, *rest in rows]

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=5, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA journal_size_limit = 16777216")
        db.executescript(_SCHEMA)
        _checkpoint(db)
    except (sqlite3.DatabaseError, ValueError):
        db.close()
        raise
    return db


def _checkpoint(db: sqlite3.Connection) -> Checkpoint:
    row = db.execute("SELECT cursor_ms, ledger, cursor FROM checkpoint LEFT JOIN labels_read USING (id)").fetchone()
    return Checkpoint(row[0], orjson.loads(row[1]), row[2] or 0) if row else Checkpoint()


def _is_damaged(error: sqlite3.DatabaseError | ValueError) -> bool:
    """Whether the file is at fault, and not the disk or another process. The low byte is the primary code."""
    if isinstance(error, ValueError):
        return True
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

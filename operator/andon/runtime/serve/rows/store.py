"""What survives a restart? The cursors, the evidence up to them, predictions, and what waits for labels: one SQLite file.

A transaction holds a batch of rows and labels whole: after a crash cursors and evidence are before it or after it.
"""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from andon.runtime.serve.rows import journal, waiting
from andon.runtime.serve.rows.journal import MOST_PREDICTIONS, Journal
from andon.runtime.serve.rows.waiting import Waiting

log = logging.getLogger(__name__)

_FORMATS: Final = (
    f"""
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
""",
    f"""
ALTER TABLE checkpoint ADD COLUMN after TEXT NOT NULL DEFAULT 'null';
ALTER TABLE checkpoint ADD COLUMN at_fault TEXT NOT NULL DEFAULT '[]';
{journal.SCHEMA}
""",
)
"""What each format of the file adds to the one before; its number is the file's user_version, 0 in files that had none."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """cursor_ms: time of the last row taken in, 0 before the first. labels: cursor of the last label taken in, likewise.

    ledger, after: the states of the two ledgers, None where there is none. at_fault: questions and tags that are answered yes.
    """

    cursor_ms: int = 0
    ledger: dict[str, Any] | None = None
    labels: int = 0
    after: dict[str, Any] | None = None
    at_fault: frozenset[tuple[str, str]] = frozenset()


class Store:
    """One file, used from one thread. A file that is damaged is set aside: evidence then begins anew.

    Raises sqlite3.Error when the file cannot be opened for now, as on a full disk: what it holds is worth waiting for.
    waiting: what waits for labels, journal: what was answered; in the same transactions.
    """

    def __init__(self, path: Path, most: int = MOST_PREDICTIONS) -> None:
        try:
            self._db = _open(path)
        except (sqlite3.DatabaseError, ValueError) as error:
            if not _is_damaged(error):
                raise
            log.warning("the checkpoint is not readable and was set aside as %s.broken: %s", path, error)
            path.replace(path.with_name(path.name + ".broken"))
            self._db = _open(path)
        self.waiting = Waiting(self._db)
        self.journal = Journal(self._db, most)

    def load(self) -> Checkpoint:
        """Where to go on from."""
        return _checkpoint(self._db)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside, or nothing. Raises sqlite3.Error."""
        with self._db:
            self._db.execute("BEGIN")
            yield

    def put(self, checkpoint: Checkpoint) -> None:
        """Go on from here after a restart."""
        states = (orjson.dumps(part).decode() for part in (checkpoint.ledger, checkpoint.after, sorted(checkpoint.at_fault)))
        self._db.execute(
            "INSERT OR REPLACE INTO checkpoint (id, cursor_ms, ledger, after, at_fault) VALUES (1, ?, ?, ?, ?)",
            (checkpoint.cursor_ms, *states),
        )
        self._db.execute("INSERT OR REPLACE INTO labels_read (id, cursor) VALUES (1, ?)", (checkpoint.labels,))

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=5, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA journal_size_limit = 16777216")
        _bring_up_to_date(db)
        _checkpoint(db)
    except (sqlite3.DatabaseError, ValueError):
        db.close()
        raise
    return db


def _bring_up_to_date(db: sqlite3.Connection) -> None:
    """Each format whole or not at all; a file of a later one has all that is needed here."""
    (known,) = db.execute("PRAGMA user_version").fetchone()
    for number, added in enumerate(_FORMATS[known:], known + 1):
        db.executescript(f"BEGIN; {added} PRAGMA user_version = {number}; COMMIT;")


def _checkpoint(db: sqlite3.Connection) -> Checkpoint:
    row = db.execute(
        "SELECT cursor_ms, ledger, cursor, after, at_fault FROM checkpoint LEFT JOIN labels_read USING (id)"
    ).fetchone()
    if row is None:
        return Checkpoint()
    cursor_ms, ledger, labels, after, at_fault = row
    known = frozenset((question, tag) for question, tag in orjson.loads(at_fault))
    return Checkpoint(cursor_ms, orjson.loads(ledger), labels or 0, orjson.loads(after), known)


def _is_damaged(error: sqlite3.DatabaseError | ValueError) -> bool:
    """Whether the file is at fault, and not the disk or another process. The low byte is the primary code."""
    if isinstance(error, ValueError):
        return True
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

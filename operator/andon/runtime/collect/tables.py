"""How do records lie on disk? The ring's SQLite tables and every statement on them; no decision is made here.

Times are Unix: `at` in milliseconds, the others in microseconds. Between the oldest and the newest record no sequence
number is missing.
"""

import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

_SCHEMA = """
CREATE TABLE IF NOT EXISTS signal (
    id INTEGER PRIMARY KEY, asset TEXT NOT NULL, tag TEXT NOT NULL, unit TEXT NOT NULL,
    landed INTEGER NOT NULL DEFAULT 0, UNIQUE (asset, tag, unit));
CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, signal INTEGER NOT NULL, at INTEGER NOT NULL, source INTEGER NOT NULL,
    server INTEGER NOT NULL, received INTEGER NOT NULL, value REAL, status INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS record_by_signal ON record (signal, at);
CREATE TABLE IF NOT EXISTS evicted (
    signal INTEGER PRIMARY KEY, at INTEGER NOT NULL, source INTEGER NOT NULL, value REAL, status INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS change (signal INTEGER, at INTEGER, value REAL, PRIMARY KEY (signal, at)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stretch (
    consumer TEXT PRIMARY KEY, done INTEGER NOT NULL DEFAULT 0, until INTEGER, name TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
# FULL: a commit is on disk when it returns, power cut or not.
_PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000;"
_HELD = "SELECT at, source, value, status FROM"


@dataclass(frozen=True, slots=True)
class Signal:
    """What a tag's values are of. A changed unit is another signal: its values do not compare."""

    asset: str
    tag: str
    unit: str | None


class Placed(NamedTuple):
    """A record as it lies in the log, with the time from which it counts in rows."""

    signal: int
    at_ms: int
    source_us: int
    server_us: int
    received_us: int
    value: float | None
    status: int


class Held(NamedTuple):
    """What a tag's rows hold from at_ms on."""

    at_ms: int
    source_us: int
    value: float | None
    status: int


class Change(NamedTuple):
    """From when a signal has a value, None while it is not Good."""

    at_ms: int
    value: float | None


class Progress(NamedTuple):
    """How far a consumer is: done with records up to one number, at present busy up to another, under a name."""

    done: int
    until: int | None
    name: str | None


class Tables:
    """One file. Raises sqlite3.Error when the disk fails or is full."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript(_PRAGMAS + _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def transaction(self) -> AbstractContextManager[None]:
        """All that is written inside, or nothing."""
        return _Transaction(self._db)

    def used_bytes(self) -> int:
        """Bytes of the pages in use."""
        pages, free, size = (self._number(f"PRAGMA {name}") for name in ("page_count", "freelist_count", "page_size"))
        return (pages - free) * size

    def signal_id(self, signal: Signal) -> int:
        """The number of a signal, a new one for a new signal."""
        key = (signal.asset, signal.tag, signal.unit or "")
        self._db.execute("INSERT OR IGNORE INTO signal (asset, tag, unit) VALUES (?, ?, ?)", key)
        return self._number("SELECT id FROM signal WHERE asset = ? AND tag = ? AND unit = ?", *key)

    def landed(self) -> dict[int, int]:
        """Per signal the Good records that have landed."""
        return dict(self._db.execute("SELECT id, landed FROM signal"))

    def count_landed(self, after: int, until: int) -> None:
        """The records after one number up to another have landed."""
        self._db.execute(
            "UPDATE signal SET landed = landed + good FROM (SELECT signal, count(value) AS good FROM record"
            " WHERE seq > ? AND seq <= ? GROUP BY signal) AS stretch WHERE signal.id = stretch.signal",
            (after, until),
        )

    def fact(self, name: str) -> int | None:
        """A number kept under a name."""
        found = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return found[0] if found else None

    def put_fact(self, name: str, value: int) -> None:
        """Keep a number under a name."""
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def insert(self, records: list[Placed]) -> None:
        """Add records."""
        self._db.executemany(
            "INSERT INTO record (signal, at, source, server, received, value, status) VALUES (?, ?, ?, ?, ?, ?, ?)", records
        )

    def span(self) -> tuple[int, int] | None:
        """The oldest and the newest sequence number."""
        oldest, newest = self._db.execute("SELECT (SELECT min(seq) FROM record), (SELECT max(seq) FROM record)").fetchone()
        return None if newest is None else (oldest, newest)

    def evict(self, through: int) -> int:
        """Delete the records up to a number, keeping each signal's newest; rows are true from the time answered on (ms)."""
        self._db.execute(
            "INSERT OR REPLACE INTO evicted SELECT signal, max(at), source, value, status FROM record"
            " WHERE seq <= ? GROUP BY signal",
            (through,),
        )
        horizon = self._number("SELECT max(at) FROM record WHERE seq <= ?", through)
        self._db.execute("DELETE FROM change WHERE at < (SELECT max(at) FROM change WHERE at <= ?)", (horizon,))
        self._db.execute("DELETE FROM record WHERE seq <= ?", (through,))
        return horizon

    def newest(self, signal: int) -> Held | None:
        """A signal's newest record, evicted or not."""
        found = self._db.execute(f"{_HELD} record WHERE signal = ? ORDER BY at DESC LIMIT 1", (signal,)).fetchone()
        found = found or self._db.execute(f"{_HELD} evicted WHERE signal = ?", (signal,)).fetchone()
        return Held(*found) if found else None

    def history(self, signal: int, first_ms: int, last_ms: int) -> list[Held]:
        """What a signal's rows hold at first_ms, then what follows up to last_ms."""
        at_first = f"{_HELD} record WHERE signal = ? AND at <= ? ORDER BY at DESC LIMIT 1"
        held = self._db.execute(at_first, (signal, first_ms)).fetchall()
        held = held or self._db.execute(f"{_HELD} evicted WHERE signal = ? AND at <= ?", (signal, first_ms)).fetchall()
        later = self._db.execute(
            f"{_HELD} record WHERE signal = ? AND at > ? AND at <= ? ORDER BY at", (signal, first_ms, last_ms)
        )
        return [Held(*row) for row in (*held, *later)]

    def add_changes(self, signal: int, changes: list[Change]) -> None:
        """Add to the changes of a signal."""
        self._db.executemany("INSERT INTO change VALUES (?, ?, ?)", ((signal, *change) for change in changes))

    def changes(self, signal: int, first_ms: int, last_ms: int) -> list[Change]:
        """The change in force at first_ms, then those up to last_ms."""
        rows = self._db.execute(
            "SELECT at, value FROM change WHERE signal = ?1 AND at <= ?3 AND at >="
            " (SELECT coalesce(max(at), ?2) FROM change WHERE signal = ?1 AND at <= ?2) ORDER BY at",
            (signal, first_ms, last_ms),
        )
        return [Change(*row) for row in rows]

    def newest_change(self, signal: int) -> Change | None:
        """The newest change of a signal."""
        found = self._db.execute("SELECT at, value FROM change WHERE signal = ? ORDER BY at DESC LIMIT 1", (signal,)).fetchone()
        return Change(*found) if found else None

    def forget_changes(self, but: int | None) -> None:
        """Forget the changes of all signals but this one."""
        self._db.execute("DELETE FROM change WHERE signal IS NOT ?", (but,))

    def labels(self, signal: int, after: int, until: int, limit: int) -> list[tuple[int, int, float]]:
        """Number, source time (µs) and value of a signal's Good records after one number, up to another, by number.

        Found by number and not by the signal's index, which would read all of its records.
        """
        found = self._db.execute(
            "SELECT seq, source, value FROM record NOT INDEXED"
            " WHERE seq > ? AND seq <= ? AND signal = ? AND value IS NOT NULL ORDER BY seq LIMIT ?",
            (after, until, signal, limit),
        )
        return found.fetchall()

    def progress(self, consumer: str) -> Progress:
        """How far a consumer is, a new one for a new name."""
        self._db.execute("INSERT OR IGNORE INTO stretch (consumer) VALUES (?)", (consumer,))
        return Progress(*self._db.execute("SELECT done, until, name FROM stretch WHERE consumer = ?", (consumer,)).fetchone())

    def put_progress(self, consumer: str, progress: Progress) -> None:
        """Write down how far a consumer is."""
        self._db.execute("UPDATE stretch SET done = ?, until = ?, name = ? WHERE consumer = ?", (*progress, consumer))

    def received_after(self, after: int) -> int | None:
        """When the first record after a number was received (µs)."""
        found = self._db.execute("SELECT received FROM record WHERE seq > ? ORDER BY seq LIMIT 1", (after,)).fetchone()
        return found[0] if found else None

    def newest_received_before(self, after: int, before_us: int) -> int:
        """Number of the newest record after another that was received before a time."""
        return self._number("SELECT max(seq) FROM record WHERE seq > ? AND received < ?", after, before_us)

    def received_span(self, after: int, until: int) -> tuple[int, int]:
        """First and last time of receipt (µs) of the records after one number, up to another."""
        span = "SELECT min(received), max(received) FROM record WHERE seq > ? AND seq <= ?"
        first, last = self._db.execute(span, (after, until)).fetchone()
        return first, last

    def read(self, after: int, until: int, limit: int) -> list[tuple[int, Signal, Placed]]:
        """Up to `limit` records after one number, up to another: number, signal, record."""
        rows = self._db.execute(
            "SELECT seq, asset, tag, unit, signal, at, source, server, received, value, status FROM record"
            " JOIN signal ON signal.id = signal WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
            (after, until, limit),
        )
        return [(seq, Signal(asset, tag, unit or None), Placed(*rest)) for seq, asset, tag, unit, *rest in rows]

    def _number(self, sql: str, *parameters: int | str) -> int:
        number: int = self._db.execute(sql, parameters).fetchone()[0]
        return number


class _Transaction:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")

"""What survives a restart, and what becomes of a file that does not."""

import sqlite3

import pytest

from andon.runtime.serve.rows.journal import Entry, Prediction, Quality
from andon.runtime.serve.rows.store import _FORMATS, Checkpoint, Store

SCORED = [
    Prediction(n, "reactor-1", "stable", "1", "sha256:0", float(n), Quality.GOOD, None, answered=True, value_ms=n)
    for n in range(1, 6)
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "scored.sqlite"


@pytest.fixture
def kept(path):
    """A file in which something was committed and closed."""
    store = Store(path)
    commit(store, Checkpoint(1000, {"watch": None}, labels=7))
    store.close()
    return path


def commit(store, checkpoint):
    with store.transaction():
        store.journal.keep([Entry(prediction) for prediction in SCORED])
        store.put(checkpoint)


def reopened(path):
    store = Store(path)
    try:
        return store.load(), [prediction for _, prediction in store.journal.after(0, 100, shadow=True)]
    finally:
        store.close()


def test_what_was_committed_is_there_again(kept):
    assert reopened(kept) == (Checkpoint(1000, {"watch": None}, labels=7), SCORED)


def test_of_a_transaction_that_fails_nothing_is_there(kept):
    store = Store(kept)

    def break_off():
        with store.transaction():
            store.journal.keep([Entry(prediction) for prediction in SCORED])
            store.waiting.judge("sha256:1", [(1, 1.0)])
            store.waiting.label({1: 1.0})
            store.put(Checkpoint(2000, {}, labels=9))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert len(store.waiting.join(["sha256:1"], 1).times) == 0
    store.close()
    assert reopened(kept) == (Checkpoint(1000, {"watch": None}, labels=7), SCORED)


FORMAT_0 = """
CREATE TABLE checkpoint (id INTEGER PRIMARY KEY CHECK (id = 1), cursor_ms INTEGER NOT NULL, ledger TEXT NOT NULL);
CREATE TABLE prediction (id INTEGER PRIMARY KEY AUTOINCREMENT, time_ms INTEGER NOT NULL, slot TEXT NOT NULL,
    version TEXT NOT NULL, digest TEXT NOT NULL, value REAL);
INSERT INTO checkpoint VALUES (1, 1000, '{"watch": null}');
INSERT INTO prediction VALUES (7, 800, 'stable', '1', 'sha256:0', 1.5), (8, 800, 'candidate', '2', 'sha256:1', 2.5);
INSERT INTO prediction VALUES (9, 1000, 'stable', '1', 'sha256:0', NULL);
"""


def test_a_file_from_before_predictions_had_a_quality_goes_on(path):
    db = sqlite3.connect(path)
    db.executescript(FORMAT_0)
    db.close()
    store = Store(path)
    assert store.load() == Checkpoint(1000, {"watch": None})
    assert store.journal.after(0, 10, shadow=False) == [
        (7, Prediction(800, "", "stable", "1", "sha256:0", 1.5, Quality.GOOD, None, answered=True, value_ms=800)),
        (9, Prediction(1000, "", "stable", "1", "sha256:0", None, Quality.BAD, "NoFiniteAnswer", answered=True, value_ms=1000)),
    ]
    assert [p.slot for _, p in store.journal.after(0, 10, shadow=True)] == ["stable", "candidate", "stable"]
    store.close()


def test_an_upgrade_that_is_broken_off_happens_whole_the_next_time(path, monkeypatch):
    db = sqlite3.connect(path)
    db.executescript(FORMAT_0)
    db.close()
    with monkeypatch.context() as broken:
        broken.setattr("andon.runtime.serve.rows.store._FORMATS", (_FORMATS[0], _FORMATS[1] + "SELECT no_such_function();"))
        with pytest.raises(sqlite3.OperationalError, match="no_such_function"):
            Store(path)
    assert reopened(path)[0] == Checkpoint(1000, {"watch": None})


def test_only_the_newest_predictions_are_kept(path):
    store = Store(path, most=3)
    commit(store, Checkpoint(1000, None))
    assert [number for number, _ in store.journal.after(0, 100, shadow=True)] == [3, 4, 5]
    store.close()


def overwrite(path):
    path.write_bytes(b"this is no database" * 1000)


def tear(path):
    """As a disk does it: the file opens, and its pages are zeros."""
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(len(content) - 4096))


def garble(path):
    db = sqlite3.connect(path)
    with db:
        db.execute("UPDATE checkpoint SET ledger = '{'")
    db.close()


@pytest.mark.parametrize("damage", [overwrite, tear, garble])
def test_a_damaged_file_is_set_aside_and_all_begins_anew(kept, damage):
    damage(kept)
    assert reopened(kept) == (Checkpoint(), [])
    assert kept.with_name("scored.sqlite.broken").exists()


def test_a_file_that_cannot_be_opened_for_now_is_left_where_it_is(path):
    path.mkdir()
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        Store(path)
    assert path.is_dir()

"""What survives a restart, and what becomes of a file that does not."""

import sqlite3

import pytest

from andon.runtime.serve.store import Checkpoint, Prediction, Store

SCORED = [Prediction(n, "stable", "1", "sha256:0", float(n)) for n in range(1, 6)]


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
        store.keep(SCORED)
        store.put(checkpoint)


def reopened(path):
    store = Store(path)
    try:
        return store.load(), [prediction for _, prediction in store.predictions(0, 100)]
    finally:
        store.close()


def test_what_was_committed_is_there_again(kept):
    assert reopened(kept) == (Checkpoint(1000, {"watch": None}, labels=7), SCORED)


def test_of_a_transaction_that_fails_nothing_is_there(kept):
    store = Store(kept)

    def break_off():
        with store.transaction():
            store.keep(SCORED)
            store.waiting.judge("sha256:1", [(1, 1.0)])
            store.waiting.label({1: 1.0})
            store.put(Checkpoint(2000, {}, labels=9))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert len(store.waiting.join("sha256:1", None, 1).times) == 0
    store.close()
    assert reopened(kept) == (Checkpoint(1000, {"watch": None}, labels=7), SCORED)


def test_a_file_from_before_there_were_labels_goes_on(kept):
    db = sqlite3.connect(kept)
    with db:
        for table in ("labels_read", "judged", "label"):
            db.execute(f"DROP TABLE {table}")
    db.close()
    assert reopened(kept) == (Checkpoint(1000, {"watch": None}, labels=0), SCORED)


def test_only_the_newest_predictions_are_kept(path):
    store = Store(path, most=3)
    commit(store, Checkpoint(1000, None))
    assert [number for number, _ in store.predictions(0, 100)] == [3, 4, 5]
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

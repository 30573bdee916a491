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
    store.commit(Checkpoint(1000, {"watch": None}), SCORED)
    store.close()
    return path


def reopened(path):
    store = Store(path)
    try:
        return store.load(), [prediction for _, prediction in store.predictions(0, 100)]
    finally:
        store.close()


def test_what_was_committed_is_there_again(kept):
    assert reopened(kept) == (Checkpoint(1000, {"watch": None}), SCORED)


def test_only_the_newest_predictions_are_kept(path):
    store = Store(path, most=3)
    store.commit(Checkpoint(1000, None), SCORED)
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

"""A portion of rows and labels happens whole or not at all, and the same however it is cut."""

import sqlite3
from dataclasses import astuple

import pytest

from andon.runtime.serve.rows.book import Book
from unit.serve.models import linear
from unit.serve.rowing import EVERY_MS, a_panel, a_revision, labels, portion


@pytest.fixture
def panel(tmp_path):
    return a_panel(a_revision(tmp_path, "1", linear()), a_revision(tmp_path, "2", linear(bias=0.5)), weight=20)


def said(scored):
    """What is known now, but for when it began."""
    return [{k: v for k, v in zip(e.__slots__, astuple(e), strict=True) if k != "epoch"} for e in evidence(scored)]


def evidence(scored):
    """Of all findings."""
    return [e for finding in scored.findings for e in finding.evidence]


def test_a_commit_that_fails_happens_whole_the_next_time(panel, tmp_path):
    book, undisturbed = Book(tmp_path / "a.sqlite"), Book(tmp_path / "b.sqlite")
    disk = sqlite3.connect(tmp_path / "a.sqlite")
    for first in range(1, 200, 33):
        rows, arrived = portion(first, first + 32), labels(max(first - 10, 1), first + 22)
        disk.execute("CREATE TRIGGER full BEFORE INSERT ON checkpoint BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
        with pytest.raises(sqlite3.Error, match="the disk is full"):
            book.take(rows, panel, arrived)
        disk.execute("DROP TRIGGER full")
        assert book.cursor_ms == max(first - 1, 0) * EVERY_MS
        after, expected = book.take(rows, panel, arrived), undisturbed.take(rows, panel, arrived)
    disk.close()
    assert said(after) == said(expected)
    assert {e.question for e in evidence(after)} >= {"loss", "error", "paired", "shift", "stuck"}
    assert book.journal.after(0, 1000, shadow=True) == undisturbed.journal.after(0, 1000, shadow=True)
    for each in (book, undisturbed):
        each.close()


def test_a_book_opened_anew_goes_on_where_it_was(panel, tmp_path):
    undisturbed, ended = Book(tmp_path / "b.sqlite"), []
    for first in range(1, 200, 10):
        rows, arrived = portion(first, first + 9), labels(first, first + 9)
        book = Book(tmp_path / "a.sqlite")
        ended = [book.take(rows, panel, arrived), undisturbed.take(rows, panel, arrived)]
        assert (book.cursor_ms, book.labels_cursor) == (undisturbed.cursor_ms, undisturbed.labels_cursor)
        book.close()
    assert said(ended[0]) == said(ended[1])
    undisturbed.close()


def test_evidence_of_another_form_begins_anew(panel, tmp_path, caplog):
    book = Book(tmp_path / "a.sqlite")
    book.take(portion(1, 40), panel, labels(1, 40))
    book.close()
    disk = sqlite3.connect(tmp_path / "a.sqlite")
    with disk:
        disk.execute(
            """UPDATE checkpoint SET ledger = json_set(ledger, '$.around', json('{"watch": {"tags": ["a", "b", "c"]}}'))"""
        )
    disk.close()
    book = Book(tmp_path / "a.sqlite")
    book.take(portion(41, 60), panel, None)
    assert "begins anew" in caplog.text
    assert {e.rows for e in evidence(book.take(portion(61, 80), panel, None)) if e.question == "stuck"} == {40}
    book.close()

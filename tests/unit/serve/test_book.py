"""A portion of rows and labels happens whole or not at all, and the same however it is cut."""

import sqlite3
from dataclasses import astuple

import numpy as np
import pytest

from andon.api.slots import LabelSource
from andon.runtime.serve.book import Book
from andon.runtime.serve.labels import Labels
from andon.runtime.serve.loading import Loaded
from andon.runtime.serve.model import OnnxModel
from andon.runtime.serve.panel import Panel
from andon.runtime.serve.rows import Portion
from andon.stats.blocks import Rows
from andon.stats.ledger import Trial
from unit.serve.models import linear, slot
from unit.serve.references import a_profile, sound, truth

EVERY_MS = 200
TAGS = tuple("abc")


@pytest.fixture
def panel(tmp_path):
    profile = a_profile()
    contents = {"1": linear(), "2": linear(bias=0.5)}
    stable, candidate = (Loaded(slot(tmp_path, v, c, profile), OnnxModel(c), profile) for v, c in contents.items())
    trial = Trial(stable.slot.digest, candidate.slot.digest, 0.1)
    return Panel(stable, profile, candidate, 2.0, trial, LabelSource(url="http://collector/labels", delay="60s"))


def portion(first, last):
    """Rows first to last, the last included."""
    numbers = range(first, last + 1)
    values = np.array([[sound(i, tag) for tag in TAGS] for i in numbers])
    times_ms = tuple(i * EVERY_MS for i in numbers)
    rows = Rows(TAGS, np.array(times_ms) / 1000, EVERY_MS / 1000, values, np.zeros_like(values), np.zeros_like(values))
    return Portion(rows, times_ms, times_ms[-1], 0)


def labels(first, last):
    """Their labels, of which the last one's number is the cursor."""
    return Labels("y", {i * EVERY_MS: truth(i) for i in range(first, last + 1)}, last)


def said(scored):
    """What is known now, but for when it began."""
    return [{k: v for k, v in zip(e.__slots__, astuple(e), strict=True) if k != "epoch"} for e in scored.evidence]


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
    assert {e.question for e in after.evidence} >= {"loss", "error", "paired", "shift", "stuck"}
    assert book.predictions(0, 1000) == undisturbed.predictions(0, 1000)
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
    assert {e.rows for e in book.take(portion(61, 80), panel, None).evidence if e.question == "stuck"} == {40}
    book.close()

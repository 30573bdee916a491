"""Why consumers got what they got: what is kept is told, and what cannot be told says why."""

import pytest

from andon.runtime.serve.rows.book import Book
from unit.serve.models import linear
from unit.serve.references import sound
from unit.serve.rowing import EVERY_MS, a_panel, a_revision, portion


@pytest.fixture
def one(tmp_path):
    return a_revision(tmp_path, "1", linear())


@pytest.fixture
def book(tmp_path):
    book = Book(tmp_path / "scored.sqlite")
    yield book
    book.close()


def gap(first):
    """Readings of which every tag is missing from a row on."""
    return lambda i, tag: float("nan") if i >= first else sound(i, tag)


def told(book, row, panel=None):
    return book.why(row * EVERY_MS, panel)


def test_a_value_that_stood_in_is_explained_by_the_row_it_is_of(book, one):
    panel = a_panel(one, labels=False, on_bad_input="LastGood", explain={"sample": "1"})
    book.take(portion(1, 40, gap(21)), panel, None)
    stood_in, own = told(book, 30), told(book, 20)
    assert (stood_in["prediction"]["valueTime"], stood_in["quality"]) == (20 * EVERY_MS, "Uncertain")
    assert stood_in["contributions"] == own["contributions"] != []


def test_what_has_no_value_is_not_explained(book, one):
    panel = a_panel(one, labels=False, explain={"sample": "1"})
    book.take(portion(1, 40, gap(21)), panel, None)
    assert told(book, 30, panel)["unexplained"] == "there is no value: the reason says what was missing"
    assert told(book, 30, panel)["prediction"]["reason"] == "InputMissing"


def test_what_was_not_explained_then_is_now(book, one):
    panel = a_panel(one, labels=False)
    book.take(portion(1, 20), panel, None)
    assert told(book, 7)["contributions"] == []
    assert len(told(book, 7, panel)["contributions"]) == 3
    assert told(book, 21, panel) is None


@pytest.mark.parametrize(("sample", "explained"), [("0", 0), ("0.05", 5), ("0.3", 30), ("1", 100)])
def test_the_share_of_answers_that_is_explained_is_dealt_evenly(book, one, sample, explained):
    book.take(portion(1, 100), a_panel(one, labels=False, explain={"sample": sample}), None)
    assert sum(bool(told(book, row)["contributions"]) for row in range(1, 101)) == explained

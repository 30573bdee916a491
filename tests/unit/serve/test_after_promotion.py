"""A promotion begins a second comparison, it does not end the first: new stable beside former one, as long as orders name it."""

import pytest

from andon.api.types import short
from andon.runtime.serve.rows.book import Book
from unit.serve.models import linear
from unit.serve.rowing import a_panel, a_revision, labels, portion


@pytest.fixture
def one(tmp_path):
    return a_revision(tmp_path, "1", linear())


@pytest.fixture
def two(tmp_path):
    return a_revision(tmp_path, "2", linear(bias=0.05))


@pytest.fixture
def three(tmp_path):
    return a_revision(tmp_path, "3", linear(bias=6.0))


@pytest.fixture
def book(tmp_path):
    book = Book(tmp_path / "scored.sqlite")
    yield book
    book.close()


def score(book, panel, first, last, *, learn=True):
    """Rows first to last, a portion of fifty at a time, with their labels."""
    told = {}
    for begin in range(first, last + 1, 50):
        end = min(begin + 49, last)
        scored = book.take(portion(begin, end), panel, labels(begin, end) if learn else None)
        told = {
            (e.question, short(who.slot.digest)): (e, f.stable.slot.profile_digest)
            for f in scored.findings
            for e, who in f.about()
        }
    return told


def said(told, question, revision):
    return told[question, short(revision.slot.digest)][0]


def test_what_judged_the_candidate_goes_on_judging_it_as_the_stable(book, one, two):
    before = score(book, a_panel(one, two), 1, 200)
    after = score(book, a_panel(two, reference=one), 201, 400)
    for question in ("paired", "paired-equal", "loss", "loss-equal"):
        assert said(after, question, two).rows == 400
        assert said(after, question, two).epoch == said(before, question, two).epoch
        assert after[question, short(two.slot.digest)][1] == one.slot.profile_digest
    assert said(after, "error", two).rows > 0
    assert said(after, "shift", two).rows == 400
    assert {who for _, who in after} == {short(two.slot.digest)}, "of the reference itself nothing is told"


def test_the_next_candidate_is_judged_beside_it(book, one, two, three):
    score(book, a_panel(one, two), 1, 200)
    told = score(book, a_panel(two, candidate=three, reference=one), 201, 400)
    assert said(told, "paired", two).rows == 400
    assert said(told, "paired", three).rows == 200
    assert said(told, "paired", three).log_e > 6 > said(told, "paired", two).log_e


def test_a_new_stable_that_turns_bad_is_convicted_beside_what_it_replaced(book, tmp_path, one):
    worn = a_revision(tmp_path, "2", linear(bias=6.0))
    score(book, a_panel(one, worn), 1, 20)
    told = score(book, a_panel(worn, reference=one), 21, 200)
    assert said(told, "loss", worn).log_e > 6
    assert said(told, "paired", worn).log_e > 6


def test_a_revert_ends_the_comparison_and_the_next_promotion_begins_its_own(book, one, two, three):
    score(book, a_panel(one, two), 1, 100)
    score(book, a_panel(two, reference=one), 101, 200)
    assert ("paired", short(two.slot.digest)) not in score(book, a_panel(one), 201, 300)
    assert book.trials[1] is None
    score(book, a_panel(one, three), 301, 400)
    assert said(score(book, a_panel(three, reference=one), 401, 500), "paired", three).rows == 200


def test_without_a_ledger_that_judged_it_the_comparison_begins_anew(book, one, two):
    told = score(book, a_panel(two, reference=one), 1, 100)
    assert said(told, "paired", two).rows == 100


@pytest.mark.parametrize("restarts", [[50, 100, 150], [150], [175], list(range(5, 300, 5))])
def test_restarts_change_nothing(tmp_path, one, two, restarts):
    """One falls between the last row before the promotion and the first after it."""
    subject, undisturbed = tmp_path / "a.sqlite", Book(tmp_path / "b.sqlite")
    book, told = Book(subject), ({}, {})
    for first in range(1, 300, 5):
        panel = a_panel(one, two) if first <= 150 else a_panel(two, reference=one)
        told = tuple(score(each, panel, first, first + 4) for each in (book, undisturbed))
        if first + 4 in restarts:
            book.close()
            book = Book(subject)
    assert [(key, e.rows, e.log_e, e.value) for key, (e, _) in told[0].items()] == [
        (key, e.rows, e.log_e, e.value) for key, (e, _) in told[1].items()
    ]
    assert said(told[0], "loss", two).rows == 300
    for each in (book, undisturbed):
        each.close()


def test_while_the_reference_is_not_loaded_again_nothing_of_the_comparison_is_lost(tmp_path, one, two):
    book = Book(tmp_path / "a.sqlite")
    score(book, a_panel(one, two), 1, 100)
    promoted = a_panel(two, reference=one)
    score(book, promoted, 101, 200)
    for first in (201, 251):
        book.close()
        book = Book(tmp_path / "a.sqlite")
        absent = type(promoted)(promoted.orders, promoted.source, two, two.profile)
        score(book, absent, first, first + 49)
    told = score(book, promoted, 301, 400)
    assert said(told, "paired", two).rows == 300
    book.close()


def test_both_are_reported(book, one, two):
    score(book, a_panel(one, two), 1, 100)
    assert "after" not in book.report()
    score(book, a_panel(two, reference=one), 101, 200)
    assert {e["question"] for e in book.report()["after"]["evidence"]} >= {"paired", "loss"}

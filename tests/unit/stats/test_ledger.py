"""All evidence of one server: which rows count, when an epoch begins, what a restart keeps."""

import numpy as np
import orjson
import pytest

from andon.stats.blocks import Rows
from andon.stats.ledger import Ledger, Trial
from unit.stats.profiles import a_profile

PROFILE = a_profile(a=((0.0, 6.0), 1), b=((0.0, 6.0), 1))
TRIAL = Trial("s", "c", 0.10)


def rows(n=40, **changes):
    values = np.stack([np.arange(n) % 7, np.arange(n) % 5], axis=1).astype(float)
    for name, column in changes.items():
        values[:, "ab".index(name)] = column
    return Rows(("a", "b"), 1000.0 + np.arange(n), 0.2, values, np.zeros((n, 2)), np.full((n, 2), 0.1))


def ledger(trial=TRIAL, now=999.0):
    fresh = Ledger()
    fresh.begin(("a", "b"), trial, now)
    return fresh


def paired_rows(folded, candidate=0.0, stable=0.0):
    book = ledger()
    n = len(folded)
    book.fold(folded, PROFILE, 30.0, np.full(n, stable), np.full(n, candidate))
    return next((e.rows for e in book.evidence() if e.question == "paired"), 0)


@pytest.mark.parametrize(
    ("folded", "counted"),
    [
        pytest.param(rows(), 40, id="sound rows inside the support count"),
        pytest.param(rows(a=6.5 - np.arange(40) % 7 * 1.0), 40, id="a little outside of the support counts"),
        pytest.param(rows(a=np.arange(40) + 7.0), 0, id="rows outside of the support do not"),
        pytest.param(rows(b=np.nan), 0, id="rows with a tag at fault do not"),
        pytest.param(rows(a=2.0), 0, id="rows with a stuck tag do not, once that shows"),
    ],
)
def test_rows_that_are_evidence_about_the_candidate(folded, counted):
    assert paired_rows(folded) == counted


def test_rows_the_stable_could_not_score_are_no_evidence():
    assert paired_rows(rows(), stable=np.nan) == 0


def test_rows_the_candidate_could_not_score_count_against_it():
    assert paired_rows(rows(), candidate=np.nan) == 40


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Trial("s", "d", 0.10), id="another candidate"),
        pytest.param(Trial("s", "c", 0.20), id="another margin"),
        pytest.param(Trial("t", "c", 0.10), id="another stable"),
    ],
)
def test_another_trial_is_another_epoch_and_the_tags_go_on(other):
    book = ledger()
    book.fold(rows(), PROFILE, 30.0, np.zeros(40), np.zeros(40))
    book.begin(("a", "b"), other, 2000.0)
    assert {e.question for e in book.evidence()} == {"stuck", "missing", "bad-status"}
    assert {e.epoch for e in book.evidence()} == {999.0}
    book.fold(rows(), PROFILE, 30.0, np.zeros(40), np.zeros(40))
    assert {e.epoch for e in book.evidence() if e.subject == "candidate"} == {2000.0}


def test_the_same_trial_goes_on():
    book = ledger()
    book.begin(("a", "b"), TRIAL, 2000.0)
    assert book.state() == ledger().state()


def test_a_restart_keeps_every_count():
    book = ledger()
    book.fold(rows(33), PROFILE, 30.0, np.zeros(33), np.ones(33))
    again = Ledger.restore(orjson.loads(orjson.dumps(book.state())))
    for each in (book, again):
        each.fold(rows(33), PROFILE, 30.0, np.zeros(33), np.ones(33))
    assert again.state() == book.state()
    assert again.evidence() == book.evidence()


def test_an_empty_ledger_restores_to_an_empty_ledger():
    assert Ledger.restore(Ledger().state()) == Ledger()

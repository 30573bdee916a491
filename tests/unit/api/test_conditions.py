"""Conditions are frozen at the transition: saying the same again is no write."""

from datetime import UTC, datetime, timedelta

import pytest

from andon.api.conditions import find, not_ready, ready, reconciling, stalled, summarise

THEN = datetime(2026, 11, 22, tzinfo=UTC)
NOW = THEN + timedelta(minutes=5)


def said(*claims, before=(), generation=1, now=THEN):
    return summarise(claims, before, generation, now)


def test_saying_the_same_with_other_numbers_changes_nothing():
    before = said(not_ready("TooFewRows", "200 of 300 rows"))
    assert said(not_ready("TooFewRows", "250 of 300 rows"), before=before, now=NOW) == before


@pytest.mark.parametrize(
    ("claim", "generation", "moved"),
    [
        pytest.param(ready("Serving"), 1, True, id="another status moves the time"),
        pytest.param(not_ready("Loading", "now loading"), 1, False, id="another reason keeps the time and takes the new message"),
        pytest.param(not_ready("TooFewRows", "of the new spec"), 2, False, id="another generation takes the new message"),
    ],
)
def test_a_new_story_is_told(claim, generation, moved):
    before = said(not_ready("TooFewRows", "200 of 300 rows"))
    condition = find(said(claim, before=before, generation=generation, now=NOW), "Ready")
    assert (condition.message, condition.last_transition_time) == (claim.message, NOW if moved else THEN)


def test_conditions_that_are_not_claimed_are_gone():
    before = said(not_ready("Loading", "x"), reconciling("Loading", "x"))
    assert [c.type for c in said(ready("Serving"), before=before)] == ["Ready"]


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param((reconciling("Loading", "x"),), id="no Ready"),
        pytest.param((not_ready("A", "x"), reconciling("A", "x"), stalled("A", "x")), id="going on and stuck"),
    ],
)
def test_claims_that_contradict_kstatus_are_refused(claims):
    with pytest.raises(ValueError, match="Ready"):
        said(*claims)


def test_a_long_message_is_cut_to_what_the_schema_allows():
    assert len(said(not_ready("A", "x" * 2000))[0].message) == 1024

"""Tags that are stuck, missing or bad: found within a few blocks, and believed again soon after."""

from dataclasses import dataclass
from math import log

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.stats.bins import Bins
from andon.stats.blocks import BLOCK_ROWS, Rows
from andon.stats.tags import QUESTIONS, TagWatch, run_limits
from unit.stats.profiles import a_profile

GOOD, BAD, UNCERTAIN = 0, 0x80000000, 0x40000000
LIMITS = {"a": 12.0}


def rows(values, status=GOOD, ages=0.1):
    n = len(values)
    column = np.asarray(values, dtype=float).reshape(n, 1)
    return Rows(
        ("a",),
        1000.0 + np.arange(n),
        1.0,
        column,
        np.broadcast_to(np.asarray(status, dtype=float).reshape(-1, 1), (n, 1)),
        np.broadcast_to(np.asarray(ages, dtype=float).reshape(-1, 1), (n, 1)),
    )


def joined(*portions):
    """One after the other."""
    values, status, ages = (np.concatenate([getattr(p, name) for p in portions]) for name in ("values", "status", "ages"))
    return Rows(("a",), 1000.0 + np.arange(len(values)), 1.0, values, status, ages)


def watch(*portions):
    """The watch after these rows, whose blocks are full or not."""
    seen, whole = TagWatch.begin(("a",)), joined(*portions)
    for first in range(0, len(whole), BLOCK_ROWS):
        part = whole.part(first, first + BLOCK_ROWS)
        seen.fold(part, 30.0, LIMITS)
        if len(part) == BLOCK_ROWS:
            seen.close()
    return seen


def sound(n):
    return rows(np.arange(n) % 7)


@dataclass(frozen=True)
class Said:
    log_e: float
    share: float
    first_bad: float


def about(seen, question):
    """What the detector says of the one tag."""
    cell = QUESTIONS.index(question), 0
    return Said(*(float(getattr(seen.detector, name)[cell]) for name in ("log_e", "share", "first_bad")))


STUCK = pytest.param("stuck", rows(np.full(100, 5.0)), id="the same value over and over: stuck")
ABSENT = [
    pytest.param("missing", rows(np.full(100, np.nan), status=np.nan, ages=np.nan), id="never seen: missing"),
    pytest.param("missing", rows(np.full(100, np.nan)), id="absent with a Good status: missing"),
    pytest.param("missing", rows(np.arange(100), ages=31.0), id="older than maxAge: missing"),
    pytest.param("bad-status", rows(np.full(100, np.nan), status=BAD), id="Bad: bad-status, not missing"),
    pytest.param("bad-status", rows(np.full(100, np.nan), status=UNCERTAIN, ages=99.0), id="Uncertain and old: bad-status"),
]
FAULTS = [STUCK, *ABSENT]


@pytest.mark.parametrize(("question", "fault"), FAULTS)
def test_a_fault_is_found_and_no_other_is(question, fault):
    seen = watch(sound(100), fault)
    assert about(seen, question).log_e > log(1000)
    assert about(seen, question).share == 1.0
    assert [q for q in QUESTIONS if about(seen, q).log_e > 0] == [question]


@pytest.mark.parametrize(("question", "fault"), FAULTS)
def test_the_evidence_clears_within_three_blocks_after_the_fault(question, fault):
    seen = watch(sound(100), *[fault] * 10, sound(3 * BLOCK_ROWS))
    assert about(seen, question).log_e < 0
    assert np.isnan(about(seen, question).first_bad)


@pytest.mark.parametrize(("question", "fault"), FAULTS)
def test_first_bad_is_where_the_fault_began(question, fault):
    assert about(watch(sound(107), fault), question).first_bad == 1107.0


@pytest.mark.parametrize(("question", "fault"), FAULTS)
def test_a_long_sound_past_does_not_delay_finding_a_fault(question, fault):
    assert about(watch(sound(4000), fault), question).log_e > log(1000)


@pytest.mark.parametrize(("question", "fault"), ABSENT)
def test_a_row_without_a_value_is_at_fault_itself(question, fault):
    del question
    assert TagWatch.begin(("a",)).fold(fault, 30.0, LIMITS).all()


def test_a_stuck_row_is_at_fault_once_that_shows():
    stuck = rows(np.full(100, 5.0))
    assert TagWatch.begin(("a",)).fold(stuck, 30.0, LIMITS)[:, 0].tolist() == [False] * 12 + [True] * 88


def test_rows_of_other_tags_are_refused():
    with pytest.raises(ValueError, match="cannot be folded into a watch over"):
        TagWatch.begin(("b",)).fold(rows([1.0]), 30.0, LIMITS)


def test_single_faulty_rows_are_borne():
    blips = rows(np.where(np.arange(2000) % 50, np.arange(2000) % 7, np.nan))
    assert about(watch(blips), "missing").log_e < log(20)


def test_a_past_of_borne_faults_does_not_delay_finding_a_real_one():
    blips = rows(np.where(np.arange(4000) % 30, np.arange(4000) % 7, np.nan))
    assert about(watch(blips, rows(np.full(100, np.nan))), "missing").log_e > log(1000)


def test_a_missing_value_does_not_end_a_run():
    gaps = rows(np.where(np.arange(100) % 3, 5.0, np.nan))
    assert about(watch(gaps), "stuck").share > 0


def test_limits_come_from_the_reference_and_a_constant_tag_is_never_stuck():
    profile = a_profile(a=((0.0, 1.0), 2), b=((0.0, 1.0), 20), c=((3.0, 3.0), 500))
    assert run_limits(profile, 0.2) == {"a": 10.0, "b": 60.0, "c": np.inf}


def test_a_tag_of_a_handful_of_values_is_never_stuck_by_itself():
    profile = a_profile(a=((0.0, 1.0), 40))
    regime = profile.regimes[0]
    valve = regime.tags[0].model_copy(update={"bins": Bins(edges=[0.5], counts=[100, 120])})
    profile = profile.model_copy(update={"regimes": [regime.model_copy(update={"tags": [valve]})]})
    assert run_limits(profile, 0.2) == {"a": np.inf}


@pytest.mark.parametrize(("every", "rows_"), [(0.01, 120.0), (0.2, 10.0), (1.0, 10.0)])
def test_on_a_finer_clock_than_the_references_one_value_may_fill_more_rows(every, rows_):
    assert run_limits(a_profile(every="200ms", a=((0.0, 1.0), 2)), every)["a"] == pytest.approx(rows_)


@settings(max_examples=30)
@given(st.lists(st.sampled_from([1.0, 2.0, np.nan]), min_size=1, max_size=90), st.integers(0, 4))
def test_a_restart_between_any_two_blocks_changes_nothing(values, blocks):
    cut = blocks * BLOCK_ROWS
    past = watch(rows(values).part(0, cut))
    half = TagWatch.restore(*orjson.loads(orjson.dumps([past.state(), past.detector.state()])))
    whole = watch(rows(values))
    for first in range(cut, len(values), BLOCK_ROWS):
        part = rows(values).part(first, first + BLOCK_ROWS)
        half.fold(part, 30.0, LIMITS)
        if len(part) == BLOCK_ROWS:
            half.close()
    assert half.state() == whole.state()


def test_sound_rows_raise_a_false_alarm_less_often_than_promised():
    """A tag at fault in 5 % of its rows, which is what a sound one may have, for 20,000 rows."""
    faulty = np.random.default_rng(5).random(20_000) < 0.05
    column, seen, alarms = rows(np.where(faulty, np.nan, np.arange(20_000) % 7)), TagWatch.begin(("a",)), 0
    for at in range(0, 20_000, BLOCK_ROWS):
        seen.fold(column.part(at, at + BLOCK_ROWS), 30.0, LIMITS)
        seen.close()
        alarms += about(seen, "missing").log_e >= log(1000)
    assert alarms <= 1

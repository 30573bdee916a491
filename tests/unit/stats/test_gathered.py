"""A plant that changes over every few rows is watched as any other, and what is found began when it did."""

import numpy as np
import orjson
import pytest

from andon.api.evidence import SETTLING
from andon.stats.build import profile
from andon.stats.detector import AT_FAULT
from andon.stats.predictions import PredictionWatch
from andon.stats.surroundings import Surroundings
from unit.stats.profiles import MAX_AGE, TAGS, a_process, in_units, reference, rows

N, BEGINS = 600, 200
OFFSETS = dict(zip("ABCD", (0.0, 2.0, -2.0, 4.0), strict=True))


def changing(n, each, between="AB"):
    """A regime for each row: each of them for so many rows, in turn."""
    return tuple(between[(i // each) % len(between)] for i in range(n))


def at_its_level(z, names):
    """Every regime has its own level."""
    return z + np.array([OFFSETS.get(name, 0.0) for name in names])[:, None]


def a_profile(each, between="AB"):
    names = changing(2000, each, between)
    return profile(reference(rows(in_units(at_its_level(a_process(2000, seed=11), names)), regimes=names)))


def watched(z, names, of):
    around, given = Surroundings.begin(of, 0.0), rows(in_units(at_its_level(z, names)), regimes=names)
    for portion in around.portions(given):
        around.take(portion, MAX_AGE)
    return around


def said(around):
    return {(e.question, e.subject): e for e in around.evidence(PredictionWatch())}


def found(around):
    return {key for key, e in said(around).items() if e.log_e >= AT_FAULT}


def biased(n=N, by=2.0):
    z = a_process(n, seed=20)
    z[BEGINS:, 3] += by
    return z


@pytest.mark.parametrize("between", ["AB", "ABCD"])
@pytest.mark.parametrize("each", [1, 7, 10, 19, 30])
def test_a_biased_tag_is_named_and_nobody_else_however_often_the_regime_changes(each, between):
    around = watched(biased(), changing(N, each, between), a_profile(each, between))
    assert found(around) == {("biased", "d")}
    assert BEGINS - 20 * len(between) <= said(around)["biased", "d"].first_bad - 1e6 <= BEGINS + 20 * len(between)


@pytest.mark.parametrize("each", [1, 10])
def test_a_sound_plant_that_changes_over_accuses_nobody(each):
    assert found(watched(a_process(2000, seed=21), changing(2000, each), a_profile(each))) == set()


def test_single_rows_of_another_regime_do_not_stop_the_watch():
    names = tuple("Z" if i % 20 == 19 else "A" for i in range(N))
    assert found(watched(biased(), names, a_profile(2000, "A"))) == {("biased", "d")}


def test_rows_that_waited_long_for_their_block_do_not_tell_when_a_fault_began():
    """Fifteen rows of A, many of B, the fault, and then A again: it began where B was last sound, not with the first A."""
    names = ("A",) * 15 + ("B",) * 385 + ("A",) * 200
    z = a_process(N, seed=20)
    z[400:, 3] += 4
    around = watched(z, names, a_profile(30))
    assert ("biased", "d") in found(around)
    assert said(around)["biased", "d"].first_bad - 1e6 >= 370


def test_what_is_taken_back_reaches_to_the_fault_and_not_to_the_rows_that_waited():
    names = ("A",) * 15 + ("B",) * 385 + ("A",) * 200
    z = a_process(N, seed=20)
    z[400:, 3] += 4
    around = Surroundings.begin(a_profile(30), 0.0)
    taken = []
    for portion in around.portions(rows(in_units(at_its_level(z, names)), regimes=names)):
        around.take(portion, MAX_AGE)
        taken += [around.newly_found()] if around.newly_found() is not None else []
    assert min(taken) - 1e6 >= 330


def test_rows_fit_to_judge_by_are_counted_when_their_block_was_held_against_the_reference():
    around = watched(a_process(80, seed=20), ("A",) * 40 + ("B",) * 10 + ("A",) * 20 + (SETTLING,) * 10, a_profile(30))
    fit = said(around)["fit", "rows"]
    assert (fit.rows, fit.value, fit.log_e) == (60, 0.5, 0.0)
    assert around.report() == {"fit": 60, "unfit": {SETTLING: 10}, "waiting": {"B": 10}}


def test_what_waits_for_its_block_survives_a_restart():
    names = changing(N, 7)
    whole = watched(biased(), names, a_profile(7))
    given = rows(in_units(at_its_level(biased(), names)), regimes=names)
    again = Surroundings.begin(a_profile(7), 0.0)
    for until in range(10, N + 1, 10):
        again.take(given.part(until - 10, until), MAX_AGE)
        again = Surroundings.restore(a_profile(7), orjson.loads(orjson.dumps(again.state())))
    assert orjson.dumps(again.state()) == orjson.dumps(whole.state())


def test_another_profile_in_the_middle_of_a_block_does_not_count_a_fault_twice():
    values = in_units(a_process(60, seed=20))
    values[:, 3] = np.nan
    given = rows(values, regimes=("A",) * 60)
    around = Surroundings.begin(a_profile(30), 0.0)
    around.take(given.part(0, 15), MAX_AGE)
    around = around.beside(a_profile(7))
    for portion in around.portions(given.part(15, 60)):
        around.take(portion, MAX_AGE)
    assert said(around)["missing", TAGS[3]].value == 1.0

"""The same on a recorded plant: Tennessee Eastman, its normal runs, and the faults that may be looked at."""

from functools import cache

import numpy as np
import pytest

from andon.lab.plant.recordings import FAULT_STARTS, FAULTS, NORMAL, Run
from andon.lab.plant.recordings import TAGS as COLUMNS
from andon.stats import build
from andon.stats.blocks import Rows
from andon.stats.detector import AT_FAULT
from andon.stats.predictions import PredictionWatch
from andon.stats.surroundings import Surroundings
from unit.stats.profiles import MAX_AGE, reference

WHICH = [*range(22), *range(41, 52)]
TAGS = tuple(COLUMNS[column].lower() for column in WHICH)
EVERY = 180.0
PLANT_FAULTS = [fault for fault in FAULTS if fault != 6]


def rows(values):
    times = 1e6 + EVERY * np.arange(len(values))
    return Rows(TAGS, times, EVERY, values[:, WHICH], np.zeros((len(values), len(TAGS))), np.full((len(values), len(TAGS)), 0.1))


@cache
def a_profile():
    """Of both normal runs but for the last 400 rows of the second, and of what the other runs did before their fault."""
    training, held_out, *before = (run.rows for run in NORMAL)
    return build.profile(reference(rows(np.concatenate([training, held_out[:560], *before])), every="3m"))


HELD_OUT = NORMAL[1].rows[560:]


def found(values):
    around, given = Surroundings.begin(a_profile(), 0.0), rows(values)
    for portion in around.portions(given):
        around.take(portion, MAX_AGE)
    return {(e.question, e.subject) for e in around.evidence(PredictionWatch()) if e.log_e >= AT_FAULT}


def test_no_tag_is_at_fault_in_the_normal_run_that_was_held_out():
    assert found(HELD_OUT) == set()


def test_no_tag_is_at_fault_in_a_normal_run_held_against_the_other_alone():
    training, testing = (run.rows for run in NORMAL[:2])
    around = Surroundings.begin(build.profile(reference(rows(training), every="3m")), 0.0)
    for portion in around.portions(rows(testing)):
        around.take(portion, MAX_AGE)
    assert around.believed.all()


@pytest.mark.parametrize("fault", PLANT_FAULTS)
def test_a_fault_of_the_process_is_a_shift_and_names_no_tag(fault):
    values = Run(fault, testing=True, first=0, end=960).rows
    named, shifted = set(), False
    around, given = Surroundings.begin(a_profile(), 0.0), rows(values)
    for portion in around.portions(given):
        around.take(portion, MAX_AGE)
        said = [e for e in around.evidence(PredictionWatch()) if e.log_e >= AT_FAULT]
        named |= {(e.question, e.subject) for e in said if e.subject in TAGS}
        shifted |= any(e.question == "shift" for e in said) and portion.times[0] >= given.times[FAULT_STARTS]
    assert named == set()
    assert shifted


@pytest.mark.parametrize("sign", [1, -1])
def test_a_bias_of_two_deviations_is_named_and_nobody_else(sign):
    right = []
    for column, tag in zip(WHICH, TAGS, strict=True):
        values = HELD_OUT.copy()
        values[100:, column] += sign * 2 * NORMAL[1].rows[:, column].std()
        right.append({subject for _, subject in found(values)} == {tag})
    assert np.mean(right) >= 0.95, [tag for tag, named in zip(TAGS, right, strict=True) if not named]

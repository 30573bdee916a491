"""One tag is broken, two are swapped, or the plant has moved: who is named, and who is not."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.stats import build
from andon.stats.detector import AT_FAULT
from andon.stats.predictions import PredictionWatch
from andon.stats.surroundings import Surroundings
from unit.stats.profiles import MAX_AGE, TAGS, a_process, along, in_units, of_the_process, reference, rows

BEGINS, N = 100, 400
SEEDS = range(20, 28)
FAULTY = slice(BEGINS, N)


def watched(values, profile=None, regimes=None):
    """Everything the tags say after these rows."""
    around, given_ = Surroundings.begin(profile or of_the_process(), 0.0), rows(values, regimes=regimes)
    for portion in around.portions(given_):
        around.take(portion, MAX_AGE)
    return around


def found(values, profile=None):
    """Questions and subjects that count as at fault."""
    said = watched(values, profile).evidence(PredictionWatch())
    return {(e.question, e.subject) for e in said if e.log_e >= AT_FAULT}


def process(seed=20, n=N):
    return a_process(n, seed)


def with_fault(tag, change, seed=20):
    """The process with one tag changed from row 100 on: a function of its standardised values."""
    z = process(seed)
    z[FAULTY, tag] = change(z[FAULTY, tag])
    return in_units(z)


def noise(seed=1):
    return np.random.default_rng(seed).normal(size=N - BEGINS)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sound_process_accuses_nobody(seed):
    assert found(in_units(process(seed, n=2000))) == set()


@pytest.mark.parametrize("bias", [2.0, -2.0, 4.0])
@pytest.mark.parametrize("tag", range(len(TAGS)))
def test_one_biased_tag_is_named_and_nobody_else(tag, bias):
    assert found(with_fault(tag, lambda z: z + bias)) == {("biased", TAGS[tag])}


@pytest.mark.parametrize("tag", range(len(TAGS)))
def test_a_drifting_tag_is_named_and_nobody_else(tag):
    assert found(with_fault(tag, lambda z: z + 3 * np.linspace(0, 1, len(z)))) == {("biased", TAGS[tag])}


@pytest.mark.parametrize("tag", range(len(TAGS)))
def test_a_noisy_tag_is_named_and_nobody_else(tag):
    assert found(with_fault(tag, lambda z: z + 2 * noise())) == {("noisy", TAGS[tag])}


def test_where_all_scatter_more_nobody_is_noisy():
    z = process()
    z[FAULTY] += 2 * np.random.default_rng(4).normal(size=(N - BEGINS, len(TAGS)))
    assert [subject for question, subject in found(in_units(z)) if question == "noisy"] == []


@pytest.mark.parametrize("far", [20, 1e4, 1e12, -1e160, 1e300])
def test_what_is_far_out_is_out_of_range_whatever_its_size(far):
    assert found(with_fault(3, lambda z: far * (1 + 0.01 * noise()))) == {("out-of-range", "d"), ("biased", "d")}


def test_two_tags_that_have_changed_places_are_both_named():
    told = []
    for one, other in combinations(range(len(TAGS)), 2):
        values = in_units(process())
        values[FAULTY, [other, one]] = values[FAULTY, [one, other]]
        told.append({tag for question, tag in found(values) if question == "biased"} == {TAGS[one], TAGS[other]})
    assert sum(told) >= 25


SHIFTS = {
    "all move along the first principal direction": lambda: 4 * along(0),
    "all move along the second": lambda: 4 * along(1),
    "correlations break in many tags at once": lambda: 2.0 * np.array([1, -1] * 4),
}


@pytest.mark.parametrize("seed", [20, 21, 22])
@pytest.mark.parametrize("kind", SHIFTS)
def test_a_coherent_shift_is_the_plants_and_names_nobody(kind, seed):
    z = process(seed)
    z[FAULTY] += SHIFTS[kind]()
    assert ("shift", "inputs") in found(in_units(z))
    assert {subject for _, subject in found(in_units(z))} == {"inputs"}


@pytest.mark.parametrize("kind", SHIFTS)
def test_while_the_plant_moves_no_tag_is_suspected_of_the_errors(kind):
    z = process()
    z[FAULTY] += SHIFTS[kind]()
    assert not watched(in_units(z)).suspicious


def test_a_tag_that_is_off_by_itself_is_suspected_of_them():
    assert watched(with_fault(3, lambda z: z + 1.0)).suspicious


def test_a_tag_that_went_off_in_the_rows_in_which_others_jumped_is_the_plants():
    z = process()
    z[BEGINS : BEGINS + 10] += 3 * np.array([1, -1] * 4)
    z[FAULTY, 3] += 3
    assert found(in_units(z)) == {("shift", "inputs")}


def test_a_tag_that_went_off_long_after_the_plant_has_calmed_down_is_its_own():
    z = process()
    z[BEGINS : BEGINS + 10] += 3 * np.array([1, -1] * 4)
    z[BEGINS + 100 :, 3] += 3
    assert ("biased", "d") in found(in_units(z))


def test_a_tag_known_to_be_biased_does_not_hide_that_the_plant_moves():
    z = process()
    z[FAULTY, 3] += 3
    z[BEGINS + 100 :] += 4 * along(0)
    assert ("shift", "inputs") in found(in_units(z))


def test_a_second_fault_is_found_beside_the_first():
    z = process()
    z[FAULTY, 3] += 3
    z[BEGINS + 100 :, 6] -= 3
    assert found(in_units(z)) == {("biased", "d"), ("biased", "g")}


@pytest.mark.parametrize("change", [lambda z: z + 3, lambda z: z + 2 * np.resize(noise(), len(z))])
def test_a_tag_that_has_recovered_is_believed_again_within_three_blocks(change):
    z = process()
    z[BEGINS:200, 3] = change(z[BEGINS:200, 3])
    assert not watched(in_units(z)[:200]).believed[3]
    assert watched(in_units(z)[:260]).believed.all()


def test_a_tag_without_values_is_missing_and_the_others_go_on_being_watched():
    z = process()
    z[FAULTY, 3] = np.nan
    assert found(in_units(z)) == {("missing", "d")}
    z[FAULTY, 6] += 2
    assert found(in_units(z)) == {("missing", "d"), ("biased", "g")}


def test_rows_of_which_most_is_missing_accuse_only_what_is_missing():
    z = process()
    z[FAULTY, 1:] = np.nan
    assert found(in_units(z)) == {("missing", tag) for tag in TAGS[1:]}


def test_off_support_says_that_rows_lie_where_the_reference_has_none():
    z = process()
    z[FAULTY] += 12 * along(0)
    assert ("off-support", "inputs") in found(in_units(z))


def test_since_when_a_tag_is_off_is_known_to_the_block():
    said = watched(with_fault(3, lambda z: z + 4)).evidence(PredictionWatch())
    assert next(e.first_bad for e in said if e.question == "biased" and e.subject == "d") == 1e6 + BEGINS


@pytest.mark.parametrize("frozen", [1, 5, 8])
def test_every_tag_that_sticks_is_named_though_most_others_stick_too(frozen):
    z = process()
    z[FAULTY, :frozen] = z[BEGINS, :frozen]
    assert {subject for question, subject in found(in_units(z)) if question == "stuck"} == set(TAGS[:frozen])


@pytest.mark.parametrize("absurd", [5, 8])
def test_values_that_nothing_measures_are_out_of_range_and_no_shift_of_the_plant(absurd):
    values = in_units(process())
    values[FAULTY, :absurd] *= 1e300
    assert found(values) == {(question, tag) for question in ("out-of-range", "biased") for tag in TAGS[:absurd]}


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 6))
def test_a_tag_that_hardly_moved_in_its_regime_may_move_as_far_as_it_does_in_others(tag):
    """Absurd is what lies beyond any range, not what is many deviations of a valve that stood still."""
    z = process(n=600)
    names = ("still",) * 300 + ("moving",) * 300
    z[:300, tag] = 1e-9 * z[:300, tag]
    of_both = build.profile(reference(rows(in_units(z), regimes=names)))
    said = watched(in_units(process(seed=23)), of_both, ("still",) * N).evidence(PredictionWatch())
    assert next(e.value for e in said if (e.question, e.subject) == ("out-of-range", TAGS[tag])) == 0.0


wild = st.sampled_from([np.nan, 0.0, 1.0, -1e12, 1e12, 1e300, -1.7e308, 5e-324])


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.tuples(st.integers(0, 59), st.integers(0, len(TAGS) - 1)), wild, max_size=200), st.booleans())
def test_no_value_warns_or_raises(changes, whole_columns):
    values = in_units(process())[:60]
    for (row, tag), value in changes.items():
        values[slice(None) if whole_columns else row, tag] = value
    around = watched(values)
    assert all(np.isfinite(e.log_e) for e in around.evidence(PredictionWatch()))

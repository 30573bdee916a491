"""Thirty of the bench's episodes, at least one of each sort: the direction of what `make bench-decisions` measures."""

import pytest

from bench.decisions.score import scored


@pytest.mark.parametrize(
    ("kind", "seed"),
    [
        ("sensor-stuck", 0),
        ("sensor-dropped", 1),
        ("sensor-unit", 2),
        ("sensor-bias-2", 3),
        ("sensor-bias-4", 1),
        ("sensor-drift", 0),
        ("sensor-noise", 2),
        ("sensor-bad-status", 1),
        ("sensor-uncertain", 0),
    ],
)
def test_a_broken_sensor_is_named_and_no_model_is_touched(kind, seed):
    outcome = scored(kind, seed)
    assert outcome.right_tag
    assert not outcome.harm


@pytest.mark.parametrize(("kind", "seed"), [("sensor-bias-0.5", 0), ("sensor-bias-1", 2), ("sensor-swapped", 1)])
def test_what_is_wrong_with_a_sensor_and_not_seen_is_not_blamed_on_a_model(kind, seed):
    assert not scored(kind, seed).harm


@pytest.mark.parametrize(
    ("kind", "seed"),
    [("fault-free", 0), ("gaps", 1), ("regimes-known", 2), ("regimes-unknown", 1), ("concept-unlabelled", 0)],
)
def test_where_nothing_is_wrong_or_nothing_can_be_known_nothing_is_done(kind, seed):
    assert not scored(kind, seed).taken


@pytest.mark.parametrize(
    ("kind", "seed"),
    [
        ("candidate-50-worse", 2),
        ("candidate-50-worse+process", 2),
        ("candidate-scrambled", 0),
        ("candidate-scrambled+sensor-lasting", 1),
        ("candidate-unit-mistake+sensor-window", 2),
        ("candidate-25-worse+regimes", 0),
    ],
)
def test_a_bad_candidate_is_rolled_back_whatever_else_happens(kind, seed):
    outcome = scored(kind, seed)
    assert outcome.rolled_back is not None
    assert outcome.healthy is None


@pytest.mark.parametrize(("kind", "seed"), [("candidate-10-worse", 0), ("candidate-10-worse+sensor-window", 2)])
def test_a_slightly_worse_candidate_is_not_promoted(kind, seed):
    assert scored(kind, seed).healthy is None


@pytest.mark.parametrize(
    ("kind", "seed"),
    [("candidate-identical", 0), ("candidate-retrained+process", 1), ("candidate-better+sensor-window", 2)],
)
def test_a_good_candidate_is_promoted_whatever_else_happens(kind, seed):
    outcome = scored(kind, seed)
    assert outcome.promoted_within(1500)
    assert outcome.rolled_back is None


def test_a_process_fault_is_a_shift_of_the_plant():
    assert scored("process", 0).said & {"HarmfulShift", "BenignShift"}


def test_labels_that_no_longer_fit_quiet_inputs_are_concept_drift():
    assert "ConceptDrift" in scored("concept-labelled", 2).said

"""A label that sticks or is absurd is no truth: it convicts its own tag and no model."""

from dataclasses import replace

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.stats.bins import Bins
from andon.stats.detector import AT_FAULT
from andon.stats.labels import LabelWatch, Limits
from andon.stats.ledger import Ledger
from andon.stats.profile import LabelReference, Support
from unit.stats.profiles import a_process, along, in_units, of_the_process, rows, truth
from unit.stats.stories import TRIAL, played, said

CONTINUOUS = LabelReference(support=Support(min=0.0, max=10.0), max_run=2, bins=Bins.of(np.linspace(0, 10, 100)))
TWO_VALUED = CONTINUOUS.model_copy(update={"bins": Bins.of(np.resize([0.0, 10.0], 100))})


def folded(labels, reference=CONTINUOUS, finer=1.0):
    watch = LabelWatch()
    return watch, told(watch, 0, labels, reference, finer)


def told(watch, first, labels, reference=CONTINUOUS, finer=1.0, moves=lambda times: times < 0):
    """Labels from this time on. moves: when the plant does."""
    times = np.arange(first, first + len(labels), dtype=float)
    limits = Limits.of(reference, finer) if reference else None
    sound = watch.fold(times, np.asarray(labels, dtype=float), moves(times), limits)
    watch.settle(np.inf, moves)
    return sound


def faults(watch):
    return {e.question for e in watch.evidence("y", 0.0) if e.log_e >= AT_FAULT}


def moving(n):
    return 5 + 4 * np.sin(np.arange(n))


@pytest.mark.parametrize(
    ("labels", "question"),
    [
        pytest.param(np.full(80, 5.0), {"stuck"}, id="the same for ever"),
        pytest.param(np.resize([-999.0, -998.0], 60), {"out-of-range"}, id="far outside"),
        pytest.param(np.full(80, -999.0), {"stuck", "out-of-range"}, id="an error code"),
        pytest.param(np.full(60, np.inf), {"out-of-range"}, id="infinite"),
        pytest.param(np.full(80, 1e308), {"stuck", "out-of-range"}, id="the largest number there is"),
        pytest.param(moving(2000), set(), id="as in the reference"),
        pytest.param(np.where(np.arange(200) % 2, moving(200), np.nan), set(), id="every other row"),
        pytest.param(3 * moving(60) - 10, set(), id="a little outside"),
    ],
)
def test_a_label_at_fault_is_named(labels, question):
    assert faults(folded(labels)[0]) == question


def test_of_a_run_the_first_ten_are_believed_and_what_is_far_outside_never():
    _, stuck = folded(np.concatenate([moving(5), np.full(30, 5.0), moving(5) + 0.1]))
    assert np.flatnonzero(~stuck).tolist() == list(range(15, 35))
    _, outside = folded([1.0, -999.0, 3.0, 15.1, 14.9])
    assert outside.tolist() == [True, False, True, False, True]


def test_labels_of_few_values_never_stick_and_on_a_finer_clock_they_may_last_longer():
    assert folded(np.full(500, 10.0), TWO_VALUED)[1].all()
    assert np.flatnonzero(~folded(np.full(40, 5.0), finer=5.0)[1]).tolist() == list(range(30, 40))


def test_without_a_reference_every_finite_label_is_believed():
    watch, sound = folded([1.0, np.nan, np.inf, -999.0], reference=None)
    assert sound.tolist() == [True, False, False, True]
    assert watch.evidence("y", 0.0) == []


def test_since_when_it_is_at_fault_is_the_beginning_of_its_run_and_a_label_that_heals_is_believed():
    labels = np.concatenate([moving(33), np.full(67, 5.0), moving(60)])
    assert folded(labels[:100])[0].evidence("y", 0.0)[0].first_bad == 33.0
    assert folded(labels)[0].evidence("y", 0.0)[0].log_e < 0


def test_a_plant_that_moves_takes_its_labels_with_it_but_not_anywhere():
    watch = LabelWatch()
    assert told(watch, 0, np.linspace(20, 60, 80), moves=lambda times: times >= 0).all()
    assert faults(watch) == set()
    assert not told(watch, 80, np.resize([-999.0, -998.0], 60), moves=lambda times: times >= 0).any()
    assert faults(watch) == {"out-of-range"}


def test_labels_of_rows_of_which_it_is_not_known_yet_whether_the_plant_moves_wait_to_be_evidence():
    watch, limits = LabelWatch(), Limits.of(CONTINUOUS, 1.0)
    for first in range(0, 100, 20):
        watch.fold(np.arange(first, first + 20.0), np.resize([20.0, 21.0], 20), np.zeros(20, dtype=bool), limits)
        watch.settle(first - 1.0, lambda times: times < 60)
    assert len(watch.waiting) == 20
    assert watch.evidence("y", 0.0)[1].first_bad == 60.0


@settings(max_examples=40)
@given(st.lists(st.sampled_from([np.nan, 1.0, 2.0, -999.0, np.inf]), max_size=90), st.integers(0, 90))
def test_a_restart_between_any_two_labels_changes_nothing(labels, cut):
    whole, _ = folded(labels)
    half, _ = folded(labels[:cut])
    again = LabelWatch.restore(orjson.loads(orjson.dumps(half.state())))
    told(again, cut, labels[cut:])
    assert orjson.dumps(again.state()) == orjson.dumps(whole.state())


FAULTS = {"stuck": lambda real: real[300], "an error code": lambda real: -999.0, "huge": lambda real: 1e308}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("worse", [0.0, 0.5])
def test_a_broken_analyser_convicts_neither_the_stable_nor_a_sound_candidate(fault, worse):
    z = a_process(900, 31)
    real = truth(z)
    real[300:] = FAULTS[fault](real)
    found = said(played(rows(in_units(z)), labels=real, worse=worse, late=0).ledger)
    assert max(found[question, "y"].log_e for question in ("stuck", "out-of-range")) >= AT_FAULT
    assert found["error", "stable"].log_e < AT_FAULT
    assert found["loss", "candidate"].rows <= 320
    assert (found["loss", "candidate"].log_e >= AT_FAULT) is (worse > 0)


@pytest.mark.parametrize("late", [0, 30, 200])
def test_labels_that_move_with_the_plant_are_no_fault_and_its_harm_is_seen(late):
    z = a_process(900, 31)
    z[300:] += 12 * along(0)
    real = 1.5 * truth(z)
    found = said(played(rows(in_units(z)), labels=real, late=late).ledger)
    assert found["shift", "inputs"].log_e >= AT_FAULT
    assert found["out-of-range", "y"].log_e < AT_FAULT
    assert found["error", "stable"].log_e >= AT_FAULT


def test_labels_of_a_regime_that_the_reference_does_not_know_are_no_fault():
    z = a_process(600, 31)
    real = truth(z)
    real[200:] += 100
    found = said(played(rows(in_units(z), regimes=("",) * 200 + ("new recipe",) * 400), labels=real, late=0).ledger)
    assert found["out-of-range", "y"].value == 0.0


def test_the_fault_of_a_label_outlives_a_restart_and_a_change_of_models():
    z = a_process(500, 31)
    real = truth(z)
    real[300:] = -999.0
    ledger = Ledger.restore(orjson.loads(orjson.dumps(played(rows(in_units(z)), labels=real, late=0).ledger.state())))
    ledger.begin(of_the_process(), replace(TRIAL, stable="t", candidate=None), 2e9)
    assert said(ledger)["out-of-range", "y"].log_e >= AT_FAULT
    assert ledger.report()["labelsNotBelieved"] == 200

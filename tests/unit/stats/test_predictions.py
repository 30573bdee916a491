"""Predictions that are not distributed as in the reference."""

import numpy as np
import orjson
from hypothesis import given
from hypothesis import strategies as st

from andon.stats.bins import Bins
from andon.stats.predictions import PredictionWatch
from andon.stats.profile import Distribution

REFERENCE = Distribution(mean=10.0, std=2.0, wander=1.0, bins=Bins(edges=[], counts=[100]))


def after(values, reference=REFERENCE):
    watch = PredictionWatch()
    watch.fold([(float(i), float(v)) for i, v in enumerate(values)], reference)
    return watch


def test_what_stays_where_the_reference_wandered_is_no_drift():
    assert not after(10 + 2 * np.random.default_rng(1).normal(1.0, 1, 2000)).detector.at_fault[0]


def test_predictions_far_from_all_of_the_reference_are_found_with_the_row_at_which_that_began():
    watch = after(np.concatenate([np.full(100, 10.0), np.full(100, 15.0)]))
    assert watch.detector.at_fault[0]
    assert watch.detector.first_bad[0] == 100.0
    assert watch.distance == 2.5


def test_a_model_that_always_says_the_same_has_drifted_when_it_says_something_else():
    constant = REFERENCE.model_copy(update={"std": 0.0, "wander": 0.0})
    assert not after([10.0] * 100, constant).detector.at_fault[0]
    assert after([11.0] * 100, constant).detector.at_fault[0]


@given(st.lists(st.floats(-1e6, 1e6), max_size=90), st.integers(0, 90))
def test_a_restart_between_any_two_rows_changes_nothing(values, cut):
    half = PredictionWatch.restore(orjson.loads(orjson.dumps(after(values[:cut]).state())))
    half.fold([(float(cut + i), v) for i, v in enumerate(values[cut:])], REFERENCE)
    assert orjson.dumps(half.state()) == orjson.dumps(after(values).state())

import numpy as np
import pytest

from bench.decisions import models, plants


@pytest.fixture(scope="module")
def rows():
    return plants.plant("te-early").normal[0].x.copy()


@pytest.mark.parametrize("portion", [slice(0, 1), slice(0, 20), slice(None)])
def test_a_ridge_predicts_by_its_coefficients_just_what_its_pipeline_does(rows, portion):
    ridge = models.stable("te-early", "ridge")
    assert np.array_equal(ridge(rows[portion]), ridge.estimator.predict(rows[portion]))


def test_answers_that_are_kept_are_those_to_the_same_rows(rows):
    ridge = models.stable("te-early", "ridge")
    first, other = ridge(rows), ridge(rows[::-1])
    assert np.array_equal(other, first[::-1])
    other += 1.0
    assert np.array_equal(ridge(rows[::-1]), first[::-1])


def test_where_a_feature_is_missing_there_is_no_answer(rows):
    rows = rows.copy()
    rows[3, 5] = np.nan
    assert np.flatnonzero(np.isnan(models.stable("te-early", "ridge")(rows))).tolist() == [3]

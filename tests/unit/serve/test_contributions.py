"""What each feature did to an answer, by putting values in its place that are typical for it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.api.pipeline import Feature
from andon.runtime.serve.rows.contributions import MOST_ROWS, VALUES, explain
from andon.runtime.serve.rows.journal import Given
from andon.stats.blocks import Rows
from andon.stats.build import Reference
from andon.stats.build import profile as build
from unit.serve.models import linear, logarithm, picky
from unit.serve.references import a_profile
from unit.serve.rowing import a_revision

FEATURES = np.array([4.0, 6.5, 1.0])


def given_(features=FEATURES, regime=""):
    return Given(regime, features)


class Counting:
    """A model of its own making that remembers what it was asked."""

    def __init__(self, answer):
        self.answer, self.asked = answer, 0

    def predict(self, rows):
        self.asked += len(rows)
        return self.answer(rows)


class Revision:
    """Just what is explained of one."""

    def __init__(self, answer):
        self.model = Counting(answer)


def test_of_a_sum_each_feature_contributes_what_it_is_off_its_mean(tmp_path):
    profile = a_profile()
    found = explain(a_revision(tmp_path, "1", linear()), profile, given_(), float(FEATURES.sum()))
    of_tag = {tag: reference.mean for tag, reference in zip("abc", profile.regimes[0].tags, strict=True)}
    assert {c.feature: c.contribution for c in found.contributions} == pytest.approx(
        {tag: value - of_tag[tag] for tag, value in zip("abc", FEATURES, strict=True)}, abs=0.1
    )
    assert [c.feature for c in found.contributions] == ["c", "b", "a"]
    assert found.remainder == pytest.approx(0.0, abs=0.2)


@given(st.lists(st.floats(0.1, 9), min_size=3, max_size=3))
def test_contributions_and_remainder_make_up_the_answer(values):
    features = np.array(values)
    answer = float(features.prod())
    found = explain(Revision(lambda rows: rows.prod(axis=1)), a_profile(), given_(features), answer)
    assert found.typical + found.remainder + sum(c.contribution for c in found.contributions) == pytest.approx(answer)


def test_a_feature_that_the_model_does_not_read_contributes_nothing():
    found = explain(Revision(lambda rows: 2 * rows[:, 1]), a_profile(), given_(), 13.0)
    assert [c.contribution for c in found.contributions if c.feature != "b"] == pytest.approx([0, 0])


def test_the_cost_is_bounded_however_wide_the_model_is():
    revision = Revision(lambda rows: rows.sum(axis=1))
    explain(revision, a_profile(), given_(), 11.5)
    assert revision.model.asked == 3 * VALUES
    wide = _wide(1024)
    explain(revision, wide, given_(np.full(1024, 0.5)), 512.0)
    assert revision.model.asked <= 3 * VALUES + MOST_ROWS


def _wide(features):
    small = a_profile()
    copies = [small.features[0].model_copy(update={"name": f"f{i}"}) for i in range(features)]
    regime = small.regimes[0].model_copy(update={"tags": small.regimes[0].tags[:1], "correlation": []})
    return small.model_copy(update={"features": copies, "regimes": [regime]})


def test_values_are_typical_for_the_regime_of_the_row():
    rng = np.random.default_rng(1)
    low, high = rng.normal(10, 1, (400, 1)), rng.normal(50, 1, (400, 1))
    profile = _of_regimes(np.concatenate([low, high]), ("low", "high"))
    of = {
        name: explain(Revision(lambda rows: rows[:, 0]), profile, given_(np.array([30.0]), name), 30.0)
        for name in ("low", "high")
    }
    assert of["low"].contributions[0].contribution == pytest.approx(20, abs=0.5)
    assert of["high"].contributions[0].contribution == pytest.approx(-20, abs=0.5)
    assert (of["low"].typical, of["high"].typical) == pytest.approx((10, 50), abs=0.5)


def _of_regimes(values, names):
    n = len(values)
    of_rows = tuple(np.repeat(names, n // len(names)).tolist())
    rows = Rows(("a",), 1e9 + 0.2 * np.arange(n), 0.2, values, np.zeros_like(values), np.zeros_like(values), of_rows)
    unknown = np.full(n, np.nan)
    return build(
        Reference(rows, [Feature(name="a", tag="a")], "200ms", values[:, 0], unknown, held_out=np.ones(n, dtype=np.bool_))
    )


def test_a_feature_of_which_no_other_value_has_an_answer_is_left_out(tmp_path):
    only_here = Revision(lambda rows: np.where(rows[:, 0] == FEATURES[0], rows.sum(axis=1), np.nan))
    assert {c.feature for c in explain(only_here, a_profile(), given_(), 11.5).contributions} == {"b", "c"}
    for content in (picky(), logarithm()):
        found = explain(a_revision(tmp_path, "1", content), a_profile(), given_(), 1.0)
        assert all(np.isfinite(c.contribution) for c in found.contributions)

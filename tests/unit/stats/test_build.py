"""A profile is made of sound rows, says which column cannot be used, and comes from the rows as they are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.api.evidence import SETTLING
from andon.api.pipeline import Feature
from andon.stats.blocks import BLOCK_ROWS
from andon.stats.build import LEAST_ROWS, UnusableRowsError, profile
from andon.stats.frame import Frame
from andon.stats.profile import Profile, ProfileError
from andon.stats.structure import bearing, structure_of
from unit.stats.profiles import REFERENCE_ROWS, TAGS, a_process, in_units, moving, of_the_process, reference, rows, truth


def made(values, **changes):
    return profile(reference(rows(values), **changes))


def values(n=300, **columns):
    """Values of the process; columns: tags that have others."""
    table = in_units(a_process(n, seed=3))
    for tag, column in columns.items():
        table[:, TAGS.index(tag)] = column
    return table


@pytest.mark.parametrize(
    ("given_", "changes", "message"),
    [
        pytest.param(values(c=np.nan), {}, "c has no value in any of 300 rows; leave it out", id="an empty column is named"),
        pytest.param(values(c=np.inf), {}, "c has no value in any of 300 rows", id="so is one of infinities"),
        pytest.param(values(n=0), {}, "a has no value in any of 0 rows", id="no rows"),
        pytest.param(values(n=1), {}, "1 of 1 rows .* needs at least 60", id="one row"),
        pytest.param(values(n=LEAST_ROWS - 1), {}, "59 of 59 rows", id="a row too few"),
        pytest.param(
            values(), {"prediction": np.full(300, np.nan)}, "0 of 300 rows have every value and a prediction", id="no model"
        ),
        pytest.param(
            values(a=np.where(np.arange(300) % 2, np.nan, 1.0), b=np.where(np.arange(300) % 2, 1.0, np.nan)),
            {},
            "0 of 300 rows have every value",
            id="no row that is whole",
        ),
        pytest.param(
            values(c=np.where(np.arange(300) == 7, 1e300, 1.0)), {}, r"c, row 8: 1e\+300 is beyond any range", id="a huge value"
        ),
        pytest.param(values(), {"labels": np.full(300, -1e308)}, r"the label y, row 1: -1e\+308 is beyond", id="huge labels"),
        pytest.param(values(), {"prediction": np.full(300, 1e200)}, "the model's prediction, row 1", id="a huge prediction"),
    ],
)
def test_rows_that_cannot_be_used_say_which_and_what_to_do(given_, changes, message):
    with pytest.raises(UnusableRowsError, match=message):
        made(given_, **changes)


def test_rows_that_lack_a_value_or_settle_are_left_out():
    table = values(b=np.where(np.arange(300) < 50, np.nan, np.arange(300) % 7))
    names = (SETTLING,) * 100 + ("",) * 200
    whole = profile(reference(rows(table, regimes=names)))
    assert (whole.rows, whole.blocks) == (200, 10)
    assert [r.name for r in whole.regimes] == [""]


def test_regimes_are_kept_apart_and_one_with_too_few_rows_is_left_out():
    table = values()
    table[150:] += 5 * table.std(axis=0)
    names = ("cold",) * 150 + ("hot",) * 120 + ("rare",) * 30
    of_both = profile(reference(rows(table, regimes=names)))
    assert [(r.name, r.rows) for r in of_both.regimes] == [("cold", 150), ("hot", 120)]
    for regime, part in zip(of_both.regimes, (table[:150], table[150:270]), strict=True):
        assert [t.mean for t in regime.tags] == pytest.approx(part.mean(axis=0))


def test_no_regime_with_enough_rows_is_an_error():
    names = tuple(str(i // 50) for i in range(300))
    with pytest.raises(UnusableRowsError, match="no regime has 60 rows"):
        profile(reference(rows(values(), regimes=names)))


def test_a_constant_column_is_kept_and_never_off():
    whole = made(values(c=4.5))
    assert whole.regimes[0].tags[2].std == 0.0
    assert whole.features[2].support.min == whole.features[2].support.max == 4.5
    assert whole.max_run("c") == 300
    assert Frame.of(whole.regimes[0]).structure.standard(values(c=99.0))[:, 2].tolist() == [0.0] * 300


def test_a_whole_table_that_never_moves_makes_a_profile():
    assert made(np.ones((100, 8))).blocks == 5


@pytest.mark.parametrize("tags", [60, 100])
def test_fewer_rows_than_columns_make_a_profile_with_wide_limits(tags):
    few, many = (made(a_process(n, seed=4, tags=tags)) for n in (LEAST_ROWS, 1500))
    assert few.regimes[0].deviation > many.regimes[0].deviation


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1e12, 1e30])
def test_the_unit_does_not_matter(scale):
    one, other = (made(a_process(300, seed=3) * s).regimes[0] for s in (1.0, scale))
    assert other.correlation == pytest.approx(one.correlation, abs=2e-4)
    assert (other.deviation, other.scatter, other.jump) == pytest.approx((one.deviation, one.scatter, one.jump), rel=1e-3)


def test_a_tag_that_wanders_by_itself_in_the_reference_has_a_limit_that_lets_it():
    table = values(1000)
    table[:, 2] = moving(1000, 1, 0.98, np.random.default_rng(2))[:, 0]
    offsets = [tag.offset for tag in made(table).regimes[0].tags]
    assert offsets[2] > 1.5
    assert max(np.delete(offsets, 2)) < 1.3


def test_the_limit_of_a_residual_grows_where_the_others_are_far_and_less_so_for_a_long_reference():
    frame = Frame.of(of_the_process().regimes[0])
    longer = replace(frame, blocks=4 * frame.blocks)
    own, near, far = (np.full(len(TAGS), value) for value in (4.0, 0.0, 100.0))
    assert frame.offset_limits(own, near) == pytest.approx(frame.offset)
    room = frame.offset_limits(own, far) - frame.offset
    assert room == pytest.approx(2 * np.sqrt(100 / (4 * 100)))
    assert longer.offset_limits(own, far) - longer.offset == pytest.approx(room / 2)


def test_one_tag_may_be_two_features():
    features = [Feature(name=name, tag=tag) for name, tag in (("one", "a"), ("two", "b"), ("again", "a"))]
    whole = made(values(), features=features)
    assert [f.name for f in whole.features] == ["one", "two", "again"]
    assert len(whole.regimes[0].tags) == 2


def test_runs_are_broken_by_gaps_in_time():
    table = values(a=np.repeat(np.arange(30), 10))
    whole = rows(table)
    assert profile(reference(whole)).max_run("a") == 10
    times = whole.times + np.where(np.arange(300) % 10 < 4, 0, 100)
    assert profile(reference(type(whole)(whole.tags, times, 1.0, table, whole.status, whole.ages))).max_run("a") == 6


def errors(held_out, n=300, wrong=1.0):
    """Labels that are off by 0.5 where the model was fitted, and by `wrong` where it was not."""
    prediction = np.arange(n, dtype=float) % 9
    return made(values(n), prediction=prediction, labels=prediction + np.where(held_out, wrong, 0.5), held_out=held_out).error


def test_the_usual_error_is_that_of_held_out_rows():
    error = errors(np.arange(300) >= 200)
    assert (error.rmse, error.rows, error.held_out) == (1.0, 100, True)


def test_with_too_few_held_out_rows_it_is_that_of_all_and_says_so():
    error = errors(np.arange(300) >= 300 - BLOCK_ROWS + 1, wrong=0.5)
    assert (error.rmse, error.rows, error.held_out) == (0.5, 300, False)


def test_without_labels_there_is_no_usual_error():
    assert made(values()).error is None


def test_the_tolerance_is_as_large_as_the_error_wandered():
    calm, restless = np.ones(300), np.where(np.arange(300) < 100, 3.0, 1.0)
    prediction = values().mean(axis=1)
    tolerances = [made(values(), labels=prediction + off, held_out=True).error.tolerance for off in (calm, restless)]
    assert tolerances[0] == 1.25
    assert tolerances[1] > 1.5


def test_a_perfect_model_has_no_usual_error():
    prediction = values().mean(axis=1)
    assert made(values(), labels=prediction).error.rmse == 0.0


def of_two(labels_of_hot, n=600, wrong=(1.0, 3.0)):
    """The model errs by 1 in the cold and by 3 in the heat, of which so many rows have labels."""
    hot = np.arange(n) >= n // 2
    prediction = values(n).mean(axis=1)
    labels = prediction + np.where(hot, wrong[1], wrong[0]) * np.resize([1.0, -1.0], n)
    labels[n // 2 + labels_of_hot :] = np.nan
    names = tuple(np.where(hot, "hot", "cold").tolist())
    return profile(reference(rows(values(n), regimes=names), prediction=prediction, labels=labels))


def test_each_regime_has_its_own_usual_error():
    both = of_two(labels_of_hot=300)
    assert [r.error.rmse for r in both.regimes] == pytest.approx([1.0, 3.0])
    assert both.error.rmse == pytest.approx(np.sqrt(5))
    assert both.own_error("hot").tolerance == pytest.approx(1.25 * (1 + np.sqrt(20 / 300)), rel=1e-3)
    assert both.error.tolerance > 1.4  # how far the two regimes are apart is no room for either of them


def test_but_not_where_it_has_few_labels_nor_where_it_is_the_only_one():
    assert of_two(labels_of_hot=LEAST_ROWS - 1).own_error("hot") is None
    assert errors(np.arange(300) >= 0).rmse == 1.0
    assert made(values(), labels=values().mean(axis=1) + np.resize([1.0, -1.0], 300)).own_error("") is None


def test_the_labels_of_the_reference_are_known():
    labels = np.repeat(np.arange(100.0), 3)
    label = made(values(), labels=labels).label
    assert (label.support.min, label.support.max, label.max_run) == (0.0, 99.0, 3)
    assert not label.bins.coarse
    assert made(values(), labels=np.resize([0.0, 1.0], 300)).label.bins.coarse


def test_labels_that_never_change_tell_of_no_error():
    alike = made(values(), labels=np.full(300, 4.0))
    assert (alike.error, alike.label) == (None, None)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 12), st.integers(60, 400))
def test_what_was_written_is_read_back(seed, tags, n):
    one = made(a_process(n, seed, tags=tags), labels=np.arange(n, dtype=float))
    assert Profile.parse(one.dump()) == one
    assert Profile.parse(one.dump()).dump() == one.dump()


def test_equal_rows_give_equal_bytes():
    assert made(values()).dump() == made(values()).dump()


def test_rounding_the_correlations_keeps_t_squared_within_one_per_cent():
    table = in_units(a_process(REFERENCE_ROWS, seed=11))
    exact, kept = structure_of(table), Frame.of(of_the_process().regimes[0]).structure
    z = exact.standard(in_units(a_process(500, seed=12)))
    totals = [bearing(s, z, np.diag(s.precision)).total for s in (exact, kept)]
    assert totals[1] == pytest.approx(totals[0], rel=0.01)


@pytest.mark.parametrize("regimes", [1, 4])
def test_a_profile_of_fifty_features_is_small(regimes):
    table = in_units(a_process(1000, seed=5, tags=50))
    names = tuple(np.repeat([f"grade {i}" for i in range(regimes)], 1000 // regimes).tolist())
    size = len(profile(reference(rows(table, regimes=names), prediction=truth(table))).dump())
    assert size < 10_000 + 25_000 * regimes


def test_a_document_of_the_first_format_is_refused():
    old = b'{"format": 1, "features": [], "target": "y", "every": "1s", "rows": 500, "rmse": 0.1}'
    with pytest.raises(ProfileError, match=r"profile.json: format: Input should be 3"):
        Profile.parse(old)

"""Late labels: joined by time, told in the order in which they came, and refused by file and row."""

from datetime import timedelta

import numpy as np
import pytest

from andon.api.errors import UserError
from andon.replay import labels
from andon.replay.columns import micros_of
from unit.replay.files import START, clock, table

TIMES = np.array([micros_of(t) for t in clock(6)])
MINUTE = timedelta(minutes=1)


def written(path, at, values, known):
    return table(path / "labels.parquet", time=at, label=values, available_at=known)


def test_a_label_belongs_to_the_row_of_its_time_and_is_known_from_when_it_came(tmp_path):
    at = clock(6)
    late = [at[3] + MINUTE, at[3] + 2 * MINUTE, at[3] - MINUTE]
    known = labels.read(written(tmp_path, [at[0], at[3], at[2]], [1.0, 4.0, 3.0], late), TIMES)
    assert known.rows.tolist() == [2, 0, 3]
    assert known.values.tolist() == [3, 1, 4]
    assert [known.known(0, int(now)) for now in TIMES] == [0, 0, 1, 1, 2, 3]
    assert known.known(2, int(TIMES[5])) == 3


def test_none_is_known_before_its_row(tmp_path):
    at = clock(6)
    known = labels.read(written(tmp_path, [at[4]], [1.0], [at[0]]), TIMES)
    assert [known.known(0, int(now)) for now in TIMES] == [0, 0, 0, 0, 1, 1]


def test_what_cannot_be_squared_is_no_label(tmp_path):
    at = clock(3)
    with pytest.raises(UserError, match=r"labels\.parquet: column label, row 2 is 1e\+308.*; correct it or leave it empty"):
        labels.read(written(tmp_path, at, [1.0, 1e308, -1e308], at), TIMES)


def test_labels_without_a_row_or_a_value_are_counted_and_left_out(tmp_path):
    at = [*clock(2), START + timedelta(seconds=90), START - MINUTE, START + timedelta(days=1)]
    known = labels.read(written(tmp_path, at, [1.0, None, 2.0, 3.0, 4.0], at), TIMES)
    assert (known.rows.tolist(), known.values.tolist()) == ([0], [1.0])
    assert ["3 of 5 labels belong to no row" in known.notes[0], "1 of 5 labels have no value" in known.notes[1]] == [True, True]


def test_by_row_there_is_nan_where_there_is_none(tmp_path):
    known = labels.read(written(tmp_path, clock(2), [1.0, 2.0], clock(2)), TIMES)
    np.testing.assert_array_equal(known.by_row(4), [1, 2, np.nan, np.nan])


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        pytest.param({"time": clock(2), "label": [1.0, 2.0]}, "has no column available_at", id="no column of when"),
        pytest.param({"time": [], "label": [], "available_at": []}, "has no rows", id="empty"),
        pytest.param(
            {"time": clock(1) * 2, "label": [1.0, 2.0], "available_at": clock(2)}, "rows 1 and 2 both label", id="two truths"
        ),
        pytest.param(
            {"time": clock(2), "label": ["a", "b"], "available_at": clock(2)}, "column label is string", id="words for numbers"
        ),
        pytest.param(
            {"time": clock(2), "label": [1.0, 2.0], "available_at": [*clock(1), None]}, "available_at, row 2", id="never known"
        ),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, columns, said):
    path = table(tmp_path / "labels.parquet", **columns)
    with pytest.raises(UserError) as refused:
        labels.read(path, TIMES)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)

"""Rows in any form that recorders write; what cannot be used is refused by file, column and row."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.api.errors import UserError
from andon.api.types import seconds
from andon.replay.columns import micros_of, time_of
from andon.replay.recording import RecordingFile, duration, matching, tag_of
from unit.replay.files import START, clock, table, wave

N = 5
FIRST = micros_of(START)


def read(path, columns=None):
    file = RecordingFile.open(path)
    return file.read(columns or file.features)


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(pa.array(clock(N), pa.timestamp("us", "UTC")), id="microseconds, UTC"),
        pytest.param(pa.array(clock(N), pa.timestamp("ns", "UTC")), id="nanoseconds, UTC"),
        pytest.param(pa.array(clock(N), pa.timestamp("s", "UTC")), id="seconds, UTC"),
        pytest.param(pa.array(clock(N), pa.timestamp("ms", "Europe/Berlin")), id="another zone"),
        pytest.param(pa.array([t.replace(tzinfo=None) for t in clock(N)], pa.timestamp("us")), id="no zone is UTC"),
        pytest.param([t.isoformat() for t in clock(N)], id="ISO text with a zone"),
        pytest.param(pa.array([t.isoformat() for t in clock(N)]).dictionary_encode(), id="text, each kept once"),
        pytest.param([f"{t:%Y-%m-%d %H:%M:%S}" for t in clock(N)], id="ISO text without a zone"),
        pytest.param([int(t.timestamp()) for t in clock(N)], id="Unix seconds"),
        pytest.param([t.timestamp() for t in clock(N)], id="Unix seconds as floats"),
        pytest.param([int(t.timestamp() * 1000) for t in clock(N)], id="Unix milliseconds"),
        pytest.param([int(t.timestamp() * 1_000_000) for t in clock(N)], id="Unix microseconds"),
        pytest.param([int(t.timestamp() * 1_000_000_000) for t in clock(N)], id="Unix nanoseconds"),
    ],
)
def test_times_are_read_in_every_usual_form(tmp_path, times):
    recording = read(table(tmp_path / "rows.parquet", time=times, a=wave(N)))
    assert recording.times.tolist() == [FIRST + i * 60_000_000 for i in range(N)]
    assert recording.every == 60


def test_times_without_a_zone_are_noted(tmp_path):
    naive = pa.array([t.replace(tzinfo=None) for t in clock(N)], pa.timestamp("us"))
    (note,) = read(table(tmp_path / "rows.parquet", time=naive, a=wave(N))).notes
    assert "UTC" in note


def test_the_clock_is_the_median_step_and_gaps_are_noted(tmp_path):
    times = [t + timedelta(hours=5) * (i > 2) for i, t in enumerate(clock(N))]
    recording = read(table(tmp_path / "rows.parquet", time=times, a=wave(N)))
    assert (recording.every, len(recording.notes)) == (60, 1)


@pytest.mark.parametrize(
    "column",
    [
        pytest.param(pa.array([1, 2, None], pa.int16()), id="integers"),
        pytest.param(pa.array([1, 2, None], pa.float32()), id="single precision"),
        pytest.param([1.0, 2.0, float("nan")], id="NaN"),
        pytest.param([1.0, 2.0, float("inf")], id="infinity is no value"),
        pytest.param(pa.array([1.0, 2.0, None]).dictionary_encode(), id="each value kept once"),
        pytest.param(pa.array([1, 2, None]).dictionary_encode(), id="each integer kept once"),
    ],
)
def test_features_are_numbers_with_nan_where_there_is_none(tmp_path, column):
    recording = read(table(tmp_path / "rows.parquet", time=clock(3), a=column))
    assert recording.values[:, 0].tolist()[:2] == [1, 2]
    assert np.isnan(recording.values[2, 0])


@pytest.mark.parametrize(
    "codes",
    [
        pytest.param(pa.array([0, 0x40000000, 0x80000000, None], pa.uint32()), id="unsigned"),
        pytest.param(pa.array([0, 0x40000000, -0x80000000, None], pa.int32()), id="signed"),
        pytest.param(pa.array([0, 0x40000000, 0x80000000, None], pa.int64()), id="wider than need be"),
        pytest.param(pa.array([0, 0x40000000, 0x80000000, None], pa.float64()), id="floats, as pandas writes holes"),
    ],
)
def test_the_top_two_bits_of_a_status_decide_and_none_is_good(tmp_path, codes):
    recording = read(table(tmp_path / "rows.parquet", time=clock(4), a=wave(4), a__status=codes))
    assert recording.rows(slice(None)).bad_status()[:, 0].tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("regimes", "read_as"),
    [
        (["A", None, "Settling"], ("A", "Unknown", "Settling")),
        (pa.array([1, None, 2]), ("1", "Unknown", "2")),
        (pa.array([1.0, float("nan"), 2.5]), ("1", "Unknown", "2.5")),
        (pa.array(["A", "", "B"]).dictionary_encode(), ("A", "Unknown", "B")),
    ],
)
def test_regimes_are_names(tmp_path, regimes, read_as):
    recording = read(table(tmp_path / "rows.parquet", time=clock(3), a=wave(3), regime=regimes))
    assert recording.regimes == read_as
    assert recording.rows(slice(1, 3)).regimes == read_as[1:]


def test_without_a_column_of_regimes_there_are_none(tmp_path):
    assert read(table(tmp_path / "rows.parquet", time=clock(3), a=wave(3))).rows(slice(None)).regimes is None


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        pytest.param({"time": [], "a": []}, "has no rows", id="empty"),
        pytest.param({"a": wave(3)}, "no column time", id="no times"),
        pytest.param({"time": clock(3), "a": ["x", "y", "z"]}, "column a is string, not numbers", id="words for numbers"),
        pytest.param({"time": [True] * 3, "a": wave(3)}, "column time is bool, not times", id="no times in the column"),
        pytest.param({"time": [1, 2, 3], "a": wave(3)}, "column time begins with 1", id="counted rows for times"),
        pytest.param({"time": ["soon"] * 3, "a": wave(3)}, "row 1: 'soon' is not a time", id="words for times"),
        pytest.param({"time": [*clock(2), None], "a": wave(3)}, "row 3 has no time", id="a row without a time"),
        pytest.param({"time": clock(3)[::-1], "a": wave(3)}, "row 2 (2026-03-01T00:01:00Z) is earlier than row 1", id="unsorted"),
        pytest.param({"time": [clock(2)[i] for i in (0, 1, 1)], "a": wave(3)}, "has the same time as row 2", id="duplicated"),
        pytest.param({"time": clock(3), "a": [1.0] * 3}, "no feature ever changes in its 3 rows", id="constant"),
        pytest.param({"time": clock(3), "a": [None] * 3}, "no feature has a value in any of its 3 rows", id="nothing"),
        pytest.param({"time": clock(3), "a": [float("nan")] * 3}, "no feature has a value", id="all NaN"),
        pytest.param({"time": clock(3), "a": wave(3), "a__status": [1, 2, 0.5]}, "row 3 is 0.5", id="a status of half a bit"),
        pytest.param({"time": clock(3), "a": wave(3), "a__status": [1 << 32] * 3}, "32-bit StatusCode", id="too many bits"),
        pytest.param({"time": clock(3), "a-b": wave(3), "a_b": wave(3)}, "are both tag a_b", id="two columns of one tag"),
        pytest.param(
            {"time": clock(3), "a": wave(3), "regime": ["A", "x" * 64, "A"]}, "row 2 is a name of 64 characters", id="long regime"
        ),
        pytest.param(
            {"time": clock(3), "a": wave(3), "regime": [[1]] * 3}, "is list<element: int64>, not names", id="lists for regimes"
        ),
        pytest.param({"time": [10**17] * 3, "a": wave(3)}, "has the same time", id="nanoseconds of 1973"),
        pytest.param(
            {"time": pa.array([10**15] * 3, pa.timestamp("ms")), "a": wave(3)}, "outside of the years", id="beyond the calendar"
        ),
        pytest.param(
            {"time": pa.array([10**18] * 3, pa.timestamp("ms")), "a": wave(3)}, "outside of the years", id="beyond 64 bits"
        ),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, columns, said):
    path = table(tmp_path / "rows.parquet", **columns)
    with pytest.raises(UserError) as refused:
        read(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"a": wave(3)}, "has no column b"),
        ({"a": wave(3), "b": wave(3), "c": wave(3)}, "are no feature of the profile: c"),
        ({"a": wave(3), "b": wave(3), "c__status": [0] * 3}, "are no feature of the profile: c.status"),
    ],
)
def test_columns_are_those_of_the_profile(tmp_path, columns, said):
    file = RecordingFile.open(table(tmp_path / "rows.parquet", time=clock(3), **columns))
    with pytest.raises(UserError, match=said):
        matching(file, ["a", "b"], ignore_extra=False)


def test_columns_may_come_in_any_order_and_spelling_and_be_more_when_told(tmp_path):
    file = RecordingFile.open(table(tmp_path / "rows.parquet", time=clock(3), B=wave(3), c=wave(3), A=wave(3)))
    assert matching(file, ["a", "b"], ignore_extra=True) == ["A", "B"]


@pytest.mark.parametrize(
    ("column", "tag"), [("xmeas_7", "xmeas_7"), ("XMEAS(7)", "xmeas_7"), ("Feed temp. °C", "feed_temp_c"), ("7", "f_7")]
)
def test_a_column_is_a_tag(column, tag):
    assert tag_of(column) == tag


@given(st.integers(1, 10**12))
def test_a_duration_says_what_it_was_made_from(millis):
    assert round(seconds(duration(millis / 1000)) * 1000) == millis


@given(st.datetimes(min_value=START.replace(tzinfo=None, year=1971), timezones=st.just(START.tzinfo)))
def test_an_instant_survives_as_microseconds(time):
    assert time_of(micros_of(time)) == time

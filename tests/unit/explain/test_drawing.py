"""Everything on a plot lies where it can be read, whatever the numbers."""

import re
from datetime import timedelta
from itertools import pairwise
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.explain.axes import time_axis, value_axis
from andon.explain.drawing import apart, drawing
from andon.explain.plot import Limit, Mark, Plot, Scale, Series
from andon.explain.strip import strip

from .cases import AT, ODDS, TAGS, TIMELINE

NUMBERS = st.floats(-1e9, 1e9) | st.none()


@st.composite
def plots(draw):
    size = draw(st.integers(0, 12))
    times = tuple(AT + timedelta(seconds=7 * n) for n in range(size))
    lines = draw(st.lists(st.lists(NUMBERS, min_size=size, max_size=size), max_size=9))
    limit = draw(st.none() | st.floats(-1e9, 1e9))
    return Plot(
        "t", "u", times, tuple(Series(f"l{n}", tuple(line)) for n, line in enumerate(lines)),
        Limit(limit, "limit") if limit is not None else None, scale=draw(st.sampled_from(Scale)),
    )  # fmt: skip


@given(plots())
def test_every_point_and_every_name_lies_on_the_canvas(plot):
    drawn = drawing(plot)
    frame = drawn.frame
    for line in drawn.lines:
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", line.path):
            assert frame.x - 2 <= float(x) <= frame.x + frame.width + 0.1
            assert frame.y <= float(y) <= frame.y + frame.height + 0.1
        assert 0 <= line.end.y <= drawn.height
    assert all(frame.y <= row.y <= frame.y + frame.height + 0.1 for row in drawn.rows)


def test_a_line_is_broken_where_there_is_no_value():
    times = tuple(AT + timedelta(seconds=n) for n in range(5))
    (line,) = drawing(Plot("t", "", times, (Series("a", (1.0, 2.0, None, 3.0, None)),))).lines
    assert line.path.count("M") == 2
    assert line.path.endswith("h4")


def test_a_plot_needs_a_value_for_each_time():
    with pytest.raises(ValueError, match="'t': a has 1 values for 2 times"):
        Plot("t", "", (AT, AT), (Series("a", (1.0,)),))


def test_the_limit_is_always_in_the_picture():
    drawn = drawing(Plot("t", "", (AT, AT + timedelta(1)), (Series("a", (0.0, 0.1)),), Limit(50.0, "far")))
    assert drawn.frame.y <= drawn.limit.y < drawn.lines[0].end.y


@given(st.lists(st.floats(0, 200), max_size=14))
def test_names_beside_lines_never_lie_on_each_other(places):
    moved = sorted(apart(places, 0, 200))
    assert all(b - a >= 15 - 0.11 for a, b in pairwise(moved))


@given(st.lists(st.floats(0, 200), min_size=15, max_size=60))
def test_where_there_is_no_room_names_share_it_evenly(places):
    moved = sorted(apart(places, 0, 200))
    assert moved[0] >= -0.2
    assert moved[-1] <= 200.1


@pytest.mark.parametrize(
    ("minutes", "labels"),
    [
        (10, ["07:16", "07:18", "07:20", "07:22", "07:24"]),
        (180, ["07:30", "08:00", "08:30", "09:00", "09:30", "10:00"]),
        (60 * 24, ["12:00", "18:00", "23 Nov", "06:00"]),
        (60 * 24 * 5, ["23 Nov", "24 Nov", "25 Nov", "26 Nov", "27 Nov"]),
    ],
)
def test_times_on_the_axis_are_round(minutes, labels):
    assert [t.label for t in time_axis(AT, AT + timedelta(minutes=minutes)).ticks] == labels


@pytest.mark.parametrize(
    ("values", "scale", "labels"),
    [
        ([0.0, 1.0], Scale.SHARE, ["0%", "20%", "40%", "60%", "80%", "100%"]),
        ([2698.0, 2712.0], Scale.NUMBER, ["2,695", "2,700", "2,705", "2,710", "2,715"]),
        ([-0.4, 0.1], Scale.NUMBER, ["−0.4", "−0.3", "−0.2", "−0.1", "0.0", "0.1"]),
        ([0.0, log(2000)], Scale.ODDS, ["no sign", "1:10", "1:100", "1:1,000", "1:10,000"]),
        ([50.0], Scale.ODDS, ["no sign", "1:10", "1:100", "1:1,000", "1:10,000", "1:100,000", "1:1,000,000"]),
        ([7.0, 7.0], Scale.NUMBER, ["6.0", "6.5", "7.0", "7.5", "8.0"]),
    ],
)
def test_values_on_the_axis_are_round(values, scale, labels):
    assert [t.label for t in value_axis(values, scale).ticks] == labels


def test_the_moment_and_the_limit_are_named_in_the_sample():
    drawn = drawing(ODDS)
    assert [m.text for m in drawn.marks] == ["first bad row", "decided"]
    assert drawn.marks[0].y != drawn.marks[1].y
    assert drawing(TAGS).window.label == "not believed"


def test_the_strip_has_a_lane_for_model_candidate_and_each_tag():
    drawn = strip(TIMELINE)
    assert [lane.name.text for lane in drawn.lanes] == ["Model in service", "New version", "xmeas_7", "xmeas_9"]
    assert [flag.number for flag in drawn.flags] == [1, 2, 3, 4]
    assert drawn.flags[3].number_x - drawn.flags[2].number_x >= 19.9


def test_many_actions_stay_on_the_strip():
    crowd = tuple(Mark(TIMELINE.end, f"{n}") for n in range(30))
    drawn = strip(type(TIMELINE)(TIMELINE.begin, TIMELINE.end, TIMELINE.verdicts, marks=crowd))
    assert all(drawn.left <= flag.number_x <= drawn.width for flag in drawn.flags)

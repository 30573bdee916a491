"""Where does each line, band and label of a plot go on its canvas? Numbers only: the template makes SVG of them.

Coordinates are SVG user units, y downwards. Nothing here is text that a user wrote, but for names and labels, which the template
escapes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from math import isfinite
from typing import Final

from andon.explain.axes import Axis, days_of, time_axis, value_axis
from andon.explain.plot import Plot, Series, Span

WIDTH: Final = 480
HEIGHT: Final = 236
LEFT, RIGHT, TOP, BOTTOM = 92, 92, 30, 34
LINE_OF_TEXT: Final = 15
COLOURS: Final = 6
"""Colours there are; after that they begin anew, with another dash."""
ROOM: Final = 12
"""Letters of a name that fit beside its line."""


@dataclass(frozen=True, slots=True)
class Text:
    """A word at a place."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with a name. kind: what it stands for."""

    x: float
    y: float
    width: float
    height: float
    label: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """path: of an SVG path. end: its name as far as there is room. colour: 0 to 5. dashed: after the first six."""

    path: str
    name: str
    end: Text
    colour: int
    dashed: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plot with everything in its place."""

    plot: Plot
    days: str
    width: float
    height: float
    frame: Box
    rows: tuple[Text, ...]
    columns: tuple[Text, ...]
    lines: tuple[Line, ...]
    limit: Text | None
    band: Box | None
    window: Box | None
    marks: tuple[Text, ...]
    told: str


def drawing(plot: Plot) -> Drawing:
    """Lay a plot out. One without a single value keeps its frame and says so in `told`."""
    frame = Box(LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, "")
    x, y = _axes(plot)
    return Drawing(
        plot=plot,
        days=days_of(*_ends(plot)) if plot.times else "",
        width=WIDTH,
        height=HEIGHT,
        frame=frame,
        rows=tuple(Text(frame.x, _down(frame, y, t.at), t.label) for t in y.ticks),
        columns=tuple(Text(_across(frame, x, t.at), frame.y + frame.height, t.label) for t in x.ticks),
        lines=_lines(plot, frame, x, y),
        limit=Text(frame.x, _down(frame, y, plot.limit.value), plot.limit.label) if plot.limit else None,
        band=_band(plot, frame, y),
        window=_window(plot.window, frame, x),
        marks=_marks(plot, frame, x),
        told=_told(plot),
    )


def _ends(plot: Plot) -> tuple[datetime, datetime]:
    moments = [*plot.times, *(m.at for m in plot.marks)]
    return min(moments), max(moments)


def _axes(plot: Plot) -> tuple[Axis, Axis]:
    edges = ([plot.limit.value] if plot.limit else []) + ([plot.band.low, plot.band.high] if plot.band else [])
    values = [v for line in plot.lines for v in line.values if v is not None and isfinite(v)]
    x = time_axis(*_ends(plot)) if plot.times else Axis(0, 1, ())
    return x, value_axis(values + edges, plot.scale)


def _across(frame: Box, x: Axis, at: float) -> float:
    return round(frame.x + frame.width * x.share(at), 1)


def _down(frame: Box, y: Axis, value: float) -> float:
    return round(frame.y + frame.height * (1 - y.share(value)), 1)


def _lines(plot: Plot, frame: Box, x: Axis, y: Axis) -> tuple[Line, ...]:
    paths = [_points(line, plot.times, frame, x, y) for line in plot.lines]
    ends = [run[-1][-1][1] if run else frame.y for run in paths]
    free = apart(ends, frame.y + 4, frame.y + frame.height)
    drawn = enumerate(zip(plot.lines, paths, free, strict=True))
    return tuple(_line(i, line.name, runs, Text(frame.x + frame.width + 8, at, _cut(line.name))) for i, (line, runs, at) in drawn)


def _line(number: int, name: str, runs: list["Points"], end: Text) -> Line:
    return Line(" ".join(_path(run) for run in runs), name, end, number % COLOURS, number >= COLOURS)


def _cut(name: str) -> str:
    return name if len(name) <= ROOM else f"{name[: ROOM - 1]}…"


Points = list[tuple[float, float]]


def _points(line: Series, times: Sequence[datetime], frame: Box, x: Axis, y: Axis) -> list[Points]:
    """Runs of places without a gap."""
    pairs = zip(times, line.values, strict=True)
    runs = groupby(pairs, key=lambda pair: pair[1] is not None and isfinite(pair[1]))
    return [
        [(_across(frame, x, t.timestamp()), _down(frame, y, v)) for t, v in run if v is not None] for there, run in runs if there
    ]


def _path(run: Points) -> str:
    """A single point becomes a short dash, so that it is seen."""
    if len(run) == 1:
        return f"M{run[0][0] - 2:g} {run[0][1]:g}h4"
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in run)


def apart(places: Sequence[float], least: float, most: float, gap: float = LINE_OF_TEXT) -> list[float]:
    """The same places, moved as little as needed so that no two texts overlap; squeezed evenly when there is not enough room."""
    gap = min(gap, (most - least) / max(1, len(places) - 1)) if len(places) > 1 else gap
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = list(places)
    for rank, i in enumerate(order):
        lowest = moved[order[rank - 1]] + gap if rank else least
        moved[i] = max(places[i], lowest)
    highest = most
    for i in reversed(order):
        moved[i] = min(moved[i], highest)
        highest = moved[i] - gap
    return [round(place, 1) for place in moved]


def _band(plot: Plot, frame: Box, y: Axis) -> Box | None:
    if plot.band is None:
        return None
    top, bottom = _down(frame, y, plot.band.high), _down(frame, y, plot.band.low)
    return Box(frame.x, top, frame.width, bottom - top, plot.band.label)


def _window(window: Span | None, frame: Box, x: Axis) -> Box | None:
    if window is None:
        return None
    left, right = _across(frame, x, window.start.timestamp()), _across(frame, x, window.end.timestamp())
    return Box(left, frame.y, max(1.0, right - left), frame.height, window.label, window.kind)


def _marks(plot: Plot, frame: Box, x: Axis) -> tuple[Text, ...]:
    """Their names stand above the frame, in two rows in turn, so that neighbours do not run into each other."""
    inside = sorted(plot.marks, key=lambda m: m.at)
    return tuple(Text(_across(frame, x, m.at.timestamp()), frame.y - 6 - 12 * (i % 2), m.label) for i, m in enumerate(inside))


def _told(plot: Plot) -> str:
    """The plot in words, for those who cannot see it."""
    if not any(v is not None for line in plot.lines for v in line.values):
        return "There are no values in this time."
    return f"{plot.title}. {plot.caption}".strip()

"""Where does everything go on the strip that shows a whole replay at a glance?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from andon.explain.axes import Axis, days_of, time_axis
from andon.explain.drawing import Box, Text, apart
from andon.explain.plot import Lane, Mark, Span, Timeline

WIDTH: Final = 980
LEFT: Final = 150
RIGHT: Final = 24
LANE: Final = 30
BAR: Final = 20
WIDE_OF_LETTER: Final = 7.4
RADIUS: Final = 9.0


@dataclass(frozen=True, slots=True)
class DrawnLane:
    """name: with its place. bars: with their labels, empty where there is no room. titles: the same in full."""

    name: Text
    bars: tuple[Box, ...]
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """An action. x: its moment. number_x: where its number stands, moved when others are near. text: for the list below."""

    number: int
    x: float
    number_x: float
    when: str
    text: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A timeline with everything in its place. kinds: the verdicts it shows, for the key."""

    width: float
    height: float
    left: float
    bottom: float
    days: str
    lanes: tuple[DrawnLane, ...]
    columns: tuple[Text, ...]
    flags: tuple[Flag, ...]
    kinds: tuple[str, ...]


def strip(timeline: Timeline) -> Strip:
    """Lay a timeline out: what was said of the model on top, the new version, a lane per tag at fault, the actions beneath."""
    axis = time_axis(timeline.begin, timeline.end, most=8)
    lanes = [Lane("Model in service", timeline.verdicts), Lane("New version", timeline.candidate), *timeline.faults]
    lanes = [lane for lane in lanes if lane.spans]
    bottom = 14 + LANE * (len(lanes) + bool(timeline.marks))
    return Strip(
        width=WIDTH,
        height=bottom + 28,
        left=LEFT,
        bottom=bottom,
        days=days_of(timeline.begin, timeline.end),
        lanes=tuple(_lane(lane, row, axis) for row, lane in enumerate(lanes)),
        columns=tuple(Text(_across(axis, t.at), bottom, t.label) for t in axis.ticks),
        flags=_flags(timeline.marks, axis),
        kinds=tuple(dict.fromkeys(span.kind for lane in lanes for span in lane.spans)),
    )


def _across(axis: Axis, at: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * axis.share(at), 1)


def _lane(lane: Lane, row: int, axis: Axis) -> DrawnLane:
    top = 10 + LANE * row
    bars = tuple(_bar(span, top, axis) for span in lane.spans)
    titles = tuple(f"{s.label}: {_clock(s)}" for s in lane.spans)
    return DrawnLane(Text(LEFT - 10, top + BAR / 2, lane.name), bars, titles)


def _bar(span: Span, top: float, axis: Axis) -> Box:
    left, right = _across(axis, span.start.timestamp()), _across(axis, span.end.timestamp())
    width = max(5.0, round(right - left, 1))
    fits = len(span.label) * WIDE_OF_LETTER + 8 < width
    return Box(left, top, width, BAR, span.label if fits else "", span.kind)


def _flags(marks: Sequence[Mark], axis: Axis) -> tuple[Flag, ...]:
    ordered = sorted(marks, key=lambda m: m.at)
    places = [_across(axis, m.at.timestamp()) for m in ordered]
    numbers = apart(places, LEFT, WIDTH - RADIUS, 2 * RADIUS + 2)
    rows = enumerate(zip(ordered, places, numbers, strict=True), start=1)
    return tuple(Flag(n, x, nx, f"{m.at.astimezone(UTC):%d %b %Y %H:%M:%S}", m.label) for n, (m, x, nx) in rows)


def _clock(span: Span) -> str:
    return f"{span.start.astimezone(UTC):%d %b %H:%M:%S} to {span.end.astimezone(UTC):%d %b %H:%M:%S} UTC"

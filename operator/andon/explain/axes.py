"""Where do the ticks of an axis go, and what do they say?"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor, log, log10
from typing import Final

from andon.explain.plot import Scale
from andon.explain.words import MOST_CERTAIN, one_in


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, in the axis's own unit, and what stands there."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Axis:
    """low, high: the ends, in the unit of the values (times: Unix seconds)."""

    low: float
    high: float
    ticks: tuple[Tick, ...]

    def share(self, value: float) -> float:
        """Where a value lies: 0 at the low end, 1 at the high one. Values beyond the ends lie on them."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


_SECOND, _MINUTE, _HOUR, _DAY = 1, 60, 3600, 86400
_STEPS: Final = (
    *(n * _SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 7, 14, 28, 91, 364)),
)


def time_axis(begin: datetime, end: datetime, most: int = 6) -> Axis:
    """Round times between two moments, in UTC; a moment alone gets a minute on either side."""
    low, high = begin.timestamp(), end.timestamp()
    if high <= low:
        low, high = low - 60, low + 60
    step = next((s for s in _STEPS if (high - low) / s <= (most if s >= _MINUTE else most - 2)), _STEPS[-1])
    first = ceil(low / step) * step
    places = range(first, floor(high) + 1, step)
    return Axis(low, high, tuple(Tick(at, _moment(at, step)) for at in places))


def value_axis(values: list[float], scale: Scale, most: int = 5) -> Axis:
    """Round numbers around the values; a line that never moves gets room above and below."""
    if scale is Scale.ODDS:
        return _odds_axis(values)
    low, high = min(values, default=0.0), max(values, default=1.0)
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - max(0.5, abs(low) * 0.1), high + max(0.5, abs(high) * 0.1)
    step = _round_step((high - low) / most)
    first, last = floor(low / step), ceil(high / step)
    return Axis(first * step, last * step, tuple(Tick(n * step, _number(n * step, step, scale)) for n in range(first, last + 1)))


def _odds_axis(values: list[float]) -> Axis:
    """From even odds upward: what speaks for the model or tag is as good as nothing against it. Beyond one in a million
    nobody counts."""
    powers = min(MOST_CERTAIN, max(4, ceil(max(values, default=0.0) / log(10))))
    marks = [power * log(10) for power in range(powers + 1)]
    return Axis(0.0, marks[-1] * 1.05, (Tick(0.0, "no sign"), *(Tick(at, one_in(at).replace(" in ", ":")) for at in marks[1:])))


def _round_step(least: float) -> float:
    power = 10.0 ** floor(log10(least))
    return next(n * power for n in (1, 2, 2.5, 5, 10) if n * power >= least * 0.999)


def _number(value: float, step: float, scale: Scale) -> str:
    if scale is Scale.SHARE:
        return f"{value:.{max(0, -floor(log10(step)) - 2)}%}"
    places = max(0, -floor(log10(step) + 1e-9)) + (1 if f"{step:e}".startswith("2.5") else 0)
    return f"{value:,.{places}f}".replace("-", "−")


def _moment(at: float, step: int) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    if step >= _DAY:
        return f"{moment:%d %b}" if step < 91 * _DAY else f"{moment:%b %Y}"
    if step < _MINUTE:
        return f"{moment:%H:%M:%S}"
    return f"{moment:%H:%M}" if moment.hour or moment.minute else f"{moment:%d %b}"


def days_of(begin: datetime, end: datetime) -> str:
    """Which days an axis of hours is about, for its title: `22 Nov 2026` or `22 Nov 2026 to 24 Nov 2026`."""
    first, last = (f"{t.astimezone(UTC):%d %b %Y}" for t in (begin, max(begin, end - timedelta(microseconds=1))))
    return first if first == last else f"{first} to {last}"

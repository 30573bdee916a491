"""What can be drawn: lines over time, with the limit, the usual band, moments and a window marked."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Scale(StrEnum):
    """How the vertical axis reads. Odds: values are natural logs, told as `1 in 1,000`. Share: 0 to 1, told in per cent."""

    NUMBER = "number"
    ODDS = "odds"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Series:
    """One line. values: one per time, None where there is none: the line is broken there."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """A horizontal line that must not be crossed."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Band:
    """Where values usually are."""

    low: float
    high: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment with a name."""

    at: datetime
    label: str


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time with a name. kind: a verdict, or any other word, which chooses its colour."""

    start: datetime
    end: datetime
    label: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines over one time axis. caption: what to see in it, in one sentence.

    Raises ValueError when a line has not one value per time.
    """

    title: str
    unit: str
    times: tuple[datetime, ...]
    lines: tuple[Series, ...]
    limit: Limit | None = None
    band: Band | None = None
    marks: tuple[Mark, ...] = ()
    window: Span | None = None
    caption: str = ""
    scale: Scale = Scale.NUMBER

    def __post_init__(self) -> None:
        for line in self.lines:
            if len(line.values) != len(self.times):
                raise ValueError(f"plot {self.title!r}: {line.name} has {len(line.values)} values for {len(self.times)} times")

    def as_json(self) -> dict[str, Any]:
        """Times in UTC as RFC 3339 text."""
        return asdict(self, dict_factory=_with_plain_times) | {"times": [_plain(t) for t in self.times]}


@dataclass(frozen=True, slots=True)
class Lane:
    """One row of a timeline."""

    name: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A whole replay at a glance, from begin to end.

    verdicts: what was said of the model in service, as spans whose kind is the verdict. candidate: the same of a new version
    while it was judged. faults: per tag, when it was not believed. marks: actions.
    """

    begin: datetime
    end: datetime
    verdicts: tuple[Span, ...]
    faults: tuple[Lane, ...] = ()
    candidate: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()


def _with_plain_times(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in pairs}


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value

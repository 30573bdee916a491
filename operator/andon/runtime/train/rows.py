"""Which rows may be learnt from, and what became of the others?

A row stands at each clock time in whose period at least one feature reported. A label belongs to the row of its own source
time, however late it came. Every row is either used or counted under the first reason why not.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import ceil, floor, inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from andon.api.datasource import QuarantineWindow
from andon.runtime.train.config import TrainConfig
from andon.runtime.train.landing import Landing, Records
from andon.runtime.train.outcome import TrainingFailed
from andon.stats.align import Millis, closing, newest_at

Mask = NDArray[np.bool_]

HELD_OUT: Final = 0.25
"""Share of the rows, the latest ones, that a model is measured on and never fitted to."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by fate; all but the first add up to the first."""

    all: int
    quarantined: int
    missing: int
    bad: int
    unlabelled: int
    used: int

    def __str__(self) -> str:
        """As people read it, without the zeros."""
        dropped = [f"{n:,} {fate}" for fate, n in asdict(self).items() if n and fate not in {"all", "used"}]
        return f"{self.used:,} of {self.all:,} rows can be used" + (f"; {', '.join(dropped)}" if dropped else "")


@dataclass(frozen=True, slots=True)
class Rows:
    """What a model is made from. at_ms: row times, ascending. target: in its own unit.

    features: shape (rows, features), float32 as the server will see them. max_runs: per feature, the rows of the longest run of
    equal values in adjacent sound rows, labelled or not.
    """

    at_ms: Millis
    features: NDArray[np.float32]
    target: NDArray[np.float64]
    max_runs: tuple[int, ...]
    counts: Counts

    @property
    def split(self) -> tuple[slice, slice]:
        """Rows to fit to, and the later rows to measure on."""
        first = self.target.size - round(self.target.size * HELD_OUT)
        return slice(0, first), slice(first, self.target.size)


@dataclass(frozen=True, slots=True)
class Held:
    """What each row holds of one tag. source_ms: when it was made; the row's own time where nothing was seen yet."""

    tag: str
    value: NDArray[np.float64]
    source_ms: Millis
    seen: Mask


def assemble(config: TrainConfig, landing: Landing) -> Rows:
    """Aligned, labelled, sound rows. Raises TrainingFailed: LabelNotFinite, TooFewRows."""
    records = [landing.records[tag] for tag in config.tags]
    at_ms = np.unique(np.concatenate([closing(tag.at_ms, config.every_ms) for tag in records]))
    held = [_held(tag, landing.records[tag], at_ms) for tag in config.tags]
    label = _label(config, landing, at_ms)
    features = np.column_stack([feature.value for feature in held]).astype(np.float32)

    quarantined = _quarantined(landing.windows, at_ms, [*held, label])
    missing = np.any([~feature.seen for feature in held], axis=0)
    bad = np.any(~np.isfinite(features), axis=1)
    sound = ~(quarantined | missing | bad)
    used = sound & label.seen
    counts = Counts(
        all=at_ms.size,
        used=int(used.sum()),
        **_first_reasons(quarantined=quarantined, missing=missing, bad=bad, unlabelled=~label.seen),
    )
    _check(config, counts, at_ms[used & ~np.isfinite(label.value)])
    runs = tuple(_longest_run(at_ms[sound], feature, config.every_ms) for feature in features[sound].T)
    return Rows(at_ms[used], features[used], label.value[used], runs, counts)


def _held(tag: str, records: Records, at_ms: Millis) -> Held:
    newest = newest_at(records.at_ms, at_ms)
    seen = newest >= 0
    return Held(tag, np.where(seen, records.value[newest], np.nan), np.where(seen, records.at_ms[newest], at_ms), seen)


def _label(config: TrainConfig, landing: Landing, at_ms: Millis) -> Held:
    """Only Good records are labels, and one does not reach beyond the row whose period it was taken in."""
    records = landing.records[config.spec.data.target]
    good = Records(records.at_ms[records.good], records.value[records.good], records.good[records.good])
    newest = _held(config.spec.data.target, good, at_ms)
    own = newest.seen & (closing(newest.source_ms, config.every_ms) == at_ms)
    return Held(newest.tag, newest.value, np.where(own, newest.source_ms, at_ms), own)


def _quarantined(windows: Iterable[QuarantineWindow], at_ms: Millis, held: Iterable[Held]) -> Mask:
    """Rows of which some value's stretch, from its source time to the row, touches a window of its tag."""
    mask = np.zeros(at_ms.size, dtype=np.bool_)
    for window in windows:
        since = floor(window.since.timestamp() * 1000)
        until = inf if window.until is None else ceil(window.until.timestamp() * 1000)
        for tag in (tag for tag in held if tag.tag in window.tags):
            mask |= (since <= at_ms) & (tag.source_ms <= until)
    return mask


def _first_reasons(**reasons: Mask) -> dict[str, int]:
    """How many rows each reason is the first for."""
    first = np.argmax(np.vstack([*reasons.values(), np.ones_like(next(iter(reasons.values())))]), axis=0)
    return {name: int((first == position).sum()) for position, name in enumerate(reasons)}


def _check(config: TrainConfig, counts: Counts, not_finite_ms: Millis) -> None:
    if not_finite_ms.size:
        first = np.datetime64(int(not_finite_ms[0]), "ms")
        raise TrainingFailed(
            "LabelNotFinite",
            f"{config.spec.data.target}: {not_finite_ms.size} Good values are no finite number, the first at {first}Z; "
            "correct the DataSource's tag or quarantine the window",
        )
    if counts.used < config.spec.data.min_rows:
        raise TrainingFailed(
            "TooFewRows", f"{counts} (spec.data.minRows {config.spec.data.min_rows:,}); wait for more, or lower minRows"
        )


def _longest_run(at_ms: Millis, values: NDArray[np.float32], every_ms: int) -> int:
    """Rows of the longest run of equal values, broken by any gap in time; 0 without rows."""
    if values.size == 0:
        return 0
    breaks = np.flatnonzero((np.diff(values) != 0) | (np.diff(at_ms) != every_ms)) + 1
    return int(np.diff(breaks, prepend=0, append=values.size).max())

"""Which rows may be learnt from, and what became of the others?

Rows stand where the server would have scored them: at each clock time, but for stretches in which nothing at all reported. A
label belongs to the row of its own source time, however late it came. Every row is either used or counted under the first
reason why not.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import ceil, floor, inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from andon.api.datasource import QuarantineWindow
from andon.api.types import seconds
from andon.runtime import regimes
from andon.runtime.train.config import TrainConfig
from andon.runtime.train.landing import Landing, Records
from andon.runtime.train.outcome import TrainingFailed, TryAgain
from andon.stats.align import Millis, closing, newest_at

Mask = NDArray[np.bool_]

SILENCE: Final = 3.0
"""Nothing reported for so many times the usual interval: the plant or its collector was down, and no row stands there."""

ENOUGH: Final = 0.9
"""Share of spec.data.minRows that must be usable: it counts labels, some of which are quarantined, lack a value or still land."""

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
class Sound:
    """Rows with every feature and no quarantine, labelled or not: what a model's reference is. Shapes as in Rows.

    label: NaN where `labelled` is not set. regimes: None where the source declares none.
    """

    at_ms: Millis
    features: NDArray[np.float64]
    label: NDArray[np.float64]
    labelled: Mask
    regimes: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Rows:
    """What a model is made from: of the sound rows those with a label. at_ms: row times, ascending. target: in its own unit.

    features: shape (rows, features), float32 as the server will see them.
    """

    at_ms: Millis
    features: NDArray[np.float32]
    target: NDArray[np.float64]
    sound: Sound
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
    """Aligned, labelled, sound rows."""
    at_ms = _row_times([landing.records[tag].at_ms for tag in config.tags], config.every_ms)
    held = [_held(tag, landing.records[tag], at_ms) for tag in config.tags]
    label = _label(config, landing, at_ms)
    features = np.column_stack([feature.value for feature in held])
    told = [_held(config.regime.tag, landing.records[config.regime.tag], at_ms)] if config.regime else []

    quarantined = _quarantined(landing.windows, at_ms, [*held, label, *told])
    missing = np.any([~feature.seen for feature in held], axis=0)
    bad = np.any(~np.isfinite(features.astype(np.float32)), axis=1)
    sound = ~(quarantined | missing | bad)
    used = sound & label.seen
    counts = Counts(
        all=at_ms.size,
        used=int(used.sum()),
        **_first_reasons(quarantined=quarantined, missing=missing, bad=bad, unlabelled=~label.seen),
    )
    labels = np.where(label.seen, label.value, np.nan)
    named = _regimes(config, landing, at_ms[sound])
    reference = Sound(at_ms[sound], features[sound], labels[sound], label.seen[sound], named)
    return Rows(at_ms[used], features[used].astype(np.float32), label.value[used], reference, counts)


def check(config: TrainConfig, rows: Rows) -> None:
    """Can a model be made from these? Raises TryAgain: TooFewRows, and TrainingFailed: LabelNotFinite, LabelConstant."""
    data = config.spec.data
    if rows.counts.used < ENOUGH * data.min_rows:
        limit = f"limit {ENOUGH:.0%} of spec.data.minRows {data.min_rows:,}"
        raise TryAgain("TooFewRows", f"{rows.counts} ({limit}); wait for more, or lower minRows")
    lies = rows.at_ms[~np.isfinite(rows.target)]
    if lies.size:
        raise TrainingFailed(
            "LabelNotFinite",
            f"{data.target}: {lies.size} Good values are no finite number, the first at {np.datetime64(int(lies[0]), 'ms')}Z; "
            "correct the DataSource's tag or quarantine the window",
        )
    if rows.target.min() == rows.target.max():
        raise TrainingFailed(
            "LabelConstant", f"{data.target} is {rows.target[0]:g} in all {rows.target.size:,} rows; correct spec.data.target"
        )


def _row_times(source_ms: Iterable[Millis], every_ms: int) -> Millis:
    reported = np.unique(np.concatenate([closing(column, every_ms) for column in source_ms]))
    steps = np.diff(reported, append=reported[-1] + every_ms) // every_ms
    steps[steps > SILENCE * np.median(steps)] = 1
    since_reported = np.arange(steps.sum()) - np.repeat(np.cumsum(steps) - steps, steps)
    times: Millis = np.repeat(reported, steps) + since_reported * every_ms
    return times


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


def _regimes(config: TrainConfig, landing: Landing, at_ms: Millis) -> tuple[str, ...] | None:
    if config.regime is None:
        return None
    records = landing.records[config.regime.tag]
    return regimes.regimes(at_ms, records.at_ms, records.value, round(seconds(config.regime.settle) * 1000))

"""Is a label to be believed? An analyser may stick or fail as any sensor does, and what it then says is no truth.

No other tag is asked: a label far outside of all that the reference has, or the same for longer than it ever was, is not learned
from, and is evidence of a fault of its tag. Three blocks of such labels convict it; of errors it takes more to convict a model.

A plant that moves takes its quality with it: then only what no plant can do is put down to the analyser. Whether it moves is
known at the end of a block of rows, so labels of the rows since wait until then to be evidence.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from andon.stats.blocks import BLOCK_ROWS, Evidence
from andon.stats.detector import Detector
from andon.stats.paired import widened
from andon.stats.profile import LabelReference
from andon.stats.tags import run_limit

QUESTIONS: Final = ("stuck", "out-of-range")

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


ABSURD: Final = 10.0
"""Lengths of its reference interval outside of which no movement of a plant takes a label: those of recorded plants go to six."""

Entry = tuple[float, float, bool, bool, bool]
"""When the run of a label began, its own time, and whether it sticks, lies far outside, and is absurd."""


@dataclass(frozen=True, slots=True)
class Limits:
    """low, high: the reference with room. wide: by how much more absurd begins. longest: equal labels in a row."""

    low: float
    high: float
    wide: float
    longest: float

    @classmethod
    def of(cls, reference: LabelReference, finer: float) -> Self:
        """finer: rows now to one of the reference."""
        low, high = widened(reference.support.min, reference.support.max)
        longest = run_limit(reference.max_run, finer, coarse=reference.bins.coarse)
        return cls(low, high, ABSURD * (reference.support.max - reference.support.min), longest)


@dataclass(slots=True)
class LabelWatch:
    """waiting: labels of rows whose block is not full; open: of the block of labels that is not. refused: not learned from.

    run: how often the last label has come in a row, since: the time of the first. Times in Unix seconds.
    """

    detector: Detector = field(default_factory=lambda: Detector.begin(len(QUESTIONS)))
    waiting: list[Entry] = field(default_factory=list)
    open: list[Entry] = field(default_factory=list)
    last: float | None = None
    run: int = 0
    since: float = 0.0
    block: int = 0
    refused: int = 0
    last_row: float = 0.0

    def fold(self, times: Floats, labels: Floats, moved: Mask, limits: Limits | None) -> Mask:
        """Labels in order, NaN where there is none; which may be learned from. moved: the plant does, as far as is known."""
        if limits is None:
            return np.isfinite(labels)
        sound = np.zeros(len(labels), dtype=np.bool_)
        for i in np.flatnonzero(~np.isnan(labels)).tolist():
            time, label = float(times[i]), float(labels[i])
            self._follow(time, label)
            outside = not limits.low <= label <= limits.high
            absurd = not limits.low - limits.wide <= label <= limits.high + limits.wide
            stuck = self.run > limits.longest
            sound[i] = not (stuck or absurd or (outside and not moved[i]))
            self.refused += int(not sound[i])
            self.waiting.append((self.since, time, stuck, outside, absurd))
        return sound

    def settle(self, until: float, moved: Callable[[Floats], Mask]) -> None:
        """It is known now up to this time whether the plant moved. moved: at which times it did."""
        ripe = [entry for entry in self.waiting if entry[1] <= until]
        self.waiting = [entry for entry in self.waiting if entry[1] > until]
        with_plant = moved(np.array([entry[1] for entry in ripe], dtype=np.float64)).tolist()
        for (since, time, stuck, outside, absurd), its in zip(ripe, with_plant, strict=True):
            self.open.append((since, time, stuck, outside and (absurd or not its), absurd))
            if len(self.open) == BLOCK_ROWS:
                self._close()

    def _follow(self, time: float, label: float) -> None:
        if label == self.last:
            self.run += 1
        else:
            self.last, self.run, self.since = label if np.isfinite(label) else None, 1, time

    def _close(self) -> None:
        stuck, outside = ([row for row in self.open if row[which]] for which in (2, 3))
        began = [stuck[0][0] if stuck else np.nan, outside[0][1] if outside else np.nan]
        self.detector.close(np.array([len(stuck), len(outside)]) / BLOCK_ROWS, np.array(began))
        self.block, self.last_row, self.open = self.block + 1, self.open[-1][1], []

    def evidence(self, tag: str, epoch: float) -> list[Evidence]:
        """Both questions, once a block is full. epoch: that of all tags."""
        if self.block == 0:
            return []
        watch, rows = self.detector, self.block * BLOCK_ROWS
        return [
            Evidence(
                question, tag, float(e), rows, self.block, epoch, float(share), self.last_row, None if np.isnan(first) else first
            )
            for question, e, share, first in zip(QUESTIONS, watch.log_e, watch.share, watch.first_bad.tolist(), strict=True)
        ]

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from; JSON."""
        return {**asdict(self), "detector": self.detector.state()}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The watch as it was."""
        return cls(**{**state, "detector": Detector.restore(state["detector"])})

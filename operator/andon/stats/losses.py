"""With labels: does the candidate err more than the stable, and the stable more than it used to?

Errors are summed over blocks, A against B, where B is what is allowed: the stable's own squared errors on the same rows times a
ratio squared, or those of the reference. Two looks are taken. A - B, whose mean is about the rows as they came: what was worse by
a quarter was worse by a quarter, wherever that was. And h = (A - B) / (A + B), clipped, which has no unit: half of the blocks'
weight on either side, as good in the middle of a disturbance as before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import log, sqrt
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from andon.api.evidence import ERROR, LOSS, LOSS_EQUAL
from andon.stats import betting
from andon.stats.blocks import BLOCK_ROWS, Evidence
from andon.stats.mean import RunningMean

Floats = NDArray[np.float64]

SHARPEST_WORSE: Final = 1 / 20
SHARPEST_EQUAL: Final = 1 / 50
"""Blocks at which the means are seen best: some hundred rows for what is bad, a thousand for what is good."""
PAIRED_CLIP: Final = 0.35
WILD: Final = 100.0
"""Times the stable's squared error that a block of the candidate's may count: what is wild is wild enough."""
ERROR_CLIP: Final = 0.5
LEARNED_BLOCKS: Final = 5
"""Blocks at the beginning from which the stable's usual error is learned, unless the profile knows it from held-out rows."""
FITTED: Final = 1.5
"""By how much the error on rows that a model was fitted to may flatter it."""
LAST_BLOCKS: Final = 10


def excess(losses: float, allowed: float, clip: float) -> float:
    """h, clipped, as a number in [0, 1] with 0.5 where both are equal."""
    total = losses + allowed
    h = (losses - allowed) / total if 0 < total < np.inf else (1.0 if losses > allowed else -1.0)
    return float(0.5 + np.clip(h, -clip, clip) / clip / 2)


@dataclass(slots=True)
class Losses:
    """A candidate beside the stable. open: rows of the block not full yet, as (time, candidate's squared error, stable's).

    worse: beyond half of the margin, equal: within all of it; so that between the two there is room for neither.
    Sums are of squared errors, over full blocks.
    """

    margin: float
    epoch: float
    worse: RunningMean = field(default_factory=lambda: RunningMean(SHARPEST_WORSE))
    equal: RunningMean = field(default_factory=lambda: RunningMean(SHARPEST_EQUAL))
    typical: list[float] = field(default_factory=lambda: betting.start().tolist())
    open: list[tuple[float, float, float]] = field(default_factory=list)
    block: int = 0
    of_candidate: float = 0.0
    of_stable: float = 0.0
    first_bad: float | None = None
    last_row: float = 0.0

    def fold(self, rows: Sequence[tuple[float, float, float]]) -> None:
        """Rows in order: (time, candidate's squared error, stable's)."""
        for row in rows:
            self.open.append(row)
            if len(self.open) == BLOCK_ROWS:
                self._close()

    def _close(self) -> None:
        candidate, stable = (sum(row[i] for row in self.open) for i in (1, 2))
        candidate = min(candidate, WILD * stable) if stable > 0 else min(candidate, 1.0)
        allowed = (1 + self.margin) ** 2 * stable
        self.worse.add(candidate - (1 + self.margin / 2) ** 2 * stable)
        self.equal.add(allowed - candidate)
        share = excess(candidate, allowed, PAIRED_CLIP)
        self.typical = betting.against_at_least(np.array(self.typical), share, 0.5).tolist()
        self.block += 1
        self.of_candidate += candidate
        self.of_stable += stable
        self.last_row = self.open[-1][0]
        self.first_bad = None if self.of_candidate <= self.of_stable else self.first_bad or self.open[0][0]
        self.open = []

    def evidence(self) -> list[Evidence]:
        """Both questions, once a block is full."""
        if self.block == 0:
            return []
        ratio = sqrt(self.of_candidate / self.of_stable) if self.of_stable > 0 else 1.0 + self.of_candidate
        common = (self.block * BLOCK_ROWS, self.block, self.epoch, ratio, self.last_row)
        equal = float(np.logaddexp(self.equal.log_e(), _log_e(self.typical)) - log(2))
        return [
            Evidence(LOSS, "candidate", self.worse.log_e(), *common, self.first_bad),
            Evidence(LOSS_EQUAL, "candidate", equal, *common),
        ]

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from; JSON."""
        return asdict(self)

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The losses as they were."""
        return cls(**{**state, **{name: RunningMean(**state[name]) for name in ("worse", "equal")}})


@dataclass(slots=True)
class StableError:
    """The stable beside its own reference. usual: RMSE of the reference; None: not known yet. sure: it need not be learned."""

    usual: float | None
    sure: bool
    tolerance: float
    epoch: float
    worse: list[float] = field(default_factory=lambda: betting.start().tolist())
    open: list[tuple[float, float, bool]] = field(default_factory=list)
    learned: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    block: int = 0
    first_bad: float | None = None
    last_row: float = 0.0

    def fold(self, rows: Sequence[tuple[float, float, bool]]) -> None:
        """Rows in order: (time, squared error, whether inputs are as in the reference: the usual error is learned then)."""
        for row in rows:
            self.open.append(row)
            if len(self.open) == BLOCK_ROWS:
                self._close()

    def _close(self) -> None:
        mean, self.last_row = sum(square for _, square, _ in self.open) / BLOCK_ROWS, self.open[-1][0]
        quiet = all(quiet for _, _, quiet in self.open)
        first, self.open = self.open[0][0], []
        if not self.sure:
            self._learn(mean, quiet)
        if self.expected is None:
            return
        self.last = [*self.last, mean][-LAST_BLOCKS:]
        share = excess(mean, (self.tolerance * self.expected) ** 2, ERROR_CLIP)
        self.worse = np.maximum(betting.against_at_most(np.array(self.worse), share, 0.5), 0.0).tolist()
        self.block += 1
        if max(self.worse) <= 0:
            self.first_bad = None
        elif self.first_bad is None:
            self.first_bad = first

    @property
    def expected(self) -> float | None:
        """The RMSE to go by: with room, as long as it is only known from rows that the model may have been fitted to."""
        return self.usual if self.sure or self.usual is None else FITTED * self.usual

    def _learn(self, mean: float, quiet: bool) -> None:
        """The larger of what the profile says and what the first rows show: rows that a model was fitted to flatter it."""
        self.learned += [mean] if quiet else []
        if len(self.learned) == LEARNED_BLOCKS:
            self.usual = max(self.usual or 0.0, sqrt(sum(self.learned) / LEARNED_BLOCKS))
            self.sure = True

    def evidence(self) -> list[Evidence]:
        """The question, once a block was held against the usual error."""
        if self.block == 0 or not self.expected:
            return []
        ratio = sqrt(sum(self.last) / len(self.last)) / self.expected
        rows = self.block * BLOCK_ROWS
        return [Evidence(ERROR, "stable", _log_e(self.worse), rows, self.block, self.epoch, ratio, self.last_row, self.first_bad)]

    def state(self) -> dict[str, Any]:
        """What `StableError(**state)` goes on from; JSON."""
        return asdict(self)


def _log_e(wealth: list[float]) -> float:
    return float(betting.log_e(np.array(wealth)))

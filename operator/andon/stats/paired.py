"""Is the candidate worse than the stable on the same rows? Answered without labels, from how far their predictions are apart.

z = (candidate − stable) / the stable's reference RMSE. Two questions, each with the claim it can bear:

*Worse* holds whatever the candidate is. Two models that are both near the truth are near each other, so the candidate's RMSE is
at least (RMS z − 1) times the stable's, and a margin m is exceeded for certain where mean z² is beyond (2 + m)². Up to there the
difference may as well be the stable's own error, put right by a better model: a good successor is not convicted for it.

*Equal* asks more: that the difference is independent of the stable's error. Then the candidate's RMSE is sqrt(1 + mean z²) times
the stable's, and m is the bound (1 + m)² − 1 on mean z². What lies between the two is neither convicted nor promoted.

Both suppose that the stable errs as it did in its reference. Outside the reference's support that is worth nothing: such rows are
left out. z² is clipped; the clipped mean is never above the true one, so clipping convicts nobody.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from math import sqrt
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from andon.api.evidence import PAIRED, PAIRED_EQUAL
from andon.stats import betting
from andon.stats.blocks import BLOCK_ROWS, Evidence
from andon.stats.profile import Profile, tags_of

SUPPORT_SLACK: Final = 0.5
"""How far outside its reference interval a feature may lie, as a share of the interval's length.

A reference of some hundred rows has not seen the tails of thirty features at once: of the fault-free rows 768-864 of d00_te 60 %
lie outside the intervals of d00's first 400 rows by more than a tenth, none by more than a half."""

Floats = NDArray[np.float64]
Bound = TypeVar("Bound", float, Floats)


def wide_support(profile: Profile) -> tuple[Floats, Floats]:
    """Lowest and highest value per tag, in the order of `tags_of`, that still count as where the reference has been."""
    of_tag = {f.tag: f.support for f in reversed(profile.features)}
    low, high = (np.array([getattr(of_tag[tag], end) for tag in tags_of(profile)]) for end in ("min", "max"))
    return widened(low, high)


def widened(low: Bound, high: Bound) -> tuple[Bound, Bound]:
    """A support with room on either side."""
    room = SUPPORT_SLACK * (high - low)
    return low - room, high + room


def squared_differences(stable: Floats, candidate: Floats, rmse: Floats) -> Floats:
    """z² per row. rmse: of the stable on its reference, per row; beside one that was never wrong, any difference is too much.

    A candidate's prediction that is not finite is infinitely far away.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.square((candidate - stable) / np.maximum(rmse, np.finfo(np.float64).tiny))
    return np.where(np.isfinite(candidate), squares, np.inf)


@dataclass(slots=True)
class Paired:
    """The evidence about one candidate beside one stable. Fields are plain lists and numbers: the state is the object.

    first_bad: time of the first row whose z² alone is beyond the bound, since the evidence last spoke for the candidate (log e
    at or below 0 at the end of a block). open: rows of the block that is not full yet, as (time, clipped z²). far, near: sums
    over the blocks of mean z², clipped for either question.
    """

    margin: float
    epoch: float
    worse: list[float] = field(default_factory=lambda: betting.start().tolist())
    equal: list[float] = field(default_factory=lambda: betting.start().tolist())
    open: list[tuple[float, float]] = field(default_factory=list)
    block: int = 0
    far: float = 0.0
    near: float = 0.0
    first_bad: float | None = None
    last_row: float = 0.0

    @property
    def worse_bound(self) -> float:
        """The mean z² beyond which the candidate is worse than the margin for certain."""
        return (2 + self.margin) ** 2

    @property
    def worse_cap(self) -> float:
        """So that a single wild row brings its block to the bound and no further."""
        return BLOCK_ROWS * self.worse_bound

    @property
    def equal_bound(self) -> float:
        """The mean z² below which the candidate is within the margin."""
        return (1 + self.margin) ** 2 - 1

    @property
    def equal_cap(self) -> float:
        """4, or twice the bound if that is more, so that a large margin stays a question."""
        return max(4.0, 2 * self.equal_bound)

    def fold(self, rows: Sequence[tuple[float, float]]) -> None:
        """Take in rows in order: (Unix seconds, z²)."""
        for time, square in rows:
            self.open.append((time, min(square, self.worse_cap)))
            if len(self.open) == BLOCK_ROWS:
                self._close()

    def _close(self) -> None:
        squares = np.array([square for _, square in self.open])
        far = _clipped_share(squares, self.worse_cap)
        near = _clipped_share(squares, self.equal_cap)
        self.worse = betting.against_at_most(np.array(self.worse), far, self.worse_bound / self.worse_cap).tolist()
        self.equal = betting.against_at_least(np.array(self.equal), near, self.equal_bound / self.equal_cap).tolist()
        self.block += 1
        self.far += far * self.worse_cap
        self.near += near * self.equal_cap
        self.last_row = self.open[-1][0]
        self._look_for_first_bad()
        self.open = []

    def _look_for_first_bad(self) -> None:
        if _log_e(self.worse) <= 0:
            self.first_bad = None
        elif self.first_bad is None:
            self.first_bad = next((time for time, square in self.open if square > self.worse_bound), None)

    def evidence(self) -> list[Evidence]:
        """Both questions, once a block is full."""
        if self.block == 0:
            return []
        at_least = max(0.0, sqrt(self.far / self.block) - 1)
        estimate = sqrt(1 + self.near / self.block)
        common = (self.block * BLOCK_ROWS, self.block, self.epoch)
        return [
            Evidence(PAIRED, "candidate", _log_e(self.worse), *common, at_least, self.last_row, self.first_bad),
            Evidence(PAIRED_EQUAL, "candidate", _log_e(self.equal), *common, estimate, self.last_row),
        ]

    def state(self) -> dict[str, Any]:
        """What `Paired(**state)` goes on from; JSON."""
        return asdict(self)


def _clipped_share(squares: Floats, cap: float) -> float:
    """Mean z² as a share of the cap; scaled before it is summed, so that rounding never takes it beyond 1."""
    return float((np.minimum(squares, cap) / cap).mean())


def _log_e(wealth: list[float]) -> float:
    return float(betting.log_e(np.array(wealth)))

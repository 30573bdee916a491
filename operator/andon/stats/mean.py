"""Is the mean of a running series above zero? Answered at any time, for values that are neither bounded nor independent.

Robbins' normal mixture, one-sided, with the variance of the running sum estimated from the series itself, neighbours' correlation
included: an asymptotic e-value. It is about the mean of what was seen, however that has moved meanwhile, so a disturbance in the
middle counts with its weight. Robbins, Ann. Math. Statist. 41 (1970); Waudby-Smith et al., "Time-uniform central limit theory and
asymptotic confidence sequences", Ann. Statist. 52 (2024), arXiv 2103.06476; Newey and West, Econometrica 55 (1987).
"""

from dataclasses import dataclass, field
from math import erfc, log, sqrt
from typing import Final

LAGS: Final = 3
FEWEST: Final = 5
MOST: Final = 700.0
"""Log e-value at which a series without any variance ends."""
LARGEST: Final = 1e150
"""Beyond which squares are no numbers any more."""


@dataclass(slots=True)
class RunningMean:
    """tuned: 1 over the number of values at which the answer is sharpest. last: the newest values, the newest first."""

    tuned: float
    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    products: list[float] = field(default_factory=lambda: [0.0] * LAGS)
    last: list[float] = field(default_factory=list)

    def add(self, value: float) -> None:
        """The next value, finite."""
        value = min(max(value, -LARGEST), LARGEST)
        self.count += 1
        self.total += value
        self.squares += value * value
        for lag, earlier in enumerate(self.last):
            self.products[lag] += value * earlier
        self.last = [value, *self.last][:LAGS]

    def _variance(self) -> float:
        """Of one value's share in the sum: never below what it would be were the values independent."""
        mean, n = self.total / self.count, self.count
        own = max(self.squares / n - mean * mean, 0.0)
        near = sum(2 * (1 - (lag + 1) / (LAGS + 1)) * (p / n - mean * mean) for lag, p in enumerate(self.products))
        return max(own, own + near) * n / (n - 1)

    def log_e(self) -> float:
        """Natural log of the e-value against "the mean is at most 0"; 0 before the fifth value."""
        if self.count < FEWEST or self.total == 0:
            return 0.0
        scale = self.count * self.tuned + 1
        variance = max(self._variance(), 1e-12 * (self.total / self.count) ** 2, 1e-300)
        push = self.total * sqrt(self.tuned / (scale * variance))
        side = log(max(erfc(-push / sqrt(2)), 1e-300))
        return min(push * push / 2 + side if push > -20 else 0.0, MOST) - log(scale) / 2

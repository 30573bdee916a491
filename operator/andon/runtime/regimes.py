"""Under which regime does a row stand? The same answer in collecting and in training.

A regime's name is its tag's value, written shortest. A row is of it only once the tag has been Good and of that one value for the
whole settle time; before, after a change, and while the tag is not Good, the row is Settling. Times are Unix milliseconds.
"""

import numpy as np
from numpy.typing import NDArray

from andon.api.evidence import SETTLING
from andon.stats.align import Millis, newest_at


def name(value: float) -> str:
    """``3`` for 3.0, ``0.5`` for 0.5."""
    return repr(value + 0.0).removesuffix(".0")


def regimes(clock_ms: Millis, at_ms: Millis, values: NDArray[np.float64], settle_ms: int) -> tuple[str, ...]:
    """The regime at each clock time.

    at_ms: from when each record of the tag counts, ascending. values: NaN where a record is not Good.
    """
    begins = changes(values)
    since, held = at_ms[begins], values[begins]
    at = newest_at(since, clock_ms)
    if not len(held):
        return (SETTLING,) * len(clock_ms)
    settled = (at >= 0) & np.isfinite(held[at]) & (clock_ms - since[at] >= settle_ms)
    names = [name(value) for value in held.tolist()]
    return tuple(names[i] if there else SETTLING for i, there in zip(at.tolist(), settled.tolist(), strict=True))


def changes(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which values begin something new: the first, and each that is not as the one before. NaN is as NaN."""
    same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    return np.concatenate([np.ones(min(len(values), 1), dtype=np.bool_), ~same])

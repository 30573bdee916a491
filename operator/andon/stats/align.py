"""Which record does a row hold? The same answer in collecting, training and serving.

Times are Unix milliseconds as int64.
"""

import numpy as np
from numpy.typing import NDArray

Millis = NDArray[np.int64]


def newest_at(source_ms: Millis, clock_ms: Millis) -> NDArray[np.int64]:
    """Index of the newest record not later than each clock time, -1 where there is none.

    source_ms: source times of one tag's records, ascending; of equal times the last one wins. Shape of the answer: that of
    clock_ms.
    """
    return (np.searchsorted(source_ms, clock_ms, side="right") - 1).astype(np.int64)


def clock(first_ms: int, last_ms: int, every_ms: int) -> Millis:
    """Row times: the multiples of every_ms since the Unix epoch that lie in [first_ms, last_ms].

    Raises ValueError when every_ms is not positive.
    """
    if every_ms <= 0:
        raise ValueError(f"a clock needs a period of at least 1 ms, not {every_ms} ms")
    start = -(-first_ms // every_ms) * every_ms
    return np.arange(start, last_ms + 1, every_ms, dtype=np.int64)


def closing(source_ms: Millis, every_ms: int) -> Millis:
    """The row time that closes the period each record falls in: the first multiple of every_ms not before it."""
    return -(-source_ms // every_ms) * every_ms

"""How many of a series' values say something new? Where a plant moves slowly, a thousand rows are a few."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NEGLIGIBLE: Final = 0.05
"""Autocorrelation at which the sum over lags ends."""


def rows_for_one(stretches: Sequence[Floats]) -> float:
    """How many consecutive values weigh as much as one independent one: 1 + 2 Σ autocorrelation, up to where it is negligible.

    stretches: values without NaN that follow each other within a stretch, not from one to the next. At least 1; 1 for a series
    that never moves. The autocovariances come from the power spectrum (Wiener and Khinchin), which is fast for long series.
    """
    everything = np.concatenate(stretches)
    variance = float(np.var(everything))
    if variance == 0:
        return 1.0
    longest = max(len(stretch) for stretch in stretches)
    products, pairs = np.zeros(longest), np.zeros(longest)
    for stretch in stretches:
        rows = len(stretch)
        power = np.abs(np.fft.rfft(stretch - everything.mean(), 2 * rows)) ** 2
        products[:rows] += np.fft.irfft(power, 2 * rows)[:rows]
        pairs[:rows] += np.arange(rows, 0, -1)
    alike = products / pairs / variance
    fades = np.flatnonzero(alike[1:] < NEGLIGIBLE)
    last = int(fades[0]) + 1 if fades.size else longest
    return float(1 + 2 * alike[1:last].sum())

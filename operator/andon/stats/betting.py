"""How much do values in [0, 1] speak against a claim about their mean? A bet against the claim, and what it has won.

If every value's mean, given all values before it, obeys the claim, no bet wins on average: the wealth is an e-process, and by
Ville's inequality the chance that it ever reaches 1/a is at most a. Nothing else is asked of the values: they may depend on each
other, change their distribution, and be looked at after each one. Waudby-Smith and Ramdas, "Estimating means of bounded random
variables by betting", JRSS-B 86 (2024), arXiv 2010.09686, section 4. A fixed mixture over a few bets stands in for the unknown
best one and costs at most the logarithm of its weight.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BETS: Final[Floats] = np.array([0.125, 0.25, 0.5, 0.99])
"""Shares of the largest bet that cannot go bankrupt; below 1, so that no single value ends the evidence for ever."""
_LOG_WEIGHTS: Final[Floats] = np.log(BETS / BETS.sum())


def start(*shape: int) -> Floats:
    """The log wealth of each bet before the first value: all zero, shape (*shape, bets)."""
    return np.zeros((*shape, len(BETS)))


def against_at_most(log_wealth: Floats, values: Floats | float, bound: float) -> Floats:
    """The log wealth after one more value each, betting against "the mean is at most bound".

    values: in [0, 1], shape (...,) for log_wealth of shape (..., bets). bound: in (0, 1). Raises ValueError outside of these.
    """
    x = np.asarray(values, dtype=np.float64)
    if not 0 < bound < 1:
        raise ValueError(f"the bound of a mean of values in [0, 1] must lie in (0, 1), not {bound}")
    if not np.all((x >= 0) & (x <= 1)):
        raise ValueError("a bet is on values in [0, 1]; clip and scale them first")
    return log_wealth + np.log1p(BETS * (x[..., None] / bound - 1))


def against_at_least(log_wealth: Floats, values: Floats | float, bound: float) -> Floats:
    """The same, betting against "the mean is at least bound"."""
    return against_at_most(log_wealth, 1 - np.asarray(values, dtype=np.float64), 1 - bound)


def log_e(log_wealth: Floats) -> Floats:
    """Natural log of the e-value: what the mixture of the bets has made of 1. Shape (...,)."""
    return np.asarray(np.logaddexp.reduce(log_wealth + _LOG_WEIGHTS, axis=-1))

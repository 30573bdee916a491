"""How is one feature, or the prediction, distributed in the reference? Bins frozen with the reference, never made from what is
held against it, with open ends on both sides."""

from math import floor, log10
from typing import Annotated, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, FiniteFloat, NonNegativeInt, model_validator

from andon.api.types import ApiModel

BINS: Final = 10
FEW: Final = 5
"""Bins of equal counts, of the ten there are where values differ: with so few of them there is but a handful of values."""
MOST_DIGITS: Final = 300
"""Behind the point: with a few more, rounding overflows for values next to the smallest number there is."""

Floats = NDArray[np.float64]


class Bins(ApiModel):
    """edges: ascending, between the bins; the first and the last bin are open. counts: reference rows per bin."""

    edges: Annotated[list[FiniteFloat], Field(max_length=255)]
    counts: Annotated[list[NonNegativeInt], Field(min_length=1, max_length=256)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.counts) != len(self.edges) + 1:
            raise ValueError(f"{len(self.edges)} edges make {len(self.edges) + 1} bins, not {len(self.counts)}")
        if self.edges != sorted(set(self.edges)):
            raise ValueError("edges must ascend")
        return self

    @property
    def coarse(self) -> bool:
        """Whether there are so few values, as of a valve that is open or shut, that one of them may last for ever."""
        return len(self.counts) <= FEW

    @classmethod
    def of(cls, values: Floats) -> Self:
        """Bins of equal counts, as far as repeated values allow; edges with as many digits as tell them apart.

        values: finite, at least one.
        """
        wanted = np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1])
        spread = float(values.max() - values.min())
        edges = np.unique(np.round(wanted, min(4 - floor(log10(spread)), MOST_DIGITS))) if spread > 0 else wanted[:1]
        return cls(edges=edges.tolist(), counts=count(edges, values).tolist())


def count(edges: Floats, values: Floats) -> NDArray[np.int64]:
    """Values per bin, NaN nowhere; a value on an edge belongs to the bin above it."""
    present = values[~np.isnan(values)]
    return np.bincount(np.searchsorted(edges, present, side="right"), minlength=len(edges) + 1)

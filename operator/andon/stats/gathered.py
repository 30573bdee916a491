"""Which rows make a block? Twenty of one regime, in order, however short the stretches are in which the plant stays in it.

So a plant that changes over every ten rows is held against its reference as any other. References are cut in the same way: the
rows of a block of theirs, too, follow each other among those of one regime.
"""

from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from andon.stats.blocks import BLOCK_ROWS
from andon.stats.structure import FARTHEST

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Gathered:
    """Rows of one regime. z: standardised, found: at fault in that very row, outside: far outside of the reference; per tag.

    fit: models may be judged by it.
    """

    times: list[float] = field(default_factory=list)
    z: list[list[float]] = field(default_factory=list)
    found: list[list[bool]] = field(default_factory=list)
    outside: list[list[bool]] = field(default_factory=list)
    fit: list[bool] = field(default_factory=list)

    def add(self, times: Floats, z: Floats, found: Mask, outside: Mask, fit: Mask) -> None:
        """Rows in order."""
        for column, new in zip(self._columns(), (times, z, found, outside, fit), strict=True):
            column.extend(new.tolist())

    @property
    def full(self) -> bool:
        """Whether there is a block."""
        return len(self.times) >= BLOCK_ROWS

    def cut(self) -> "Gathered":
        """The oldest block, which is taken out."""
        block = Gathered(*(column[:BLOCK_ROWS] for column in self._columns()))
        for column in self._columns():
            del column[:BLOCK_ROWS]
        return block

    def _columns(self) -> list[list[Any]]:
        return [getattr(self, f.name) for f in fields(self)]

    def state(self) -> list[Any]:
        """What `restore` goes on from; JSON, with null for NaN."""
        times, z, *masks = self._columns()
        return [times, [[None if np.isnan(v) else v for v in row] for row in z], *masks]

    @classmethod
    def restore(cls, state: list[Any]) -> Self:
        """The rows as they were."""
        times, z, *masks = state
        return cls(times, np.array(z, dtype=np.float64).tolist(), *masks)


def absurd(z: Floats, outside: Mask) -> Mask:
    """Values that no tag of the reference can have, whatever the plant does. z: standardised, outside: as in `Gathered`."""
    with np.errstate(invalid="ignore"):
        return np.asarray(outside & (np.abs(z) >= FARTHEST))

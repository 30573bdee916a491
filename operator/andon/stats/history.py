"""How were the last blocks? Kept for people to look at, in memory only: nothing is decided by it."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from andon.stats.inputs import InputsWatch
from andon.stats.structure import Structure

KEPT_BLOCKS: Final = 50

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Look:
    """One block. values: mean per tag, NaN where there is none. told: what the other tags say of each. off: in its limit."""

    time: float
    values: Floats
    told: Floats
    off: Floats
    deviation: float


@dataclass(slots=True)
class History:
    """The last fifty blocks."""

    looks: deque[Look] = field(default_factory=lambda: deque(maxlen=KEPT_BLOCKS))

    def add(self, time: float, structure: Structure, measured: Floats, sound: Floats, inputs: InputsWatch) -> None:
        """A block has been read. measured: standardised rows, (rows, tags); sound: what of them speaks about others, else NaN."""
        there = ~np.isnan(measured)
        rows = np.where(there.any(axis=0), there.sum(axis=0), np.nan)
        values = structure.values(np.where(there, measured, 0.0).sum(axis=0) / rows)
        centre = structure.filled(sound).mean(axis=0)
        told = centre - (centre @ structure.precision) / np.diag(structure.precision)
        self.looks.append(Look(time, values, structure.values(told), inputs.off.copy(), inputs.deviation))

    def report(self, tags: tuple[str, ...]) -> dict[str, Any]:
        """JSON: times in Unix seconds, per tag the block means, what the others say of it, and how far off it is."""
        looks = list(self.looks)
        return {
            "times": [look.time for look in looks],
            "deviation": [round(look.deviation, 4) for look in looks],
            "tags": {
                tag: {name: [_number(getattr(look, name)[t]) for look in looks] for name in ("values", "told", "off")}
                for t, tag in enumerate(tags)
            },
        }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(f"{value:.6g}")

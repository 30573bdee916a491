"""Which values of a row are not to be believed, and what stands in for them?

A tag that is at fault, and a value that alone is out of place in its row, is replaced by what the other tags say of it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from andon.stats.frame import Frame
from andon.stats.structure import bearing, leave_out

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SPIKE: Final = 8.0
"""Standard deviations around what the others say beyond which a single value is replaced, the rest of its row being quiet."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """found: values at fault in their very row, (rows, tags). believed: tags not known to be at fault, moved: tags that are off
    because the plant has moved, so that what looks out of place there is not; (tags,) each."""

    found: Mask
    believed: Mask
    moved: Mask


def repaired(frame: Frame, z: Floats, values: Floats, doubts: Doubts) -> tuple[Floats, Mask]:
    """Rows with what is not to be believed replaced, and where, (rows, tags) each. z: the values standardised."""
    sound = np.where(doubts.found | ~doubts.believed, np.nan, z)
    rows, tags = _spikes(frame, sound, doubts)
    sound[rows, tags] = np.nan
    replaced = np.isnan(sound)
    told = frame.structure.values(frame.structure.filled(sound)) if replaced.any() else values
    return np.where(replaced, told, values), replaced


def _spikes(frame: Frame, sound: Floats, doubts: Doubts) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and tags of values that alone are out of place."""
    own = frame.structure.own_precision(~doubts.believed)
    lies = bearing(frame.structure, frame.structure.filled(sound), own)
    rows, first = np.arange(len(sound)), lies.foremost
    far = (np.abs(lies.residuals[rows, first]) * np.sqrt(own[first]) > SPIKE) & ~doubts.moved[first]
    far &= ~np.isnan(sound[rows, first])
    found = leave_out(frame.structure, sound[far], first[far])
    alone = (np.abs(found.residual) * np.sqrt(found.own) > SPIKE) & (found.rest <= frame.jump)
    return rows[far][alone], first[far][alone]

"""Has something begun to be at fault, whenever it may have begun? Many questions of one kind at once, a block at a time.

A block's value is the share of it that is at fault; the claim that is bet against is "at most 5 % of what is sound is". A fault
may begin at any time and end again, so this is not one e-process but an e-detector: each bet starts again from 1 whenever it has
fallen below (CUSUM), so that months of soundness do not have to be won back first. On what is sound such a detector reaches 1/a
after 1/a blocks or more on average. Shin, Ramdas and Rinaldo, "E-detectors", New England J. Stat. Data Sci. 2 (2024), arXiv
2203.03532, section 2. An episode is over with the second block in a row without fault: its wealth is given up (which can only
lower the detector), so log e is below 0 from that block on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import log
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from andon.stats import betting

SOUND_SHARE: Final = 0.05
QUIET_BLOCKS: Final = 2
AT_FAULT: Final = log(1000)
"""Log e-value at which something counts as at fault, until its log e-value is below 0 again."""

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Detector:
    """Arrays of one shape, a cell per question and subject; log_wealth has the bets behind it. first_bad: NaN if well."""

    share: Floats
    quiet: Floats
    first_bad: Floats
    log_wealth: Floats
    known: Floats

    @classmethod
    def begin(cls, *shape: int) -> Self:
        """Nothing seen yet."""
        return cls(np.zeros(shape), np.zeros(shape), np.full(shape, np.nan), betting.start(*shape), np.zeros(shape))

    def close(self, share: Floats, began: Floats) -> None:
        """Take in one block. share: at fault, in [0, 1], NaN where the block says nothing. began: when the fault in it began
        (Unix seconds), NaN where there is none."""
        said = ~np.isnan(share)
        self.share = np.where(said, share, self.share)
        self.first_bad = np.where(said & (share > 0) & np.isnan(self.first_bad), began, self.first_bad)
        self.quiet = np.where(said, np.where(share == 0, self.quiet + 1, 0), self.quiet)
        over = said & (self.quiet >= QUIET_BLOCKS)
        self.first_bad = np.where(over, np.nan, self.first_bad)
        before = np.where(over[..., None], 0.0, np.maximum(self.log_wealth, 0.0))
        after = betting.against_at_most(before, np.where(said, share, 0.0), SOUND_SHARE)
        self.log_wealth = np.where(said[..., None], after, self.log_wealth)
        log_e = self.log_e
        self.known = np.where(log_e >= AT_FAULT, 1.0, np.where(log_e < 0, 0.0, self.known))

    @property
    def log_e(self) -> Floats:
        """Natural log of the e-value of each cell."""
        return betting.log_e(self.log_wealth)

    @property
    def at_fault(self) -> Mask:
        """Convicted, and not yet recovered."""
        return self.known > 0

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from; JSON, with null for NaN."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The detector as it was."""
        return cls(**{name: np.array(value, dtype=np.float64) for name, value in state.items()})


def plain(array: Floats) -> list[Any]:
    """Nested lists with None for NaN."""
    kept = array.astype(object)
    kept[np.isnan(array)] = None
    listed: list[Any] = kept.tolist()
    return listed

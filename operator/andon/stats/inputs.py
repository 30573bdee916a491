"""Is a tag to be believed beside the others, and do the rows still move as in the reference? Block by block.

A block that is off is put down to one tag where that tag alone explains it (biased, noisy, out of range), and else to the plant
(shift). A tag that went off in the very rows in which others jumped did so with the plant, and stays put down to it: a controller
that holds everything else after a disturbance looks like a broken sensor from then on.
"""

from dataclasses import dataclass, fields
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from andon.stats.detector import Detector, plain
from andon.stats.frame import Frame, Reading, read
from andon.stats.structure import bearing, leave_out

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

OF_TAGS: Final = ("out-of-range", "biased", "noisy")
OF_ROWS: Final = ("shift", "off-support")
LEAST_SHARE: Final = 0.75
"""Of a block's rows that must be usable for it to say something."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one regime. begun: Unix seconds; what is found in it did not begin before. z: standardised, (rows, tags), NaN where
    there is no value to go by. outside: where a value lies far outside of its reference, absurd: where nobody need be asked about
    it, (rows, tags). believed: tags not known to be at fault, (tags,)."""

    begun: float
    z: Floats
    outside: Mask
    absurd: Mask
    believed: Mask


@dataclass(slots=True)
class InputsWatch:
    """Arrays per tag: off, noisy: of the last block, in their limits. was_off, with_plant: 1 or 0. off_since: Unix seconds.
    lately: how far off of itself, over some blocks; what the plant does to all tags is none of theirs. lies: where it was over
    the last blocks, in standard deviations from its mean. deviation, outside: of the last block."""

    of_tags: Detector
    of_rows: Detector
    off: Floats
    noisy: Floats
    was_off: Floats
    with_plant: Floats
    off_since: Floats
    lately: Floats
    lies: Floats
    deviation: float = 0.0
    outside: float = 0.0
    disturbed: bool = False

    @classmethod
    def begin(cls, tags: int) -> Self:
        """Nothing seen yet."""
        return cls(
            of_tags=Detector.begin(len(OF_TAGS), tags),
            of_rows=Detector.begin(len(OF_ROWS)),
            off=np.zeros(tags),
            noisy=np.zeros(tags),
            was_off=np.zeros(tags),
            with_plant=np.zeros(tags),
            off_since=np.full(tags, np.nan),
            lately=np.zeros(tags),
            lies=np.zeros(tags),
        )

    def close(self, frame: Frame, block: Block) -> None:
        """Take in one full block."""
        absurd = block.absurd.mean(axis=0) > 0.5
        if (~np.isnan(block.z)).any(axis=1).mean() < LEAST_SHARE:
            self._close_tags(block, np.stack([absurd, absurd, np.zeros_like(absurd)]), ~absurd)
            return
        reading = read(frame, block.z, block.believed)
        disturbed = self._disturbed(frame, block)
        alone = ~np.isnan(reading.off) & (reading.off > 1) & (reading.lone | ~block.believed) & (not reading.coherent)
        self._follow(alone, disturbed and not reading.exchanged, block.begun)
        self.with_plant[alone & reading.exchanged] = 0.0
        broken = (alone & (self.with_plant == 0)) | absurd
        noisy = ~np.isnan(reading.noisy) & (reading.noisy > 1) & ~alone & (not reading.coherent)
        unsaid = np.isnan(block.z).all(axis=0) | (~block.believed & reading.coherent & (reading.off > 1))
        self._close_tags(block, np.stack([broken & (block.outside.mean(axis=0) > 0.5), broken, noisy]), unsaid & ~absurd)
        shifted = reading.coherent or bool((alone & (self.with_plant > 0)).any())
        outside = float(block.outside[:, block.believed & ~broken].any(axis=1).mean())
        rows = np.array([float(shifted), outside])
        self.of_rows.close(rows, np.where(rows > 0, block.begun, np.nan))
        self._remember(reading, outside, disturbed)
        self._locate(block)

    def _close_tags(self, block: Block, found: Mask, unsaid: Mask) -> None:
        """unsaid: tags without any value, and those at fault of which a plant that moves does not let anybody tell whether they
        have healed."""
        share = np.where(unsaid, np.nan, found.astype(np.float64))
        since = np.where(np.isnan(self.off_since), block.begun, self.off_since)
        first = np.stack([since, since, np.full_like(since, block.begun)])
        self.of_tags.close(share, np.where(share > 0, first, np.nan))

    def _disturbed(self, frame: Frame, block: Block) -> bool:
        """Whether in some row more than one tag jumped."""
        there = np.where(block.believed, block.z, np.nan)
        lies = bearing(frame.structure, frame.structure.filled(there), frame.structure.own_precision(~block.believed))
        odd = lies.rest.min(axis=1) > frame.jump
        return bool((leave_out(frame.structure, there[odd], lies.foremost[odd]).rest > frame.jump).any())

    def _follow(self, alone: Mask, disturbed: bool, time: float) -> None:
        """Since when each tag is off, and whether that began with the plant, in this block or the one before."""
        begins = alone & (self.was_off == 0)
        with_plant = disturbed or self.disturbed or float(self.of_rows.share[0]) > 0
        self.with_plant = np.where(begins, float(with_plant), np.where(alone, self.with_plant, 0.0))
        self.off_since = np.where(begins, time, np.where(alone, self.off_since, np.nan))
        self.was_off = alone.astype(np.float64)

    def _remember(self, reading: Reading, outside: float, disturbed: bool) -> None:
        known = ~np.isnan(reading.off)
        self.off, self.noisy = np.where(known, reading.off, self.off), np.where(known, reading.noisy, self.noisy)
        blamed = np.zeros_like(self.off) if reading.coherent else np.minimum(self.off, 2.0)
        self.lately = np.where(known & ~np.isnan(self.lately), 0.8 * self.lately + 0.2 * blamed, self.lately)
        self.deviation, self.outside = reading.deviation, outside
        self.disturbed = disturbed or reading.coherent

    def _locate(self, block: Block) -> None:
        there = ~np.isnan(block.z)
        mean = np.where(there, block.z, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
        self.lies = np.where(there.any(axis=0), 0.5 * self.lies + 0.5 * mean, self.lies)

    @property
    def moved(self) -> Mask:
        """Tags that are off because the plant has moved, (tags,)."""
        return self.with_plant > 0

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from; JSON."""
        kept = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: _plain(value) for name, value in kept.items()}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """The watch as it was."""
        arrays = {k: np.array(v, dtype=np.float64) for k, v in state.items() if isinstance(v, list)}
        detectors = {k: Detector.restore(state[k]) for k in ("of_tags", "of_rows")}
        return cls(**{**state, **arrays, **detectors})


def _plain(value: object) -> object:
    if isinstance(value, Detector):
        return value.state()
    return plain(value) if isinstance(value, np.ndarray) else value

"""Where does a block lie in its regime? The reference of one regime, ready to be reckoned with: its structure and its limits."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from andon.stats.profile import RegimeReference
from andon.stats.structure import Structure, bearing

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

UNSURE: Final = 2.0
"""Standard errors by which the limit of a residual grows where the other tags are far from their reference: what they say of this
one is extrapolated there, from as many independent witnesses as the reference has blocks."""

BEYOND: Final = 1.001
"""Limits by which a tag counts as off that has another's value, however near the two are."""


@dataclass(frozen=True, slots=True)
class Frame:
    """blocks: of the reference. offset, noise: limits per tag. deviation, scatter, jump: limits of T², see RegimeReference."""

    structure: Structure
    blocks: int
    offset: Floats
    noise: Floats
    deviation: float
    scatter: float
    jump: float

    @classmethod
    def of(cls, regime: RegimeReference) -> "Frame":
        """The frame of a profile's regime."""
        std = np.array([t.std for t in regime.tags])
        precision = np.asarray(np.linalg.inv(regime.matrix()), dtype=np.float64)
        structure = Structure(np.array([t.mean for t in regime.tags]), np.where(std > 0, std, np.inf), precision)
        offset, noise = (np.array([getattr(t, name) for t in regime.tags]) for name in ("offset", "noise"))
        return cls(structure, regime.blocks, offset, noise, regime.deviation, regime.scatter, regime.jump)

    def offset_limits(self, own: Floats, rest: Floats) -> Floats:
        """How far each tag's block mean may lie from what the others say. own: precisions; rest: T² without the tag."""
        return np.asarray(self.offset + UNSURE * np.sqrt(rest / (own * self.blocks)))


@dataclass(frozen=True, slots=True)
class Reading:
    """What one block says of each tag, (tags,).

    off: how far its mean is from what the others say, in its limit. noisy: likewise how much it scatters. lone: tags that alone
    explain why the block is off. exchanged: two of them have each other's values. coherent: no tag explains it. deviation: T² of
    what they leave, in its limit.
    """

    off: Floats
    noisy: Floats
    lone: Mask
    exchanged: bool
    coherent: bool
    deviation: float


def read(frame: Frame, z: Floats, believed: Mask) -> Reading:
    """One block. z: standardised rows, (rows, tags), NaN where there is no value. believed: tags not known to be at fault.

    What is not believed does not speak about the others, and is itself still held against what they say.
    """
    there = np.where(believed, z, np.nan)
    absent = np.isnan(there).mean(axis=0) > 0.5
    own = frame.structure.own_precision(absent)
    centre = frame.structure.filled(_means(there, absent)[None])[0]
    off, lone, rest = _offsets(frame, centre, own)
    noisy = _scatter(frame, there - centre, lone if rest <= frame.deviation else np.zeros_like(lone))
    if not believed.all():
        off[~believed], noisy[~believed] = _doubted(frame, (z - centre)[:, ~believed], own, rest, believed)
    return Reading(off, noisy, lone, int(lone.sum()) > 1, rest > frame.deviation, rest / frame.deviation)


def _means(rows: Floats, absent: Mask) -> Floats:
    """Mean per tag of the values that are there, NaN for absent tags: nothing stands in for the few that are missing."""
    there = ~np.isnan(rows)
    return np.where(absent, np.nan, np.where(there, rows, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1))


def _offsets(frame: Frame, centre: Floats, own: Floats) -> tuple[Floats, Mask, float]:
    """Each tag's offset in its limit, which of them explain the deviation, and what they leave of it."""
    lies = bearing(frame.structure, centre[None], own)
    off = np.abs(lies.residuals[0]) / frame.offset_limits(own, lies.rest[0])
    first, alone = int(lies.foremost[0]), np.zeros(len(centre), dtype=np.bool_)
    rest = float(lies.rest[0, first])
    alone[first] = off[first] > 1
    if rest <= frame.deviation:
        return off, alone, rest
    other, left = _exchanged(frame, centre, first)
    if left > frame.deviation:
        return off, alone, rest
    alone[[first, other]] = True
    return np.where(alone, np.maximum(off, BEYOND), off), alone, left


def _exchanged(frame: Frame, centre: Floats, first: int) -> tuple[int, float]:
    """The tag that leaves the least T² when it and the first are each given the other's value, and that T²."""
    as_read = frame.structure.values(centre)
    put_back = np.tile(as_read, (len(centre), 1))
    np.fill_diagonal(put_back, as_read[first])
    put_back[:, first] = as_read
    z = frame.structure.standard(put_back)
    left = np.einsum("pt,tu,pu->p", z, frame.structure.precision, z)
    left[first] = np.inf
    other = int(np.argmin(left))
    return other, float(left[other])


def _scatter(frame: Frame, around: Floats, lone: Mask) -> Floats:
    """How much each tag's rows scatter around what the others say, in its limit; 0 for all but the foremost one, and for it too
    where the others scatter as well. A tag that is off by itself does not speak about the others."""
    around = np.where(lone, np.nan, around)
    own = frame.structure.own_precision(np.isnan(around).mean(axis=0) > 0.5)
    lies = bearing(frame.structure, frame.structure.filled(around), own)
    noise = np.sqrt((lies.residuals**2).mean(axis=0) * own)
    rest = lies.rest.mean(axis=0)
    first = int(np.argmin(rest))
    noisy = np.zeros(len(noise))
    noisy[first] = noise[first] / frame.noise[first] if rest[first] <= frame.scatter else 0.0
    return noisy


def _doubted(frame: Frame, apart: Floats, own: Floats, rest: float, believed: Mask) -> tuple[Floats, Floats]:
    """Offset and scatter, in their limits, of the tags that are not believed; NaN where they hardly have a value.

    apart: rows of their values less what the other tags say, (rows, doubted tags).
    """
    there = ~np.isnan(apart)
    rows = np.where(there.mean(axis=0) >= 0.5, there.sum(axis=0), np.nan)
    centre = np.where(there, apart, 0.0).sum(axis=0) / rows
    scatter = np.where(there, (apart - centre) ** 2, 0.0).sum(axis=0) / rows
    limits = frame.offset_limits(own, np.full(len(own), rest))[~believed]
    return np.abs(centre) / limits, np.sqrt(scatter * own[~believed]) / frame.noise[~believed]

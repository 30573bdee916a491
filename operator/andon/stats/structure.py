"""How do the tags hang together? What the others say of each one, and how far a row is from all that the reference has seen.

Everything follows from one matrix, the precision P of the standardised tags z. What the other tags say of tag j differs from its
value by (P z)_j / P_jj, whose variance is 1 / P_jj; z' P z is Hotelling's T², and without tag j it is z' P z - (P z)_j² / P_jj.
So one tag can be taken out, and its value told from the rest, without a second model per tag. Dunia and Qin, "Subspace approach
to multidimensional fault identification and reconstruction", AIChE Journal 44 (1998); Lauritzen, "Graphical Models" (1996), 5.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEAST_SHRINKAGE: Final = 0.05
"""Of the correlations towards independence: two tags that were equal in the reference must not vouch for each other for ever."""

FARTHEST: Final = 1e6
"""Standard deviations: what is further off is as far off, so that squares keep enough digits for the tags beside it."""


@dataclass(frozen=True, slots=True)
class Structure:
    """mean, scale: per tag, (tags,); a scale of infinity leaves a tag out: it was constant. precision: (tags, tags)."""

    mean: Floats
    scale: Floats
    precision: Floats

    def standard(self, values: Floats) -> Floats:
        """Values in standard deviations from the mean, (rows, tags); NaN stays NaN."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(np.clip((values - self.mean) / self.scale, -FARTHEST, FARTHEST))

    def values(self, z: Floats) -> Floats:
        """The way back. A tag that is left out has its mean."""
        return self.mean + z * np.where(np.isfinite(self.scale), self.scale, 0.0)

    def filled(self, z: Floats) -> Floats:
        """Every NaN replaced by what the other tags of its row say of it: the conditional mean."""
        whole = z.copy()
        for absent, rows in _patterns(np.isnan(z)):
            whole[np.ix_(rows, absent)] = self._told(z[rows], absent)
        return whole

    def _told(self, z: Floats, absent: Mask) -> Floats:
        if absent.all():
            return np.zeros((len(z), int(absent.sum())))
        of_absent = self.precision[np.ix_(absent, absent)]
        pull = self.precision[np.ix_(absent, ~absent)] @ z[:, ~absent].T
        return np.asarray(-np.linalg.solve(of_absent, pull).T, dtype=np.float64)

    def own_precision(self, absent: Mask) -> Floats:
        """1 / variance of each tag given the tags that are there, (tags,): for those there and for the absent ones alike."""
        if not absent.any():
            return np.diag(self.precision).copy()
        own = np.empty(len(absent))
        of_absent = np.linalg.inv(self.precision[np.ix_(absent, absent)])
        across = self.precision[np.ix_(~absent, absent)]
        own[~absent] = np.diag(self.precision)[~absent] - np.einsum("ij,jk,ik->i", across, of_absent, across)
        own[absent] = 1 / np.diag(of_absent)
        return own


@dataclass(frozen=True, slots=True)
class Bearing:
    """Where points lie, (points,) and (points, tags). total: T². residuals: of each tag from what the others say, in its standard
    deviations. rest: T² without that tag."""

    total: Floats
    residuals: Floats
    rest: Floats

    @property
    def foremost(self) -> NDArray[np.intp]:
        """The tag that explains most of each point's T²."""
        return np.asarray(np.argmin(self.rest, axis=1))


def bearing(structure: Structure, z: Floats, own: Floats) -> Bearing:
    """z: standardised points without NaN, (points, tags); own: `Structure.own_precision` of what was filled in."""
    pull = z @ structure.precision
    total = np.einsum("pt,pt->p", pull, z)
    return Bearing(total, pull / own, np.maximum(total[:, None] - pull**2 / own, 0.0))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Points without one tag each, (points,). tag: which. rest: T² of the tags that are there. residual: of the tag from what
    those say, own: its precision given them."""

    tag: NDArray[np.intp]
    rest: Floats
    residual: Floats
    own: Floats


def leave_out(structure: Structure, z: Floats, tag: NDArray[np.intp]) -> LeftOut:
    """Exact where values are missing, too, since what the tag says has no part in what stands in for them. z: points, NaN where
    there is no value, (points, tags); tag: present in its point."""
    points = np.arange(len(z))
    without = z.copy()
    without[points, tag] = np.nan
    filled = structure.filled(without)
    rest = np.einsum("pt,tu,pu->p", filled, structure.precision, filled)
    own = np.array([structure.own_precision(np.isnan(row))[t] for row, t in zip(without, tag, strict=True)])
    return LeftOut(tag, rest, z[points, tag] - filled[points, tag], own)


def structure_of(values: Floats, scale: Floats | None = None) -> Structure:
    """The structure of reference rows without NaN, (rows, tags). scale: given when the deviations are known from elsewhere.

    The correlations are shrunk towards independence as far as the number of rows asks for; a tag that does not move is
    independent. Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", J. Multivariate
    Analysis 88 (2004).
    """
    mean = values.mean(axis=0)
    scale = deviations(values) if scale is None else scale
    z = (values - mean) / scale
    correlation = z.T @ z / len(z)
    correlation[np.diag_indices(len(correlation))] += ~correlation.diagonal().astype(bool)
    weight = max(LEAST_SHRINKAGE, _shrinkage(z, correlation))
    shrunk = (1 - weight) * correlation + weight * np.eye(len(correlation))
    return Structure(mean, scale, np.linalg.inv(shrunk))


def deviations(values: Floats) -> Floats:
    """Standard deviation per tag, infinity where the tag does not move."""
    spread = values.std(axis=0)
    still = spread <= 1e-9 * np.maximum(np.abs(values).max(axis=0), 1e-300)
    return np.where(still, np.inf, spread)


def _shrinkage(z: Floats, correlation: Floats) -> float:
    rows, tags = z.shape
    distance = float(((correlation - np.eye(tags)) ** 2).sum())
    squares = z**2
    noise = float((squares.T @ squares / rows - correlation**2).sum()) / rows
    return float(np.clip(noise / distance, 0.0, 1.0)) if distance > 0 else 1.0


def _patterns(absent: Mask) -> Iterator[tuple[Mask, NDArray[np.intp]]]:
    """Rows that lack the same tags, together."""
    lacking = np.flatnonzero(absent.any(axis=1))
    if not lacking.size:
        return
    kinds, which = np.unique(absent[lacking], axis=0, return_inverse=True)
    for number, kind in enumerate(kinds):
        yield kind, lacking[which.ravel() == number]

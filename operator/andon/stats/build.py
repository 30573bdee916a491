"""How is a reference made from rows? The same for training and for `andon profile`.

Limits are what the reference itself shows when one stretch of it is held against all the others, in production's own blocks: so
slow movements of a sound plant, which make neighbouring rows alike, are inside of them. Nothing is assumed of single rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from andon.api.evidence import SETTLING
from andon.api.pipeline import Feature
from andon.stats.bins import Bins
from andon.stats.blocks import BLOCK_ROWS, Rows
from andon.stats.frame import Frame
from andon.stats.profile import (
    Distribution,
    ErrorReference,
    FeatureReference,
    LabelReference,
    Profile,
    RegimeReference,
    Support,
    TagReference,
)
from andon.stats.structure import Structure, bearing, deviations, structure_of

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

STRETCHES: Final = 5
LEAST_ROWS: Final = 3 * BLOCK_ROWS
LEAST_OFFSET: Final = 1.0
"""Standard deviations by which a tag may be off in any reference: less is not told from the movements of a plant."""
LEAST_NOISE: Final = 2.0
LEAST_TOLERANCE: Final = 1.25
ROOM: Final = 1.5
"""What was seen in a short reference is not the most that a sound plant does."""
ROOM_OF_SQUARES: Final = 3.0
ERROR_BLOCKS: Final = 5
LARGEST: Final = 1e100
"""What is measured is smaller; of larger numbers squares are no numbers any more."""


class UnusableRowsError(ValueError):
    """No profile can be made of these rows; the message names the column and what to do."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Rows that were sound. prediction, labels: per row, NaN where there is none. held_out: rows the model was not fitted to.

    every: the clock of the rows, as a Duration.
    """

    rows: Rows
    features: Sequence[Feature]
    every: str
    prediction: Floats
    labels: Floats
    held_out: Mask
    target: str | None = None
    model: str | None = None


def profile(reference: Reference) -> Profile:
    """The frozen reference. Rows that lack a value, or settle, are left out. Raises UnusableRowsError."""
    tags = tuple(dict.fromkeys(f.tag for f in reference.features))
    values = reference.rows.values[:, [reference.rows.tags.index(tag) for tag in tags]]
    _check_size(reference, tags, values)
    whole = _whole(reference, tags, values)
    names = np.array(reference.rows.regimes or ("",) * len(values))
    regimes = [
        _regime(str(name), values[whole & (names == name)], reference.prediction[whole & (names == name)])
        for name in sorted(set(names[whole].tolist()))
        if (whole & (names == name)).sum() >= LEAST_ROWS
    ]
    if not regimes:
        raise UnusableRowsError(f"no regime has {LEAST_ROWS} rows that can be used; give more rows")
    error = _error(reference, whole)
    if error is not None and len(regimes) > 1:
        own = {r.name: _error_of_regime(reference, whole & (names == r.name), error) for r in regimes}
        regimes = [r.model_copy(update={"error": own[r.name]}) for r in regimes]
    return Profile(
        model=reference.model,
        features=[_feature(reference, f, values[:, tags.index(f.tag)], whole) for f in reference.features],
        target=reference.target,
        every=reference.every,
        rows=int(whole.sum()),
        regimes=regimes,
        error=error,
        label=_label(reference.labels[whole & np.isfinite(reference.labels)]),
    )


def _check_size(reference: Reference, tags: Sequence[str], values: Floats) -> None:
    """Raises UnusableRowsError naming the column and the row of a number that nothing has been measured to be."""
    names = (*tags, f"the label {reference.target or ''}".rstrip(), "the model's prediction")
    columns = np.column_stack([values, reference.labels, reference.prediction])
    rows, odd = np.nonzero(np.isfinite(columns) & (np.abs(columns) > LARGEST))
    if rows.size:
        raise UnusableRowsError(
            f"{names[odd[0]]}, row {rows[0] + 1}: {columns[rows[0], odd[0]]:g} is beyond any range; leave such rows out"
        )


def _whole(reference: Reference, tags: Sequence[str], values: Floats) -> Mask:
    """Rows that can be used. Raises UnusableRowsError naming the column that has nothing, or why there are too few."""
    empty = [tag for tag, column in zip(tags, values.T, strict=True) if not np.isfinite(column).any()]
    if empty:
        raise UnusableRowsError(f"{empty[0]} has no value in any of {len(values)} rows; leave it out, or give rows that have it")
    settled = np.array([name != SETTLING for name in reference.rows.regimes or ("",) * len(values)])
    whole = np.isfinite(values).all(axis=1) & np.isfinite(reference.prediction) & settled
    if whole.sum() < LEAST_ROWS:
        raise UnusableRowsError(
            f"{int(whole.sum())} of {len(values)} rows have every value and a prediction; a profile needs at least {LEAST_ROWS}"
        )
    return np.asarray(whole, dtype=np.bool_)


def _feature(reference: Reference, feature: Feature, column: Floats, whole: Mask) -> FeatureReference:
    values = column[whole]
    return FeatureReference(
        name=feature.name,
        tag=feature.tag,
        support=Support(min=float(values.min()), max=float(values.max())),
        mean=float(values.mean()),
        std=float(values.std()),
        max_run=_longest_run(reference.rows, column),
    )


def _longest_run(rows: Rows, column: Floats) -> int:
    """Rows of the longest run of equal values, broken by any gap in time."""
    steps = np.diff(rows.times)
    breaks = np.flatnonzero((np.diff(column) != 0) | (np.abs(steps - rows.every) > rows.every / 2)) + 1
    return int(np.diff(breaks, prepend=0, append=len(column)).max())


def _regime(name: str, values: Floats, prediction: Floats) -> RegimeReference:
    structure = structure_of(values)
    seen = _seen(values, deviations(values))
    std = np.where(np.isfinite(structure.scale), structure.scale, 0.0)
    tags = [
        TagReference(
            mean=float(mean),
            std=float(spread),
            offset=_short(max(LEAST_OFFSET, ROOM * offset)),
            noise=_short(max(LEAST_NOISE, ROOM * noise)),
            bins=Bins.of(column),
        )
        for mean, spread, offset, noise, column in zip(
            structure.mean, std, seen.offset, seen.noise, values.T, strict=True
        )
    ]  # fmt: skip
    return RegimeReference(
        name=name,
        rows=len(values),
        blocks=len(values) // BLOCK_ROWS,
        tags=tags,
        correlation=_upper(structure),
        deviation=_short(ROOM_OF_SQUARES * seen.deviation),
        scatter=_short(ROOM * seen.scatter),
        jump=_short(2 * seen.jump),
        prediction=_distribution(prediction),
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """The most that any block of a stretch showed against the structure of the others; names as in RegimeReference."""

    offset: Floats
    noise: Floats
    deviation: float
    scatter: float
    jump: float


def _seen(values: Floats, scale: Floats) -> _Seen:
    stretches = np.array_split(np.arange(len(values)), STRETCHES)
    parts = []
    for stretch in stretches:
        others = np.setdiff1d(np.arange(len(values)), stretch)
        parts.append(_held_against(structure_of(values[others], scale), values[stretch], len(others) // BLOCK_ROWS))
    return _Seen(
        np.max([p.offset for p in parts], axis=0),
        np.max([p.noise for p in parts], axis=0),
        max(p.deviation for p in parts),
        max(p.scatter for p in parts),
        max(p.jump for p in parts),
    )


def _held_against(structure: Structure, values: Floats, blocks: int) -> _Seen:
    z = structure.standard(values)
    own = np.diag(structure.precision)
    bare = Frame(structure, blocks, np.zeros_like(own), np.ones_like(own), 1.0, 1.0, 1.0)
    single = bearing(structure, z, own)
    full = z[: max(len(z) // BLOCK_ROWS, 1) * BLOCK_ROWS].reshape(-1, min(BLOCK_ROWS, len(z)), z.shape[1])
    centres = full.mean(axis=1)
    lies = bearing(structure, centres, own)
    around = [bearing(structure, block - centre, own) for block, centre in zip(full, centres, strict=True)]
    unsure = np.array([bare.offset_limits(own, rest) for rest in lies.rest])
    return _Seen(
        offset=np.maximum(np.abs(lies.residuals) - unsure, 0.0).max(axis=0),
        noise=np.max([np.sqrt((a.residuals**2).mean(axis=0) * own) for a in around], axis=0),
        deviation=float(lies.rest.min(axis=1).max()),
        scatter=float(max(a.rest.mean(axis=0).min() for a in around)),
        jump=float(single.rest.min(axis=1).max()),
    )


def _upper(structure: Structure) -> list[float]:
    correlation = np.linalg.inv(structure.precision)
    rounded: list[float] = np.round(correlation[np.triu_indices(len(correlation), 1)], 4).tolist()
    return rounded


def _distribution(prediction: Floats) -> Distribution:
    std = float(prediction.std())
    means = [stretch.mean() for stretch in np.array_split(prediction, max(len(prediction) // BLOCK_ROWS, 1))]
    wander = float(np.abs(np.array(means) - prediction.mean()).max()) / std if std > 0 else 0.0
    return Distribution(mean=float(prediction.mean()), std=std, wander=_short(wander), bins=Bins.of(prediction))


def _error(reference: Reference, whole: Mask) -> ErrorReference | None:
    """From held-out rows where there are any, else from all that have a label. Labels that never change say nothing of errors."""
    used, held_out = _labelled(reference, whole)
    if used.sum() < BLOCK_ROWS or np.ptp(reference.labels[used]) == 0:
        return None
    squares = (reference.prediction[used] - reference.labels[used]) ** 2
    return ErrorReference(
        rmse=float(np.sqrt(squares.mean())),
        rows=int(used.sum()),
        held_out=held_out,
        tolerance=_short(max(LEAST_TOLERANCE, 1.1 * _worst(squares))),
    )


def _labelled(reference: Reference, whole: Mask) -> tuple[Mask, bool]:
    labelled = whole & np.isfinite(reference.labels)
    held_out = labelled & reference.held_out
    return (held_out, True) if held_out.sum() >= BLOCK_ROWS else (labelled, False)


def _worst(squares: Floats) -> float:
    """The largest RMSE of some consecutive blocks, in that of all."""
    width = min(ERROR_BLOCKS * BLOCK_ROWS, len(squares))
    windows = np.convolve(squares, np.full(width, 1 / width), mode="valid")
    return float(np.sqrt(windows.max() / squares.mean())) if squares.mean() > 0 else 1.0


def _error_of_regime(reference: Reference, mine: Mask, pooled: ErrorReference) -> ErrorReference | None:
    """Of rows of the same sort as the pooled one is of. The fewer they are, the less is known of how much the error moves."""
    used = mine & np.isfinite(reference.labels) & (reference.held_out | (not pooled.held_out))
    rows = int(used.sum())
    if rows < LEAST_ROWS:
        return None
    squares = (reference.prediction[used] - reference.labels[used]) ** 2
    unsure = 1 + np.sqrt(BLOCK_ROWS / rows)
    return ErrorReference(
        rmse=float(np.sqrt(squares.mean())),
        rows=rows,
        held_out=pooled.held_out,
        tolerance=_short(max(1.1 * _worst(squares), LEAST_TOLERANCE * unsure)),
    )


def _label(labels: Floats) -> LabelReference | None:
    """None where they are too few, or all alike: then nothing can be told of one."""
    if len(labels) < LEAST_ROWS or np.ptp(labels) == 0:
        return None
    changes = np.flatnonzero(np.diff(labels)) + 1
    return LabelReference(
        support=Support(min=float(labels.min()), max=float(labels.max())),
        max_run=int(np.diff(changes, prepend=0, append=len(labels)).max()),
        bins=Bins.of(labels),
    )


def _short(value: float) -> float:
    """Four digits: a limit is not known better."""
    return float(f"{value:.4g}")

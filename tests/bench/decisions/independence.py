"""How many of a plant's rows say something new? Where errors move as slowly as the plant, a hundred rows are a few."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from . import models, plants
from .plants import Floats

NEGLIGIBLE: Final = 0.05
"""Autocorrelation at which the sum over lags ends."""


def rows_for_one(stretches: Sequence[Floats]) -> float:
    """How many consecutive rows weigh as much as one independent one: 1 + 2 Σ autocorrelation, up to where it is negligible."""
    mean = float(np.mean(np.concatenate(stretches)))
    centred = [stretch - mean for stretch in stretches]
    variance = float(np.mean(np.concatenate(centred) ** 2))
    total = 1.0
    for lag in range(1, max(len(stretch) for stretch in stretches)):
        products = np.concatenate([stretch[lag:] * stretch[:-lag] for stretch in centred])
        alike = float(np.mean(products)) / variance
        if alike < NEGLIGIBLE:
            break
        total += 2 * alike
    return total


def of_plants() -> list[dict[str, Any]]:
    """Of every plant's held-out rows: the error of each kind of model that is served there."""
    return [_of(plants.plant(name), estimator) for name in plants.NAMES for estimator in plants.plant(name).estimators]


def _of(plant: plants.Plant, estimator: str) -> dict[str, Any]:
    stable = models.stable(plant.name, estimator)
    each = rows_for_one([stable(stretch.x) - stretch.y for stretch in plant.normal])
    return {"plant": plant.name, "model": estimator, "held-out rows": plant.distinct, "rows for an independent one": each}

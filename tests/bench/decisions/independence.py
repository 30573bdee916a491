"""How many of a plant's rows say something new about a model? Where errors move as slowly as the plant, a hundred are a few."""

from typing import Any

from andon.stats.independence import rows_for_one

from . import models, plants


def of_plants() -> list[dict[str, Any]]:
    """Of every plant's held-out rows: the error of each kind of model that is served there."""
    return [_of(plants.plant(name), estimator) for name in plants.NAMES for estimator in plants.plant(name).estimators]


def _of(plant: plants.Plant, estimator: str) -> dict[str, Any]:
    stable = models.stable(plant.name, estimator)
    each = rows_for_one([stable(stretch.x) - stretch.y for stretch in plant.normal])
    return {"plant": plant.name, "model": estimator, "held-out rows": plant.distinct, "rows for an independent one": each}

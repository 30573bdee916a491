"""What is served? Models fitted to a plant's reference, as functions of the features."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from .plants import Floats, Stretch, joined, plant

Predict = Callable[[Floats], Floats]
"""(rows, features) -> (rows,); NaN where a feature is missing, as the server does."""

POOL: Final = 6
"""Retrained models per plant and estimator."""


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted estimator that answers as the server would. The last answers are kept: a candidate asks for its stable's again."""

    estimator: Any
    last: dict[bytes, Floats] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, x: Floats) -> Floats:
        """Its predictions."""
        asked = x.tobytes()
        if asked not in self.last:
            self.last.clear()
            self.last[asked] = self._predicted(x)
        return self.last[asked].copy()

    def _predicted(self, x: Floats) -> Floats:
        answers = np.full(len(x), np.nan)
        whole = np.isfinite(x).all(axis=1)
        if whole.any():
            answers[whole] = predicted(self.estimator, x[whole])
        return answers


def predicted(estimator: Any, x: Floats) -> Floats:
    """What the estimator predicts. A ridge does by its coefficients: the pipeline's checks take ten times as long as its sum."""
    if not isinstance(estimator, Pipeline):
        return np.asarray(estimator.predict(x))
    scaler, ridge = estimator[0], estimator[-1]
    return np.asarray((x - scaler.mean_) / scaler.scale_ @ ridge.coef_ + ridge.intercept_)


def fit(estimator: str, rows: Stretch) -> Model:
    """A model of that kind, fitted to these rows. From here on the process uses one core: threads that wait for one spin."""
    threadpool_limits(1)
    made = (
        make_pipeline(StandardScaler(), Ridge(10.0))
        if estimator == "ridge"
        else HistGradientBoostingRegressor(max_iter=80, learning_rate=0.08, min_samples_leaf=15, random_state=0)
    )
    return Model(made.fit(rows.x, rows.y))


@cache
def stable(plant_name: str, estimator: str) -> Model:
    """What is served: fitted to the plant's fitted rows."""
    return fit(estimator, joined([*plant(plant_name).fitted]))


@cache
def retrained(plant_name: str, estimator: str, number: int) -> Model:
    """A successor: fitted to other rows of the reference, a window of it and the held-out part."""
    reference = plant(plant_name).reference
    rng = np.random.default_rng(number)
    rows = int(rng.uniform(0.6, 0.95) * len(reference))
    first = int(rng.integers(0, len(reference) - rows))
    return fit(estimator, reference.part(first, first + rows))


@cache
def starved(plant_name: str, number: int) -> Model:
    """A model that was given far too few rows."""
    reference = plant(plant_name).reference
    rng = np.random.default_rng(1000 + number)
    chosen: NDArray[np.int64] = rng.choice(len(reference), 40, replace=False)
    return fit("ridge", Stretch(reference.x[chosen], reference.y[chosen]))

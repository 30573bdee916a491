"""What does each built-in estimator mean? A scikit-learn model with the settings fixed here."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from andon.api.pipeline import Estimator

Model = Any
"""A fitted scikit-learn regressor."""


def fit(estimator: Estimator, features: NDArray[np.float32], target: NDArray[np.float64]) -> Model:
    """The estimator fitted to these rows, on one thread, with the same result for the same rows."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return _UNFITTED[estimator]().fit(features, target)


def predict(model: Model, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """The model's answer per row, in the target's unit."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return np.asarray(model.predict(features), dtype=np.float64)


def _ridge() -> Model:
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), Ridge(alpha=1.0))


def _hist_gradient_boosting() -> Model:
    """No early stopping: it would hold out random rows, and neighbours in time are nearly copies of each other."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(early_stopping=False, random_state=0)


_UNFITTED: Final[Mapping[Estimator, Callable[[], Model]]] = {
    Estimator.RIDGE: _ridge,
    Estimator.HIST_GRADIENT_BOOSTING: _hist_gradient_boosting,
}

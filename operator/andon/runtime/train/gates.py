"""Is the model good enough to be registered? Measured on the ONNX file, on rows that it was not fitted to."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from andon.api.pipeline import Gate
from andon.api.types import number
from andon.runtime.train.outcome import TrainingFailed


def measure(prediction: NDArray[np.float64], target: NDArray[np.float64]) -> dict[str, float]:
    """``rmse`` and ``mae`` in the target's unit."""
    error = prediction - target
    return {"rmse": float(np.sqrt(np.mean(error**2))), "mae": float(np.mean(np.abs(error)))}


def check(gates: Iterable[Gate], metrics: Mapping[str, float], rows: int) -> None:
    """Raises TrainingFailed: GateFailed, for the first gate that does not hold. rows: held-out rows behind the metrics."""
    for position, gate in enumerate(gates):
        if gate.metric is None or metrics[gate.metric.name] <= number(gate.metric.max):
            continue
        raise TrainingFailed(
            "GateFailed",
            f"{gate.metric.name} is {metrics[gate.metric.name]:.6g} on {rows:,} held-out rows (limit {gate.metric.max}). "
            f"Give it more rows, other features or another estimator, or raise spec.gates[{position}].metric.max",
        )

"""Which models are served? Two that are common on machines: a small network and a boosting, each in two versions.

Made by seeded scikit-learn and kept in build/bench/models: the same file for every server.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FEATURES: Final = 30
FITTED: Final = 4000
MODELS: Final = ("mlp", "boosting")
_SEED: Final = 11

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Model:
    """An ONNX file: float32 `rows` [None, 30] in, float32 `prediction` [None, 1] out. version: "1" or "2"."""

    name: str
    version: str
    path: Path

    @property
    def digest(self) -> str:
        """As a slot has it."""
        return f"sha256:{hashlib.sha256(self.path.read_bytes()).hexdigest()}"


def model(name: str, folder: Path, version: str = "1") -> Model:
    """From the folder, or made into it."""
    path = folder / f"{name}-{version}.onnx"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        draft.write_bytes(_made(name, int(version)))
        draft.rename(path)
    return Model(name, version, path)


def rows(count: int, seed: int) -> Floats:
    """Tags that move together, as a plant's do, rounded as a sensor's values are."""
    random = np.random.default_rng(seed)
    plant = random.normal(size=(count, 4)) @ np.random.default_rng(_SEED).normal(size=(4, FEATURES))
    return np.round(plant + 0.5 * random.normal(size=(count, FEATURES)), 4).astype(np.float32)


def truth(given: Floats, seed: int = _SEED) -> NDArray[np.float64]:
    """What the models are fitted to."""
    weights = np.random.default_rng(_SEED).normal(size=FEATURES) / FEATURES
    noise = np.random.default_rng(seed).normal(size=len(given))
    return np.asarray(given @ weights + np.sin(given[:, 0]) + 0.1 * noise, dtype=np.float64)


def _made(name: str, version: int) -> bytes:
    from andon.runtime.train.export import to_onnx

    given = rows(FITTED, seed=version)
    fitted = _ESTIMATORS[name](version).fit(given, truth(given, seed=version))
    return to_onnx(fitted, FEATURES)


def _mlp(seed: int) -> Any:
    from sklearn.neural_network import MLPRegressor

    return MLPRegressor(hidden_layer_sizes=(64, 32), random_state=seed, early_stopping=True, max_iter=400)


def _boosting(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(max_iter=200, random_state=seed)


_ESTIMATORS: Final[dict[str, Callable[[int], Any]]] = {"mlp": _mlp, "boosting": _boosting}

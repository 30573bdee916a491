"""What goes beside the model: what its reference looked like, what it must answer anywhere, and how it was made."""

import json
import platform
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Final

import numpy as np
from numpy.typing import NDArray

from andon.api.golden import Golden, GoldenTensor
from andon.runtime.train.config import TrainConfig
from andon.runtime.train.export import INPUT, OUTPUT
from andon.runtime.train.landing import Landing
from andon.runtime.train.outcome import TryAgain
from andon.runtime.train.rows import Rows
from andon.stats import blocks as stats
from andon.stats import build
from andon.stats.align import Millis
from andon.stats.profile import Profile

GOLDEN_ROWS: Final = 10
LIBRARIES: Final = ("andon", "numpy", "scikit-learn", "skl2onnx", "onnx", "onnxruntime", "pyarrow", "mlflow")


def profile(config: TrainConfig, rows: Rows, prediction: NDArray[np.float64], model: str) -> Profile:
    """The reference: every sound row. prediction: of the ONNX file on those rows. model: its digest.

    Raises TryAgain: TooFewRows.
    """
    try:
        return build.profile(_reference(config, rows, prediction, model))
    except build.UnusableRowsError as error:
        raise TryAgain("TooFewRows", f"no reference can be made: {error}") from error


def _reference(config: TrainConfig, rows: Rows, prediction: NDArray[np.float64], model: str) -> build.Reference:
    sound, (fit, _) = rows.sound, rows.split
    tags = tuple(dict.fromkeys(config.tags))
    values = sound.features[:, [config.tags.index(tag) for tag in tags]]
    good, fresh = np.zeros_like(values), np.zeros_like(values)
    return build.Reference(
        rows=stats.Rows(tags, sound.at_ms / 1000, config.every_ms / 1000, values, good, fresh, sound.regimes),
        features=config.spec.features,
        every=config.spec.data.every,
        prediction=prediction,
        labels=sound.label,
        held_out=~np.isin(sound.at_ms, rows.at_ms[fit]),
        target=config.spec.data.target,
        model=model,
    )


def golden(features: NDArray[np.float32], prediction: NDArray[np.float64]) -> bytes:
    """Some rows of the reference, spread over it, and what the ONNX file said of them.

    features: shape (rows, features). prediction: shape (rows,).
    """
    some = np.linspace(0, len(features) - 1, min(GOLDEN_ROWS, len(features)), dtype=np.int64)
    rows, answers = features[some], prediction[some].astype(np.float32).reshape(-1, 1)
    document = Golden(inputs=[_tensor(INPUT, rows)], outputs=[_tensor(OUTPUT, answers)])
    return document.model_dump_json(by_alias=True).encode()


def _tensor(name: str, values: NDArray[np.float32]) -> GoldenTensor:
    return GoldenTensor(name=name, shape=list(values.shape), datatype="FP32", data=values.ravel().tolist())


def manifest(
    config: TrainConfig, landing: Landing, rows: Rows, measured: Mapping[str, float], digests: Mapping[str, str]
) -> bytes:
    """Enough to make the version again and to see what it never saw."""
    fit, held_out = rows.split
    document = {
        "format": 1,
        "pipeline": config.pipeline,
        "fingerprint": config.fingerprint,
        "decision": config.decision,
        "spec": config.spec.model_dump(mode="json", exclude_none=True),
        "data": {"files": [asdict(file) for file in landing.files], "repeatedRecords": landing.repeats},
        "quarantine": [window.model_dump(mode="json", exclude_none=True) for window in landing.windows],
        "rows": asdict(rows.counts),
        "time": _range(rows.at_ms),
        "regimes": dict(Counter(rows.sound.regimes or ())),
        "split": {"fit": _part(rows.at_ms[fit]), "heldOut": _part(rows.at_ms[held_out])},
        "metrics": dict(measured),
        "digests": dict(digests),
        "libraries": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
    }
    return json.dumps(document, indent=1).encode()


def _part(at_ms: Millis) -> dict[str, object]:
    return {"rows": int(at_ms.size)} | _range(at_ms)


def _range(at_ms: Millis) -> dict[str, object]:
    first, last = (f"{np.datetime64(int(at), 'ms')}Z" for at in (at_ms[0], at_ms[-1]))
    return {"first": first, "last": last}

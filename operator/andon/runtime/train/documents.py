"""What goes beside the model: what its reference looked like, and how it was made."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Final

import numpy as np
from numpy.typing import NDArray

from andon.runtime.train.config import TrainConfig
from andon.runtime.train.landing import Landing
from andon.runtime.train.rows import Rows
from andon.stats.align import Millis
from andon.stats.profile import Distribution, FeatureReference, Profile, Support

LIBRARIES: Final = ("andon", "numpy", "scikit-learn", "skl2onnx", "onnx", "onnxruntime", "pyarrow", "mlflow")


def profile(config: TrainConfig, rows: Rows, prediction: NDArray[np.float64], rmse: float) -> Profile:
    """The reference: every used row. prediction: of the ONNX file on those rows. rmse: of the file on the held-out ones."""
    columns = zip(config.spec.features, rows.features.T.astype(np.float64), rows.max_runs, strict=True)
    return Profile(
        features=[
            FeatureReference(
                name=feature.name,
                tag=feature.tag,
                support=Support(min=float(values.min()), max=float(values.max())),
                mean=float(values.mean()),
                std=float(values.std()),
                max_run=max_run,
            )
            for feature, values, max_run in columns
        ],
        target=config.spec.data.target,
        every=config.spec.data.every,
        rows=rows.at_ms.size,
        rmse=rmse,
        prediction=Distribution(mean=float(prediction.mean()), std=float(prediction.std())),
    )


def manifest(
    config: TrainConfig, landing: Landing, rows: Rows, measured: Mapping[str, float], digests: Mapping[str, str]
) -> bytes:
    """Enough to make the version again and to see what it never saw."""
    fit, held_out = rows.split
    document = {
        "format": 1,
        "pipeline": config.pipeline,
        "fingerprint": config.fingerprint,
        "spec": config.spec.model_dump(mode="json", exclude_none=True),
        "data": {"files": [asdict(file) for file in landing.files], "repeatedRecords": landing.repeats},
        "quarantine": [window.model_dump(mode="json", exclude_none=True) for window in landing.windows],
        "rows": asdict(rows.counts),
        "time": _range(rows.at_ms),
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

"""Does the ONNX file say what the fitted model says? From here on only the file counts."""

import warnings
from typing import Final

import numpy as np
from numpy.typing import NDArray

from andon.runtime.train.estimators import Model
from andon.runtime.train.outcome import TrainingFailed

INPUT: Final = "rows"
OUTPUT: Final = "prediction"
OPSETS: Final = {"": 18, "ai.onnx.ml": 3}
"""Old enough for any runtime in the field, new enough for both estimators."""

PARITY: Final = 1e-3
"""Largest difference allowed between file and model, as a share of the target's standard deviation: float32 against float64."""


def to_onnx(model: Model, features: int) -> bytes:
    """The model as an ONNX file: float32 ``rows`` [None, features] in, float32 ``prediction`` [None, 1] out."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    with warnings.catch_warnings():
        # skl2onnx 1.20 writes booleans into integer fields; protobuf 6 warns, and protobuf 7, which refuses, is pinned out.
        warnings.filterwarnings("ignore", "Field onnx.AttributeProto.ints: Expected an int", DeprecationWarning)
        converted = convert_sklearn(
            model,
            name="andon",
            initial_types=[(INPUT, FloatTensorType([None, features]))],
            final_types=[(OUTPUT, FloatTensorType([None, 1]))],
            target_opset=OPSETS,
        )
    return bytes(converted.SerializeToString(deterministic=True))


def predict(onnx: bytes, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """The file's answer per row, by ONNX Runtime on one thread."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run([OUTPUT], {INPUT: features})[0], dtype=np.float64)[:, 0]


def check_parity(of_file: NDArray[np.float64], of_model: NDArray[np.float64], spread: float) -> float:
    """The largest difference on these rows, in the target's unit. Raises TrainingFailed: ParityFailed.

    spread: standard deviation of the target.
    """
    limit = PARITY * spread
    worst = float(np.max(np.abs(of_file - of_model)))
    if not worst <= limit:
        raise TrainingFailed(
            "ParityFailed",
            f"the ONNX file differs from the fitted model by up to {worst:.3g} on {of_file.size:,} held-out rows "
            f"(limit {limit:.3g}: {PARITY:.1%} of the target's standard deviation); use another estimator",
        )
    return worst

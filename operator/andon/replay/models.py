"""What does a model file say of rows? The file as the server would load it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from andon.api.errors import UserError
from andon.replay.columns import Floats
from andon.runtime.serve.model import NotAModelError, OnnxModel
from andon.stats.profile import digest


@dataclass(frozen=True, slots=True)
class Model:
    """One ONNX file in memory. digest: of its bytes."""

    path: Path
    digest: str
    onnx: OnnxModel

    @classmethod
    def load(cls, path: Path) -> "Model":
        """Raises UserError when it is not there or no model."""
        content = read_bytes(path)
        try:
            return cls(path, digest(content), OnnxModel(content))
        except NotAModelError as error:
            raise UserError(f"{path} is not a model that can be served: {str(error).splitlines()[0]}") from None

    @property
    def width(self) -> int | None:
        """How many features it reads; None where any number would do."""
        shape = self.onnx.inputs[0].shape if self.onnx.inputs else ()
        return shape[1] if len(shape) == 2 and shape[1] > 0 else None

    def check_reads(self, features: int) -> None:
        """That it scores rows of so many features. Raises UserError."""
        if not self.onnx.scores_rows_of(features):
            raise UserError(
                f"{self.path} has other inputs than the rows: it is {self.onnx.signature}, and rows of {features} features "
                f"need one tensor FP32[-1,{features}] in and one number per row out; name the model they were made for"
            )

    def predict(self, inputs: Floats) -> Floats:
        """One number per row, NaN where an input is NaN or the model has no finite answer. inputs: (rows, features)."""
        complete = np.isfinite(inputs).all(axis=1)
        answers = np.full(len(inputs), np.nan)
        if complete.any():
            with np.errstate(over="ignore"):  # a model of single precision sees a wild value as infinite
                answers[complete] = self.onnx.predict(inputs[complete])
        return answers


def read_bytes(path: Path) -> bytes:
    """A file's content. Raises UserError naming it."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name a file that you may read") from None

"""What does one ONNX file compute? Its inputs and outputs, as the file itself says, and what it answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort

from andon.runtime.serve import trial

Array = NDArray[Any]

PACE_UNKNOWN: Final = 0.01
WORTH_JOINING: Final = 0.05
"""Seconds per row; where one takes longer, a batch saves little and its trial would take long."""

DATATYPES: Final[Mapping[str, tuple[str, Any]]] = {
    "tensor(bool)": ("BOOL", np.bool_),
    "tensor(uint8)": ("UINT8", np.uint8),
    "tensor(uint16)": ("UINT16", np.uint16),
    "tensor(uint32)": ("UINT32", np.uint32),
    "tensor(uint64)": ("UINT64", np.uint64),
    "tensor(int8)": ("INT8", np.int8),
    "tensor(int16)": ("INT16", np.int16),
    "tensor(int32)": ("INT32", np.int32),
    "tensor(int64)": ("INT64", np.int64),
    "tensor(float16)": ("FP16", np.float16),
    "tensor(float)": ("FP32", np.float32),
    "tensor(double)": ("FP64", np.float64),
    "tensor(string)": ("BYTES", np.object_),
}
"""ONNX's types and the names that the Open Inference Protocol has for them."""

_RUNTIME_ERRORS: Final[tuple[type[Exception], ...]] = (
    RuntimeError,
    ValueError,
    *(e for e in vars(ort).values() if isinstance(e, type) and issubclass(e, Exception)),
)
"""ONNX Runtime's exceptions have no common base of their own."""


class NotAModelError(ValueError):
    """These bytes are not a model that can be served; the message says why."""


class ModelFailedError(RuntimeError):
    """The model raised; the message is its own."""


class InputRefusedError(ModelFailedError):
    """The model raised because of the values it was given, as ONNX Runtime says."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input or output. datatype: as the protocol names it. shape: -1 where a dimension is free.

    free: the names of free dimensions by their place: where two tensors have the same name, they must agree.
    """

    name: str
    datatype: str
    dtype: Any
    shape: tuple[int, ...]
    free: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of(cls, node: Any) -> Self:
        """From ONNX Runtime's description. Raises NotAModelError for what the protocol has no name for."""
        if node.type not in DATATYPES:
            how = "with options={'zipmap': False}, as to_onnx of skl2onnx takes it" if "map(" in node.type else "without"
            raise NotAModelError(f"{node.name!r} is a {node.type}, which is no tensor of numbers or text; export it {how}")
        datatype, dtype = DATATYPES[node.type]
        shape = tuple(d if isinstance(d, int) else -1 for d in node.shape)
        return cls(node.name, datatype, dtype, shape, tuple((i, d) for i, d in enumerate(node.shape) if isinstance(d, str)))

    def filled(self, value: int, length: int = 1) -> Array:
        """A tensor of one row that fits, of one value. length: of free dimensions but the first."""
        shape = [d if d > 0 else length if place else 1 for place, d in enumerate(self.shape)]
        return np.full(shape, str(value) if self.dtype is np.object_ else value, self.dtype)

    def __str__(self) -> str:
        """As people write it: `rows FP32[-1,33]`."""
        return f"{self.name} {self.datatype}{list(self.shape)}".replace(", ", ",")


class OnnxModel:
    """A model in memory. threads: few, since batches, not threads, make small models fast, and the other core is the plant's.

    batches: whether rows of several requests may be joined: the first dimension is free, and in a trial each row was answered in
    company as alone. proven: whether it was seen to answer finite numbers, so that what it fails on is the request's own. pace:
    seconds that one row takes: at first alone, then as it was in the last run.
    """

    def __init__(self, source: bytes | Path, threads: int = 1) -> None:
        """Load and run it. source: the file, which is then never held beside the model, or its bytes. Raises NotAModelError."""
        try:
            named = str(source) if isinstance(source, Path) else source
            self._session = onnxruntime.InferenceSession(named, _options(threads), providers=["CPUExecutionProvider"])
        except _RUNTIME_ERRORS as error:
            raise NotAModelError(
                f"ONNX Runtime cannot load it: {_told(error)}; export it again, for ONNX Runtime {onnxruntime.__version__}"
            ) from error
        self.inputs = tuple(Tensor.of(node) for node in self._session.get_inputs())
        self.outputs = tuple(Tensor.of(node) for node in self._session.get_outputs())
        self._names = [tensor.name for tensor in self.outputs]
        row = trial.answered(self._attempt, self.inputs)
        self.proven = row is not None
        self.pace = min(self._timed(row) for _ in range(3)) if row else PACE_UNKNOWN
        self.batches = self._is_of_rows() and self.pace <= WORTH_JOINING and trial.independent(self._attempt, self.inputs)

    def _is_of_rows(self) -> bool:
        return all(tensor.shape[:1] == (-1,) for tensor in (*self.inputs, *self.outputs))

    def _attempt(self, feeds: Mapping[str, Array]) -> list[Array] | None:
        try:
            return self.run(feeds)
        except ModelFailedError:
            return None

    def _timed(self, row: Mapping[str, Array]) -> float:
        began = perf_counter()
        self.run(row)
        return max(perf_counter() - began, 1e-9)

    @property
    def signature(self) -> str:
        """Inputs and outputs as text: equal for models that can take each other's place."""
        return f"({', '.join(map(str, self.inputs))}) -> ({', '.join(map(str, self.outputs))})"

    def run(self, feeds: Mapping[str, Array]) -> list[Array]:
        """The outputs in the model's order. Raises ModelFailedError."""
        try:
            answers: list[Array] = self._session.run(self._names, feeds)
        except ort.InvalidArgument as error:
            raise InputRefusedError(_told(error)) from error
        except _RUNTIME_ERRORS as error:
            raise ModelFailedError(_told(error)) from error
        return answers

    def scores_rows_of(self, width: int) -> bool:
        """Whether it takes rows of so many numbers and answers one number per row."""
        if len(self.inputs) != 1 or not self.outputs:
            return False
        (rows,) = self.inputs
        takes = rows.datatype in {"FP32", "FP64"} and rows.shape in {(-1, width), (1, width)}
        return takes and self.outputs[0].shape in {(-1,), (1,), (-1, 1), (1, 1)}

    def predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """One number per row, NaN where the model raises or answers none. rows: (n, width), of a width that it scores."""
        try:
            return self._predict(rows) if self.batches else self._one_by_one(rows)
        except ModelFailedError:
            return self._one_by_one(rows)

    def _predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        answer = self.run({self.inputs[0].name: rows.astype(self.inputs[0].dtype)})[0].astype(np.float64).ravel()
        if answer.shape != (len(rows),):
            raise ModelFailedError(f"{answer.size} numbers for {len(rows)} rows")
        return np.where(np.isfinite(answer), answer, np.nan)

    def _one_by_one(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """So that a row the model cannot bear costs only itself."""
        answers = np.full(len(rows), np.nan)
        for i in range(len(rows)):
            try:
                answers[i] = self._predict(rows[i : i + 1])[0]
            except ModelFailedError:
                continue
        return answers


_NODE: Final = re.compile(r"Non-zero status code returned while running (\w+) node\. Name:'[^']*' Status Message: ")
_FILE: Final = re.compile(r"Load model from .*? failed:")
_STATUS: Final = re.compile(r"\[ONNXRuntimeError\] : \d+ : \w+ : ")
_SOURCE: Final = re.compile(r"/\S*\.(?:cc|h):\d+ [^()]*\([^()]*\)(?: const)? ?|/\S*\.(?:cc|h):\d+ ?|\S+\.(?:cc|h):\d+ \w+ ")


def _told(error: Exception) -> str:
    """What ONNX Runtime says, without where in its own source it says so, or in which file of a cache it looked."""
    return _SOURCE.sub("", _FILE.sub("", _STATUS.sub("", _NODE.sub(r"in its \1 node: ", str(error))))).strip().rstrip(".")


def _options(threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return options

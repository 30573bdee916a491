"""Does a model answer here what it answered where it was made? Another runtime, processor or file may compute something else."""

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import ValidationError

from andon.api.golden import Golden, GoldenTensor
from andon.api.types import number
from andon.runtime.serve.model import Array, ModelFailedError, OnnxModel, Tensor
from andon.runtime.serve.slots.unloadable import UnloadableError


def read(content: bytes) -> Golden:
    """The document. Raises UnloadableError: GoldenInvalid."""
    try:
        return Golden.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise _invalid(f"{place}: {first['msg']}") from error


def check(model: OnnxModel, golden: Golden) -> None:
    """Raises UnloadableError: GoldenMismatch, naming the first answer that is another, or GoldenInvalid where it does not fit."""
    feeds = {tensor.name: _array(_named(golden.inputs, tensor.name), tensor) for tensor in model.inputs}
    wanted = {given.name: _array(given, _output(model, given.name)) for given in golden.outputs}
    try:
        answers = model.run(feeds)
    except ModelFailedError as error:
        raise _mismatch(f"the model fails on its golden inputs: {error}") from error
    for tensor, got in zip(model.outputs, answers, strict=True):
        if tensor.name in wanted:
            _compare(tensor.name, got, wanted[tensor.name], number(golden.tolerance))


def _compare(name: str, got: Array, wanted: Array, tolerance: float) -> None:
    if got.shape != wanted.shape:
        raise _mismatch(f"output {name!r} has shape {list(got.shape)}, its golden answer {list(wanted.shape)}")
    differs = np.flatnonzero(~_same(got, wanted, tolerance))
    if differs.size:
        first = int(differs[0])
        row = first // max(1, got[:1].size)
        found = f"output {name!r}, row {row}: got {got.flat[first]}, wanted {wanted.flat[first]}"
        raise _mismatch(f"{found} (tolerance {tolerance:g}); {differs.size} of {got.size} numbers differ")


def _same(got: Array, wanted: Array, tolerance: float) -> NDArray[np.bool_]:
    if got.dtype.kind != "f":
        return np.asarray(got == wanted)
    exact, near = wanted.astype(np.float64), got.astype(np.float64)
    within = np.abs(near - exact) <= tolerance * np.maximum(1.0, np.abs(exact))
    return np.asarray(within | (np.isnan(near) & np.isnan(exact)))


def _named(tensors: list[GoldenTensor], name: str) -> GoldenTensor:
    for tensor in tensors:
        if tensor.name == name:
            return tensor
    raise _invalid(f"inputs: {name!r} is missing")


def _output(model: OnnxModel, name: str) -> Tensor:
    for tensor in model.outputs:
        if tensor.name == name:
            return tensor
    raise _invalid(f"outputs: the model has no {name!r}")


def _array(given: GoldenTensor, tensor: Tensor) -> Array:
    try:
        return np.array(given.data, dtype=tensor.dtype).reshape(given.shape)
    except (ValueError, TypeError, OverflowError) as error:
        raise _invalid(f"{given.name!r} is no {tensor.datatype} of shape {given.shape}: {error}") from error


def _invalid(what: str) -> UnloadableError:
    return UnloadableError("GoldenInvalid", f"the golden file cannot be used: {what[:600]}. Next: register the version anew")


def _mismatch(what: str) -> UnloadableError:
    cause = f"ONNX Runtime {onnxruntime.__version__} on this machine does not compute what was seen in training"
    return UnloadableError("GoldenMismatch", f"{what[:600]}: {cause}. Next: serve with the runtime of training, or train it here")

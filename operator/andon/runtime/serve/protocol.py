"""What does an inference request ask, and how is it answered? The Open Inference Protocol v2 as JSON, without any network.

Binary tensors, compression and gRPC are refused in words. Whatever a client sends, the answer is a RequestError with a 4xx, or
tensors that fit the model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from math import prod
from typing import Any, Final

import numpy as np
import orjson

from andon.runtime.serve.loading import Loaded
from andon.runtime.serve.model import Array, Tensor

_DEEPEST: Final = 8


class RequestError(ValueError):
    """A request that cannot be answered as it stands. status: the HTTP status, 4xx or 5xx."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Inference:
    """A request that fits the model. outputs: the names asked for, in order. id: to be echoed."""

    feeds: dict[str, Array]
    outputs: tuple[str, ...]
    id: str | None


def parse(body: bytes, headers: Mapping[str, str], loaded: Loaded) -> Inference:
    """What a request body asks of a model. Raises RequestError."""
    _refuse_other_encodings(headers)
    document = _document(body)
    _refuse_binary(document.get("parameters"), "binary_data_output")
    feeds = _feeds(_objects(document, "inputs"), loaded.model.inputs)
    asked = document.get("id")
    if not isinstance(asked, str | None):
        raise RequestError(400, f"id must be a string, not {_kind(asked)}")
    return Inference(feeds, _outputs(document, loaded.model.outputs), asked)


def answer(inference: Inference, loaded: Loaded, name: str, results: Sequence[Array]) -> bytes:
    """The response body. Raises RequestError 500 when the model answered a number that is none."""
    outputs = []
    for tensor, values in zip(loaded.model.outputs, results, strict=True):
        if tensor.name not in inference.outputs:
            continue
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise RequestError(
                500, f"version {loaded.slot.version} answered a number that is not finite in output {tensor.name!r}"
            )
        outputs.append({"name": tensor.name, "datatype": tensor.datatype, "shape": values.shape, "data": _plain(values)})
    outputs.sort(key=lambda output: inference.outputs.index(output["name"]))
    head: dict[str, Any] = {"model_name": name, "model_version": loaded.slot.version}
    if inference.id is not None:
        head["id"] = inference.id
    return orjson.dumps(head | {"outputs": outputs}, option=orjson.OPT_SERIALIZE_NUMPY)


def server_metadata() -> bytes:
    """What GET /v2 says."""
    return orjson.dumps({"name": "andon", "version": version("andon"), "extensions": []})


def model_metadata(loaded: Loaded, name: str) -> bytes:
    """What GET /v2/models/NAME says: read from the ONNX file."""

    def described(tensors: Sequence[Tensor]) -> list[dict[str, Any]]:
        return [{"name": t.name, "datatype": t.datatype, "shape": t.shape} for t in tensors]

    inputs, outputs = described(loaded.model.inputs), described(loaded.model.outputs)
    about = {
        "name": name,
        "versions": [loaded.slot.version],
        "platform": "onnxruntime_onnx",
        "inputs": inputs,
        "outputs": outputs,
    }
    return orjson.dumps(about)


def _plain(values: Array) -> Any:
    flat = np.ascontiguousarray(values).ravel()
    return flat.tolist() if flat.dtype == np.float16 else flat


def _refuse_other_encodings(headers: Mapping[str, str]) -> None:
    if "inference-header-content-length" in headers:
        raise RequestError(400, "binary tensors are not supported; send JSON (in tritonclient: binary_data=False)")
    encoding = headers.get("content-encoding", "identity")
    if encoding.strip().lower() not in {"identity", ""}:
        raise RequestError(415, f"content-encoding {encoding!r} is not supported; send the body uncompressed")


def _refuse_binary(parameters: object, *names: str) -> None:
    if parameters is None:
        return
    if not isinstance(parameters, dict):
        raise RequestError(400, f"parameters must be an object, not {_kind(parameters)}")
    for name in names:
        if parameters.get(name):
            raise RequestError(400, f"parameter {name}: binary tensors are not supported; leave it out to get JSON")


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(400, f"the body is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise RequestError(400, f"the body must be an object with inputs, not {_kind(document)}")
    return document


def _objects(document: Mapping[str, Any], field: str) -> dict[str, dict[str, Any]]:
    """A list of objects by their names."""
    listed = document.get(field)
    if not isinstance(listed, list) or not all(isinstance(o, dict) and isinstance(o.get("name"), str) for o in listed):
        raise RequestError(400, f"{field} must be a list of objects, each with a name")
    found = {o["name"]: o for o in listed}
    if len(found) < len(listed):
        raise RequestError(400, f"{field}: two have the same name")
    return found


def _feeds(given: Mapping[str, dict[str, Any]], wanted: Sequence[Tensor]) -> dict[str, Array]:
    names = [tensor.name for tensor in wanted]
    if set(given) != set(names):
        raise RequestError(400, f"inputs are {sorted(given)}; the model takes {names}")
    return {tensor.name: _array(given[tensor.name], tensor) for tensor in wanted}


def _array(given: Mapping[str, Any], tensor: Tensor) -> Array:
    """One input's values. Raises RequestError."""
    where = f"input {tensor.name!r}"
    _refuse_binary(given.get("parameters"), "binary_data_size")
    if given.get("datatype") != tensor.datatype:
        raise RequestError(400, f"{where}: datatype is {given.get('datatype')!r}; the model takes {tensor.datatype}")
    shape = _shape(given.get("shape"), tensor, where)
    if "data" not in given:
        raise RequestError(400, f"{where}: data is missing")
    values = _numbers(given["data"], tensor, where)
    if values.ndim > 1 and values.shape != shape:
        raise RequestError(400, f"{where}: data is nested as {list(values.shape)}, but shape is {list(shape)}")
    if values.size != prod(shape):
        raise RequestError(400, f"{where}: data has {values.size} values, but shape {list(shape)} has {prod(shape)}")
    return values.reshape(shape)


def _shape(given: object, tensor: Tensor, where: str) -> tuple[int, ...]:
    if not isinstance(given, list) or not all(type(d) is int and 0 < d < 1 << 31 for d in given):
        raise RequestError(400, f"{where}: shape must be a list of positive integers")
    fits = len(given) == len(tensor.shape) and all(want in (-1, d) for d, want in zip(given, tensor.shape, strict=True))
    if not fits:
        raise RequestError(400, f"{where}: shape is {given}; the model takes {list(tensor.shape)} (-1: any)")
    return tuple(given)


def _numbers(data: object, tensor: Tensor, where: str) -> Array:
    """JSON numbers as the model's type: never from strings, never out of its range."""
    if not isinstance(data, list):
        raise RequestError(400, f"{where}: data must be a list, not {_kind(data)}")
    try:
        values = np.array(data)
    except ValueError:
        raise RequestError(400, f"{where}: data is not nested evenly") from None
    wanted = np.dtype(tensor.dtype)
    if values.dtype.kind not in {"f": "iuf", "i": "iu", "u": "iu", "b": "b"}[wanted.kind] or values.ndim > _DEEPEST:
        raise RequestError(400, f"{where}: data must be evenly nested {_NOUNS[wanted.kind]}")
    if wanted.kind in "iu" and values.size and (values.min() < np.iinfo(wanted).min or values.max() > np.iinfo(wanted).max):
        raise RequestError(400, f"{where}: data has a value that {tensor.datatype} cannot hold")
    with np.errstate(over="ignore"):
        cast = values.astype(wanted)
    if wanted.kind == "f" and not np.isfinite(cast).all():
        raise RequestError(400, f"{where}: data has a value that {tensor.datatype} cannot hold")
    return cast


_NOUNS: Final = {"f": "numbers", "i": "whole numbers", "u": "whole numbers", "b": "booleans"}


def _outputs(document: Mapping[str, Any], available: Sequence[Tensor]) -> tuple[str, ...]:
    names = tuple(tensor.name for tensor in available)
    if document.get("outputs") in (None, []):
        return names
    asked = _objects(document, "outputs")
    for name, output in asked.items():
        if name not in names:
            raise RequestError(400, f"output {name!r} is unknown; the model has {list(names)}")
        _refuse_binary(output.get("parameters"), "binary_data", "classification")
    return tuple(asked)


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")

"""How does a request stand in an HTTP body, and an answer?

As JSON, with raw tensors behind it where a header says how long the JSON is.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from typing import Any, Final

import orjson

from andon.runtime.serve.model import Array, OnnxModel, Tensor
from andon.runtime.serve.oip.fit import Inference
from andon.runtime.serve.oip.message import Given, Message, RequestError, kind
from andon.runtime.serve.oip.tensors import to_json, to_raw

JSON_LENGTH: Final = b"inference-header-content-length"
"""Says how many bytes of a body are JSON. This header alone makes a body binary: a content type need not come."""

ASSET: Final = b"andon-asset"
"""Says which machine a request is about; the parameter `asset` says the same where headers cannot be set."""

LONGEST_ASSET: Final = 512

LONGEST_REMEMBERED: Final = 4 << 10
"""Bytes of JSON before tensors that are kept, so that the same need not be read again."""

LARGEST_JSON: Final = 4 << 20
"""What is parsed takes up to twenty times as much memory as its text; raw tensors take none."""

_NO_NUMBER: Final = re.compile("NaN|Infinity")
"""As Python's own json writes what JSON cannot say."""


class Behind(int):
    """In the place of an input's data: so many bytes, which come behind the JSON."""


def read(body: bytes, json_length: bytes | None) -> Message:
    """What a body asks. json_length: the header's value, if it came. Raises RequestError."""
    end = len(body) if json_length is None else _length(json_length, len(body))
    if end > LARGEST_JSON:
        how = "send fewer rows at a time, or raw tensors behind the JSON (inference-header-content-length)"
        raise RequestError(413, f"there are {end} bytes of JSON, {LARGEST_JSON} at most are read; {how}")
    asked = _asked_again if json_length is not None and end <= LONGEST_REMEMBERED else _asked
    return _filled(asked(body[:end]), body, end)


def _asked(text: bytes) -> Message:
    """What the JSON says; the data of an input that comes behind it is a Behind."""
    document = _document(text)
    parameters = _parameters(document)
    raw = parameters.get("binary_data_output") is True
    inputs = {g["name"]: Given(g["name"], g.get("datatype"), g.get("shape"), _data(g)) for g in _named(document, "inputs")}
    asked = document.get("id")
    if asked is not None and not isinstance(asked, str):
        raise RequestError(400, f"id must be a string, not {kind(asked)}")
    return Message(inputs, _outputs(document, raw=raw), raw, asked, _asset(parameters))


_asked_again: Final = lru_cache(32)(_asked)
"""Who sends tensors behind the JSON says the same of each: it is read once."""


def _filled(message: Message, body: bytes, end: int) -> Message:
    """With the bytes behind the JSON, which ends there, handed out in the order of the inputs."""
    rest, at, inputs = memoryview(body), end, {}
    for name, datatype, shape, data in message.inputs.values():
        size = data if isinstance(data, Behind) else 0
        at += size
        if at > len(body):
            left = len(body) - at + size
            raise RequestError(400, f"input {name!r}: binary_data_size is {size}, but {left} bytes are left")
        inputs[name] = Given(name, datatype, shape, rest[at - size : at] if isinstance(data, Behind) else data)
    if at != len(body):
        raise RequestError(400, f"{len(body) - at} bytes behind the JSON belong to no input's binary_data_size")
    return Message(inputs, message.outputs, message.raw, message.id, message.asset)


def _length(header: bytes, whole: int) -> int:
    if not header.isdigit() or len(header) > 18 or int(header) > whole:
        shown = header[:50].decode("latin-1")
        raise RequestError(400, f"Inference-Header-Content-Length is {shown!r}; the body has {whole} bytes")
    return int(header)


def _document(text: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        wrong = (
            "JSON has no NaN or Infinity; raw tensors have" if _NO_NUMBER.match(error.doc, error.pos) else "the body is not JSON"
        )
        raise RequestError(400, f"{wrong}: {error}") from None
    if not isinstance(document, dict):
        raise RequestError(400, f"the body must be an object with inputs, not {kind(document)}")
    return document


def _parameters(of: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of the request, or of the input or output with a name."""
    parameters = of.get("parameters")
    if parameters is None:
        return {}
    if not isinstance(parameters, dict):
        raise RequestError(400, f"parameters{_of(of)} must be an object, not {kind(parameters)}")
    if "shared_memory_region" in parameters:
        raise RequestError(400, f"parameters{_of(of)}: shared memory is not supported; send the data")
    return parameters


def _of(named: Mapping[str, Any]) -> str:
    return f" of {named['name']!r}" if isinstance(named.get("name"), str) else ""


def _named(document: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    """A list of objects with names, no two alike."""
    listed: list[Any] = document.get(field, None)
    for one in listed if isinstance(listed, list) else [None]:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise RequestError(400, f"{field} must be a list of objects, each with a name")
    if len(listed) > 1 and len({o["name"] for o in listed}) < len(listed):
        raise RequestError(400, f"{field}: two have the same name")
    return listed


def _data(given: Mapping[str, Any]) -> Any:
    size = _parameters(given).get("binary_data_size")
    if size is None:
        return given.get("data")
    if given.get("data") is not None:
        raise RequestError(400, f"input {given['name']!r} has data and binary_data_size; send one of them")
    if type(size) is not int or size < 0:
        raise RequestError(400, f"input {given['name']!r}: binary_data_size must be a whole number from 0 up")
    return Behind(size)


def _outputs(document: Mapping[str, Any], *, raw: bool) -> dict[str, bool]:
    if not document.get("outputs"):
        return {}
    asked = {}
    for output in _named(document, "outputs"):
        parameters = _parameters(output)
        if parameters.get("classification"):
            raise RequestError(400, f"output {output['name']!r}: classification is not supported; leave it out to get the values")
        asked[output["name"]] = parameters.get("binary_data", raw) is True
    return asked


def _asset(parameters: Mapping[str, Any]) -> str | None:
    asset = parameters.get("asset")
    if asset is not None and (not isinstance(asset, str) or len(asset) > LONGEST_ASSET):
        raise RequestError(400, f"parameter asset must be a string of at most {LONGEST_ASSET} characters")
    return asset


def write(inference: Inference, model: OnnxModel, name: str, version_: str, results: list[Array]) -> tuple[bytes, int | None]:
    """The response body, and how much of it is JSON where raw tensors follow. results: in the order of the model's outputs."""
    outputs, blobs = [], []
    for place, raw in inference.outputs:
        tensor, values = model.outputs[place], results[place]
        output: dict[str, Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": values.shape}
        if raw:
            blobs.append(to_raw(values))
            output["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            output["data"] = to_json(values)
        outputs.append(output)
    head: dict[str, Any] = {"model_name": name, "model_version": version_}
    if inference.id is not None:
        head["id"] = inference.id
    head["outputs"] = outputs
    text = orjson.dumps(head, option=orjson.OPT_SERIALIZE_NUMPY)
    return (b"".join((text, *blobs)), len(text)) if blobs else (text, None)


def server_metadata() -> dict[str, Any]:
    """What GET /v2 says."""
    return {"name": "andon", "version": version("andon"), "extensions": ["binary_tensor_data"]}


def model_metadata(model: OnnxModel, name: str, versions: list[str]) -> dict[str, Any]:
    """What GET /v2/models/NAME says: read from the ONNX file."""
    about = {"name": name, "versions": versions, "platform": "onnxruntime_onnx"}
    return about | {"inputs": [_described(t) for t in model.inputs], "outputs": [_described(t) for t in model.outputs]}


def _described(tensor: Tensor) -> dict[str, Any]:
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape}

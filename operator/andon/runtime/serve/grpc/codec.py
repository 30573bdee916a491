"""How does a request stand in a gRPC message, and an answer? Typed contents or raw bytes; an answer comes as its request did."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from andon.runtime.serve.answering import Answer
from andon.runtime.serve.grpc import inference_pb2 as pb
from andon.runtime.serve.model import Array, OnnxModel, Tensor
from andon.runtime.serve.oip.http import LONGEST_ASSET
from andon.runtime.serve.oip.message import Given, Message, RequestError
from andon.runtime.serve.oip.tensors import to_raw

_CONTENTS: Final = {
    "BOOL": ("bool_contents", np.bool_),
    "UINT8": ("uint_contents", np.uint32),
    "UINT16": ("uint_contents", np.uint32),
    "UINT32": ("uint_contents", np.uint32),
    "UINT64": ("uint64_contents", np.uint64),
    "INT8": ("int_contents", np.int32),
    "INT16": ("int_contents", np.int32),
    "INT32": ("int_contents", np.int32),
    "INT64": ("int64_contents", np.int64),
    "FP32": ("fp32_contents", np.float32),
    "FP64": ("fp64_contents", np.float64),
    "BYTES": ("bytes_contents", np.object_),
}
"""Where values of a datatype are, and the type that they have there. FP16 has no place and comes raw."""


def read(request: pb.ModelInferRequest, asset: str | None) -> Message:
    """What a message asks. asset: as its metadata has it, if they do. Raises RequestError."""
    raw = iter(request.raw_input_contents)
    inputs = {given.name: Given(given.name, given.datatype, list(given.shape), _data(given, raw)) for given in request.inputs}
    if next(raw, None) is not None:
        raise RequestError(400, "raw_input_contents has more entries than there are inputs without contents")
    as_raw = bool(request.raw_input_contents)
    outputs = {output.name: as_raw for output in request.outputs}
    if len(inputs) < len(request.inputs) or len(outputs) < len(request.outputs):
        raise RequestError(400, "two inputs or two outputs have the same name")
    if any("classification" in output.parameters for output in request.outputs):
        raise RequestError(400, "classification is not supported; leave it out to get the values")
    if asset is None and "asset" in request.parameters:
        asset = request.parameters["asset"].string_param
    if asset is not None and len(asset) > LONGEST_ASSET:
        raise RequestError(400, f"parameter asset must have at most {LONGEST_ASSET} characters")
    return Message(inputs, outputs, as_raw, request.id, asset)


def _data(given: Any, raw: Iterator[bytes]) -> Any:
    if not given.HasField("contents"):
        return next(raw, None)
    if given.datatype not in _CONTENTS:
        raise RequestError(400, f"input {given.name!r}: {given.datatype[:20]} has no contents; send raw_input_contents")
    field, dtype = _CONTENTS[given.datatype]
    values = getattr(given.contents, field)
    if dtype is not np.object_:
        return np.array(values, dtype)
    try:
        return [text.decode() for text in values]
    except UnicodeDecodeError as error:
        raise RequestError(400, f"input {given.name!r}: a text is not UTF-8: {error}") from None


def write(answer: Answer, name: str) -> pb.ModelInferResponse:
    """The response. All outputs are raw if one must be."""
    inference, model = answer.inference, answer.loaded.model
    response = pb.ModelInferResponse(model_name=name, model_version=answer.loaded.slot.version, id=inference.id or "")
    asked = [(model.outputs[place], answer.results[place]) for place, _ in inference.outputs]
    raw = any(raw for _, raw in inference.outputs) or any(tensor.datatype not in _CONTENTS for tensor, _ in asked)
    for tensor, values in asked:
        output = response.outputs.add(name=tensor.name, datatype=tensor.datatype, shape=values.shape)
        if raw:
            response.raw_output_contents.append(to_raw(values))
        else:
            getattr(output.contents, _CONTENTS[tensor.datatype][0]).extend(_plain(values))
    return response


def _plain(values: Array) -> list[Any]:
    return [text.encode() for text in values.flat] if values.dtype.kind == "O" else values.ravel().tolist()


def metadata(model: OnnxModel, name: str, versions: list[str]) -> pb.ModelMetadataResponse:
    """Read from the ONNX file."""
    described = {"inputs": map(_described, model.inputs), "outputs": map(_described, model.outputs)}
    return pb.ModelMetadataResponse(name=name, versions=versions, platform="onnxruntime_onnx", **described)


def _described(tensor: Tensor) -> pb.ModelMetadataResponse.TensorMetadata:
    return pb.ModelMetadataResponse.TensorMetadata(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)

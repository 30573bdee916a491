"""Does a request fit the model? Every input is there, of its type and shape; what fits is ready to run."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from andon.runtime.serve.model import Array, OnnxModel, Tensor
from andon.runtime.serve.oip.message import Given, Message, RequestError, kind, listed
from andon.runtime.serve.oip.tensors import from_json, from_raw, from_values


class Inference(NamedTuple):
    """A request that fits the model. outputs: places among the model's outputs, and whether as raw bytes, in the order asked for.

    rows: the first dimension, where there is one.
    """

    feeds: dict[str, Array]
    rows: int
    outputs: tuple[tuple[int, bool], ...]
    id: str | None

    def finite(self) -> bool:
        """Whether every number given is one: raw bytes may hold NaN."""
        return all(np.isfinite(values).all() for values in self.feeds.values() if values.dtype.kind == "f")


def fit(message: Message, model: OnnxModel) -> Inference:
    """What a request asks of a model. Raises RequestError."""
    inputs = message.inputs
    if len(inputs) != len(model.inputs) or any(tensor.name not in inputs for tensor in model.inputs):
        raise RequestError(400, f"inputs are {listed(sorted(inputs))}; the model takes {listed(t.name for t in model.inputs)}")
    feeds = {tensor.name: _values(inputs[tensor.name], tensor) for tensor in model.inputs}
    if len(feeds) > 1:
        _check_shared(feeds, model.inputs)
    first = feeds[model.inputs[0].name].shape if feeds else ()
    return Inference(feeds, first[0] if first else 1, _outputs(message, model.outputs), message.id)


def _values(given: Given, tensor: Tensor) -> Array:
    if given.datatype != tensor.datatype:
        raise RequestError(400, f"input {tensor.name!r}: datatype is {_shown(given.datatype)}; the model takes {tensor.datatype}")
    shape, data = _shape(given.shape, tensor), given.data
    if data is None:
        raise RequestError(400, f"input {tensor.name!r}: data is missing")
    if isinstance(data, bytes | memoryview):
        return from_raw(data, tensor, prod(shape)).reshape(shape)
    values, nested = (from_values(data, tensor), data.shape) if isinstance(data, np.ndarray) else from_json(data, tensor)
    if len(nested) > 1 and nested != shape:
        raise RequestError(400, f"input {tensor.name!r}: data is nested as {list(nested)}, but shape is {list(shape)}")
    if len(values) != prod(shape):
        raise RequestError(
            400, f"input {tensor.name!r}: data has {len(values)} values, but shape {list(shape)} has {prod(shape)}"
        )
    return values.reshape(shape)


def _shown(datatype: object) -> str:
    if datatype in (None, ""):
        return "missing"
    return datatype[:50] if isinstance(datatype, str) else kind(datatype)


def _shape(given: object, tensor: Tensor) -> tuple[int, ...]:
    if given is None:
        raise RequestError(400, f"input {tensor.name!r}: shape is missing; the model takes {list(tensor.shape)} (-1: any)")
    if not isinstance(given, list):
        raise RequestError(400, f"input {tensor.name!r}: shape must be a list of positive integers")
    fits = len(given) == len(tensor.shape)
    for size, wanted in zip(given, tensor.shape, strict=False):
        if type(size) is not int or size < 1:
            raise RequestError(400, f"input {tensor.name!r}: shape must be a list of positive integers")
        fits = fits and wanted in (-1, size)
    if not fits:
        raise RequestError(400, f"input {tensor.name!r}: shape is {given}; the model takes {list(tensor.shape)} (-1: any)")
    return tuple(given)


def _check_shared(feeds: dict[str, Array], tensors: Sequence[Tensor]) -> None:
    """Dimensions of one name are one dimension."""
    seen: dict[str, tuple[int, str]] = {}
    for tensor in tensors:
        for place, name in tensor.free:
            size = feeds[tensor.name].shape[place]
            before, where = seen.setdefault(name, (size, tensor.name))
            if size != before:
                raise RequestError(
                    400, f"input {tensor.name!r} has {size} in dimension {place}, input {where!r} has {before}: both are {name!r}"
                )


def _outputs(message: Message, available: Sequence[Tensor]) -> tuple[tuple[int, bool], ...]:
    if not message.outputs:
        return tuple((place, message.raw) for place in range(len(available)))
    places = {tensor.name: place for place, tensor in enumerate(available)}
    for name in message.outputs:
        if name not in places:
            raise RequestError(400, f"output {name[:200]!r} is unknown; the model has {listed(places)}")
    return tuple((places[name], raw) for name, raw in message.outputs.items())

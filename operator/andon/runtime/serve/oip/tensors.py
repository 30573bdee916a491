"""How do values become an array of the model's type, and an array values? Whatever is given fits, or is refused in words.

Raw bytes are as the protocol's binary extension has them: little-endian, row-major; a text is its UTF-8 bytes behind their
number, in four bytes.
"""

import struct
import sys
from itertools import chain
from typing import Any, Final

import numpy as np

from andon.runtime.serve.model import Array, Tensor
from andon.runtime.serve.oip.message import RequestError, kind

_LENGTH: Final = struct.Struct("<I")
_DEEPEST: Final = 8
_LETTERS: Final = {
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}
"""What `struct` calls a type: it packs numbers eight times as fast as NumPy takes them from a list, and none that do not fit."""

_WIRE: Final = {name: np.dtype(f"<{letter}") for name, letter in _LETTERS.items()} | {"BOOL": np.dtype(np.uint8)}


def from_raw(raw: bytes | memoryview, tensor: Tensor, count: int) -> Array:
    """The values, flat. count: how many the shape asks for. Raises RequestError."""
    if tensor.dtype is np.object_:
        return _texts(bytes(raw), tensor, count)
    wire = _WIRE[tensor.datatype]
    if len(raw) != count * wire.itemsize:
        needed = count * wire.itemsize
        raise _unfit(tensor, f"{len(raw)} bytes; {count} values of {tensor.datatype} have {needed}")
    values = np.frombuffer(raw, wire)
    return values if values.flags.aligned and wire == tensor.dtype else values.astype(tensor.dtype)


def _texts(raw: bytes, tensor: Tensor, count: int) -> Array:
    texts: list[str] = []
    at = 0
    try:
        while at < len(raw):
            (length,) = _LENGTH.unpack_from(raw, at)
            at += 4 + length
            if at > len(raw):
                raise _unfit(tensor, f"text {len(texts)} is cut off")
            texts.append(raw[at - length : at].decode())
    except (struct.error, UnicodeDecodeError) as error:
        raise _unfit(tensor, f"text {len(texts)}: {error}") from None
    if len(texts) != count:
        raise _unfit(tensor, f"{len(texts)} texts, but the shape has {count} values")
    return _objects(texts)


def from_json(data: object, tensor: Tensor) -> tuple[Array, tuple[int, ...]]:
    """The values, flat, and how they were nested. Never numbers from text, nor any out of range. Raises RequestError."""
    if not isinstance(data, list):
        raise _unfit(tensor, f"data must be a list, not {kind(data)}")
    flat, nested = _flat(data, tensor)
    if tensor.datatype == "BOOL":
        return np.array(_all_of(bool, flat, "boolean", tensor), np.bool_), nested
    if tensor.datatype == "BYTES":
        return _objects([_unicode(text, tensor) for text in _all_of(str, flat, "text", tensor)]), nested
    return np.frombuffer(_packed(flat, tensor), tensor.dtype), nested


def _flat(data: list[Any], tensor: Tensor) -> tuple[list[Any], tuple[int, ...]]:
    shape = [len(data)]
    while data and type(data[0]) is list:
        if len(shape) == _DEEPEST or any(type(row) is not list or len(row) != len(data[0]) for row in data):
            raise _unfit(tensor, "data is not nested evenly")
        shape.append(len(data[0]))
        data = list(chain.from_iterable(data))
    return data, tuple(shape)


def _packed(numbers: list[Any], tensor: Tensor) -> bytes:
    letter = _LETTERS[tensor.datatype]
    try:
        return struct.pack(f"={len(numbers)}{letter}", *numbers)
    except OverflowError:
        raise _out_of_range(tensor) from None
    except struct.error as error:
        if "required argument" not in str(error):
            raise _out_of_range(tensor) from None
        if letter in "efd":
            raise _other(numbers, (bool, int, float), "number", tensor) from None
        raise _other(numbers, (bool, int), "whole number", tensor) from None


def _all_of(wanted: type, values: list[Any], noun: str, tensor: Tensor) -> list[Any]:
    if any(type(value) is not wanted for value in values):
        raise _other(values, (wanted,), noun, tensor)
    return values


def _other(values: list[Any], wanted: tuple[type, ...], noun: str, tensor: Tensor) -> RequestError:
    """The first value that is of none of these types, by its place among all, from 0."""
    place, value = next((place, value) for place, value in enumerate(values) if type(value) not in wanted)
    shown = value if isinstance(value, float) else kind(value)
    return _unfit(tensor, f"value {place} is {shown}, which is no {noun}")


def _unicode(text: str, tensor: Tensor) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _unfit(tensor, f"a text is not Unicode: {error}") from None
    return text


def from_values(values: Array, tensor: Tensor) -> Array:
    """Numbers of a wider type, or of the same, as the model's. Raises RequestError."""
    wanted = np.dtype(tensor.dtype)
    if wanted.kind in "iu" and values.size and (values.min() < np.iinfo(wanted).min or values.max() > np.iinfo(wanted).max):
        raise _out_of_range(tensor)
    return values.astype(wanted, copy=False)


def _objects(texts: list[str]) -> Array:
    values = np.empty(len(texts), np.object_)
    values[:] = texts
    return values


def _unfit(tensor: Tensor, why: str) -> RequestError:
    return RequestError(400, f"input {tensor.name!r}: {why}")


def _out_of_range(tensor: Tensor) -> RequestError:
    return _unfit(tensor, f"data has a value that {tensor.datatype} cannot hold")


def to_raw(values: Array) -> bytes:
    """As the binary extension has them."""
    if values.dtype.kind != "O":
        return (values if sys.byteorder == "little" else values.byteswap()).tobytes()
    texts = [value.encode() for value in values.flat]
    return b"".join(part for text in texts for part in (_LENGTH.pack(len(text)), text))


def to_json(values: Array) -> Any:
    """A flat list, or an array that orjson writes as one."""
    flat = values.ravel()
    return flat.tolist() if flat.dtype.kind == "O" or flat.dtype == np.float16 else flat

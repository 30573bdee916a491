"""How do values become an array of the model's type, and an array values? Whatever is given fits, or is refused in words.

Sizes of raw bytes are as the protocol's binary extension has them: little-endian, row-major; a text is its UTF-8 bytes behind
their number, in four bytes.
"""

from struct import Struct, error
from typing import Any, Final

import numpy as np

from andon.runtime.serve.model import Array, Tensor
from andon.runtime.serve.oip.message import RequestError, kind

_LENGTH: Final = Struct("<I")
_DEEPEST: Final = 8
_NOUNS: Final = {"f": "numbers", "i": "whole numbers", "u": "whole numbers", "b": "booleans"}
_TAKEN: Final = {"f": "iuf", "i": "iu", "u": "iu", "b": "b"}


def from_raw(raw: bytes | memoryview, tensor: Tensor, count: int) -> Array:
    """The values of a flat array. count: how many the shape asks for. Raises RequestError."""
    if tensor.dtype is np.object_:
        return _texts(raw, tensor, count)
    dtype = np.dtype(tensor.dtype)
    if len(raw) != count * dtype.itemsize:
        raise RequestError(
            400, f"input {tensor.name!r}: {len(raw)} bytes; {count} values of {tensor.datatype} have {count * dtype.itemsize}"
        )
    if dtype.kind == "b":
        return np.frombuffer(raw, np.uint8).astype(np.bool_)
    values = np.frombuffer(raw, dtype.newbyteorder("<"))
    return values if values.flags.aligned and values.dtype.isnative else values.astype(dtype)


def _texts(raw: bytes | memoryview, tensor: Tensor, count: int) -> Array:
    texts: list[str] = []
    at, view = 0, bytes(raw)
    try:
        while at < len(view):
            (length,) = _LENGTH.unpack_from(view, at)
            at += 4 + length
            if at > len(view):
                raise RequestError(400, f"input {tensor.name!r}: text {len(texts)} is cut off")
            texts.append(view[at - length : at].decode())
    except (error, UnicodeDecodeError) as wrong:
        raise RequestError(400, f"input {tensor.name!r}: text {len(texts)}: {wrong}") from None
    if len(texts) != count:
        raise RequestError(400, f"input {tensor.name!r}: {len(texts)} texts, but the shape has {count} values")
    return _objects(texts)


def from_json(data: object, tensor: Tensor) -> Array:
    """An array nested as the data is, of the model's type: never numbers from text, never out of range. Raises RequestError."""
    if not isinstance(data, list):
        raise RequestError(400, f"input {tensor.name!r}: data must be a list, not {kind(data)}")
    if tensor.datatype in {"BYTES", "UINT64"}:
        return _one_by_one(data, tensor)
    try:
        values = np.array(data)
    except ValueError:
        raise RequestError(400, f"input {tensor.name!r}: data is not nested evenly") from None
    return from_values(values, tensor)


def from_values(values: Array, tensor: Tensor) -> Array:
    """Numbers or booleans of another type as the model's. Raises RequestError."""
    wanted = np.dtype(tensor.dtype)
    if values.dtype.kind not in _TAKEN[wanted.kind] or values.ndim > _DEEPEST:
        raise RequestError(400, f"input {tensor.name!r}: data must be evenly nested {_NOUNS[wanted.kind]}")
    if values.dtype == wanted:
        return values
    if wanted.kind in "iu" and values.size and (values.min() < np.iinfo(wanted).min or values.max() > np.iinfo(wanted).max):
        raise _out_of_range(tensor)
    if wanted.kind != "f":
        return values.astype(wanted)
    with np.errstate(over="ignore"):
        cast = values.astype(wanted)
    if not np.isfinite(cast).all():
        raise _out_of_range(tensor)
    return cast


def _one_by_one(data: list[Any], tensor: Tensor) -> Array:
    """What NumPy would make something else of: texts lose their end, and the largest numbers their last digits."""
    try:
        values = np.array(data, dtype=object)
    except ValueError:
        raise RequestError(400, f"input {tensor.name!r}: data is not nested evenly") from None
    wanted, noun = (str, "texts") if tensor.datatype == "BYTES" else (int, "whole numbers")
    if values.ndim > _DEEPEST or not all(type(value) is wanted for value in values.flat):
        raise RequestError(400, f"input {tensor.name!r}: data must be evenly nested {noun}")
    if wanted is str:
        return _objects([_encodable(text, tensor) for text in values.flat]).reshape(values.shape)
    if any(not 0 <= value < 1 << 64 for value in values.flat):
        raise _out_of_range(tensor)
    return values.astype(np.uint64)


def _encodable(text: str, tensor: Tensor) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as wrong:
        raise RequestError(400, f"input {tensor.name!r}: a text is not Unicode: {wrong}") from None
    return text


def _objects(texts: list[str]) -> Array:
    values = np.empty(len(texts), np.object_)
    values[:] = texts
    return values


def _out_of_range(tensor: Tensor) -> RequestError:
    return RequestError(400, f"input {tensor.name!r}: data has a value that {tensor.datatype} cannot hold")


def to_raw(values: Array) -> bytes:
    """As the binary extension has them."""
    if values.dtype.kind != "O":
        return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    texts = [value.encode() for value in values.flat]
    return b"".join(part for text in texts for part in (_LENGTH.pack(len(text)), text))


def to_json(values: Array) -> Any:
    """A flat list, or an array that orjson writes as one."""
    flat = values.ravel()
    return flat.tolist() if flat.dtype.kind == "O" or flat.dtype == np.float16 else flat

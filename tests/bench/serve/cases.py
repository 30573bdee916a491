"""What is asked? The same rows in every form that a server understands, and others each time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from . import models

NAME: Final = "model"
"""What every server calls the model."""

BINARY_HEADER: Final = "Inference-Header-Content-Length"

_FIRST_SEED: Final = 11


class Form(StrEnum):
    """How rows are written."""

    JSON = "JSON"
    BINARY = "binary"
    GRPC = "gRPC"


@dataclass(frozen=True, slots=True)
class Case:
    """Requests of so many rows over so many connections."""

    rows: int
    connections: int
    form: Form

    @property
    def variants(self) -> int:
        """How many batches of rows are asked for in turns, one for each connection.

        Which way the same 64 rows go through a boosting a processor soon knows by heart, as it never does in a plant. Of a single
        row, most is what a request takes.
        """
        return self.connections if self.rows > 1 else 1

    def __str__(self) -> str:
        rows = "1 row" if self.rows == 1 else f"{self.rows} rows"
        return f"{rows}, {self.form}, {self.connections} conn."


ONE: Final = Case(1, 1, Form.JSON)
MANY: Final = Case(1, 16, Form.JSON)
BATCH: Final = Case(64, 16, Form.JSON)
BINARY_BATCH: Final = Case(64, 16, Form.BINARY)
GRPC: Final = Case(1, 16, Form.GRPC)
CASES: Final = (ONE, MANY, BATCH, BINARY_BATCH, GRPC)


@dataclass(frozen=True, slots=True)
class Body:
    """A request's bytes, and the headers that go with them."""

    content: bytes
    headers: Mapping[str, str]


def rows(count: int, variant: int = 0) -> models.Floats:
    """So many; others in every variant."""
    return models.rows(count, _FIRST_SEED + variant)


def open_inference(given: models.Floats, form: Form) -> Body:
    """By the Open Inference Protocol."""
    return {Form.JSON: _json, Form.BINARY: _binary, Form.GRPC: _grpc}[form](given)


def mlflow(given: models.Floats, form: Form) -> Body:
    """By MLflow's own protocol, which is JSON."""
    del form
    return Body(json.dumps({"inputs": _numbers(given)}).encode(), {})


def _numbers(rows: models.Floats) -> list[list[float]]:
    return [[round(value, 4) for value in row] for row in rows.tolist()]


def _json(rows: models.Floats) -> Body:
    flat = [value for row in _numbers(rows) for value in row]
    tensor = {"name": "rows", "shape": rows.shape, "datatype": "FP32", "data": flat}
    return Body(json.dumps({"inputs": [tensor]}).encode(), {})


def _binary(rows: models.Floats) -> Body:
    tensor = {"name": "rows", "shape": rows.shape, "datatype": "FP32", "parameters": {"binary_data_size": rows.nbytes}}
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    return Body(head + rows.tobytes(), {BINARY_HEADER: str(len(head)), "Content-Type": "application/octet-stream"})


def _grpc(rows: models.Floats) -> Body:
    """ModelInferRequest with raw contents, encoded by hand: four fields need no generated code."""
    shape = b"".join(map(_varint, rows.shape))
    tensor = _field(1, b"rows") + _field(2, b"FP32") + _field(3, shape)
    return Body(_field(1, NAME.encode()) + _field(5, tensor) + _field(7, rows.tobytes()), {})


def _field(number: int, content: bytes) -> bytes:
    """Of wire type 2: length, then bytes."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])

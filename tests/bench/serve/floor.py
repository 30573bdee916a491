"""How fast could any server on Python's fastest loop be? It parses requests, and answers what it had ready before it was asked.

`python -m … floor MODEL.onnx PORT`: httptools on uvloop, with neither reading of tensors nor a model nor answers to write: the
bodies are as large as Andon's, there and back.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

import httptools
import uvloop

from . import cases
from .cases import BINARY_HEADER, CASES, NAME, Case, Form
from .models import Model

_HEAD: Final = "HTTP/1.1 200 OK\r\ncontent-type: {}\r\nconnection: keep-alive\r\nandon-revision: 1/0123456789ab\r\n"


class _Constant(asyncio.Protocol):
    """One client. answers: by the size of the body that asks."""

    def __init__(self, answers: Mapping[int, bytes]) -> None:
        self._answers = answers
        self._parser = httptools.HttpRequestParser(self)
        self._size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._size += len(body)

    def on_message_complete(self) -> None:
        self._transport.write(self._answers[self._size])
        self._size = 0


def answers(model: Model) -> dict[int, bytes]:
    """What Andon would say to every case over HTTP, by the size of its body."""
    over_http = [case for case in CASES if case.form is not Form.GRPC]
    return {len(cases.open_inference(cases.rows(case.rows), case.form).content): _answer(model, case) for case in over_http}


def _answer(model: Model, case: Case) -> bytes:
    from .contenders import session

    values = session(model).run(None, {"rows": cases.rows(case.rows)})[0]
    output = {"name": "prediction", "datatype": "FP32", "shape": values.shape}
    raw = case.form is Form.BINARY
    output |= {"parameters": {"binary_data_size": values.nbytes}} if raw else {"data": [float(v) for v in values.ravel()]}
    text = json.dumps({"model_name": NAME, "model_version": "1", "outputs": [output]}).encode()
    head = _HEAD.format("application/octet-stream" if raw else "application/json")
    if raw:
        head += f"{BINARY_HEADER.lower()}: {len(text)}\r\n"
    body = text + values.tobytes() if raw else text
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


async def main(model: Model, port: int) -> None:
    """Answer for ever."""
    ready = answers(model)
    server = await asyncio.get_running_loop().create_server(lambda: _Constant(ready), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(Model("", "1", Path(sys.argv[1])), int(sys.argv[2])))

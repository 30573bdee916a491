"""What a server takes of an edge box: no library that nobody asked for, and no more memory than is promised."""

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import orjson
import pytest

from andon.runtime.serve.http.connection import LARGEST_BODY
from andon.runtime.serve.oip.http import LARGEST_JSON
from integration.serve.consumers import HOST, Line
from integration.serve.process import free_port, rows, running
from integration.serve.server import orders
from integration.serve.test_cluster import Operator
from integration.serve.test_outputs import MQTT, known, secret
from integration.serve.test_scoring import _answer, scored
from unit.serve.models import linear, slot
from unit.serve.references import a_profile

MOST_MB = 100
MOST_AS_A_POD_MB = 110
MOST_UNDER_HEAVY_BODIES_MB = 256 * 1.048576 - 20
"""The default of spec.pod.resources.memoryLimit, less what a pod has more than a server for one file."""
CONNECTIONS, REQUESTS = 16, 100

NOT_WITHOUT_NEED = {
    *("aiohttp", "yarl", "aiomqtt", "paho", "grpc", "google.protobuf", "fsspec"),
    *("typer", "rich", "ruamel.yaml", "yaml", "jinja2", "kopf", "kubernetes", "git", "mlflow"),
    *("onnx", "onnxruntime.transformers", "onnxruntime.training", "sklearn", "scipy", "pandas", "pyarrow"),
    *("numpy.random", "numpy.ma", "numpy.fft", "numpy.polynomial", "numpy.testing", "unittest", "multiprocessing"),
    *("andon.api.deployment", "andon.api.policy", "andon.api.config", "andon.core", "andon.ports", "andon.render"),
}

TELLING = """
import sys
from andon.cli import main
try:
    main()
finally:
    print("imported", *sys.modules)
"""


@contextlib.asynccontextmanager
async def plain(folder):
    """A server for one file, as a person starts it."""
    (folder / "model.onnx").write_bytes(linear())
    port = free_port()
    given = ("serve", "--http", f"{HOST}:{port}", "--model", f"m={folder / 'model.onnx'}")
    async with running((sys.executable, "-c", TELLING, *given), folder, port, 0) as server:
        yield server


@pytest.fixture
async def line():
    line = Line()
    await line.start()
    yield line
    await line.kill()


def resident(process):
    """MB in memory now."""
    return int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak(process):
    """MB at most, so far."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


async def ask(running):
    client = await running.connect()
    for _ in range(REQUESTS):
        status, _, _ = await client.ask("/v2/models/m/infer", rows([1, 2, 3]))
        assert status == 200


async def test_a_server_for_one_file_imports_nothing_that_it_does_not_need(tmp_path):
    async with plain(tmp_path) as running:
        await ask(running)
        running.end()
        assert await asyncio.wait_for(running.process.wait(), 12) == 0
    imported = running.log.read_text().rpartition("imported ")[2].split()
    assert "andon.runtime.serve.slots.lineup" in imported
    assert NOT_WITHOUT_NEED & set(imported) == set()


async def test_a_server_for_one_file_stays_small_under_load(tmp_path):
    async with plain(tmp_path) as running:
        await asyncio.gather(*(ask(running) for _ in range(CONNECTIONS)))
        assert resident(running.process) <= MOST_MB


def of_three(count, **how):
    return {"inputs": [{"name": "rows", "shape": [count, 3], "datatype": "FP32", **how}]}


def as_json(item, size):
    """A body of about so many bytes whose data is one thing over and over."""
    count = size // (len(item) + 1) // 3 * 3
    return orjson.dumps(of_three(count // 3, data=[])).replace(b"[]", b"[" + b",".join([item] * count) + b"]"), {}


def as_bytes(size):
    blob = bytes(size // 12 * 12)
    head = orjson.dumps(of_three(len(blob) // 12, parameters={"binary_data_size": len(blob)}))
    return head + blob, {"inference_header_content_length": len(head)}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(as_json(b"12.3456", LARGEST_JSON - 1000), id="JSON"),
        pytest.param(as_json(b"[]", LARGEST_JSON - 1000), id="what JSON makes most of"),
        pytest.param(as_json(b"1.5", LARGEST_BODY - 1000), id="too much JSON"),
        pytest.param(as_bytes(LARGEST_BODY - 1000), id="binary"),
    ],
)
async def test_the_largest_bodies_all_at_once_stay_within_a_pods_limit(tmp_path, body):
    content, headers = body

    async def send(running):
        client = await running.connect()
        client.send("/v2/models/m/infer", content, **headers)
        return (await client.answer())[0]

    async with plain(tmp_path) as running:
        statuses = [await asyncio.gather(*(send(running) for _ in range(8))) for _ in range(2)]
        print(f"\n{peak(running.process):.0f} MB at most, {resident(running.process):.0f} MB afterwards: {statuses}")
        assert peak(running.process) <= MOST_UNDER_HEAVY_BODIES_MB
        assert {status for each in statuses for status in each} <= {200, 400, 413, 503}


@pytest.mark.lab
async def test_a_pod_with_rows_evidence_and_an_output_stays_small_under_load(control_plane, server, plant, line, tmp_path):
    secret(server, "line", url=f"mqtt://{HOST}:{line.port}")
    operator = Operator(control_plane, tmp_path)
    await operator.order(orders(slot(tmp_path, "1", linear(), a_profile()), rows=plant.url, outputs=[MQTT]))
    await server.start(KUBECONFIG=str(operator.kubeconfig))
    await known(server)
    await server.until(operator.ack, lambda ack: ack and ack.stable)
    await server.until(_answer(lambda: plant.asked))
    idle = resident(server.process)

    async def infer():
        assert [(await server.infer([1.0, 2.0, 3.0]))[0] for _ in range(REQUESTS)] == [200] * REQUESTS

    plant.happen(1500)
    await asyncio.gather(*(infer() for _ in range(CONNECTIONS)), scored(server, 1500))
    print(f"\nas a pod: {idle:.0f} MB idle, {resident(server.process):.0f} MB after load")
    assert resident(server.process) <= MOST_AS_A_POD_MB

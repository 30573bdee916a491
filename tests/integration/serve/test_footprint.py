"""What a server takes of an edge box: no library that nobody asked for, and no more memory than is promised."""

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import pytest

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

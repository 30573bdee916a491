"""A server and clients that are slow, rude, many or gone: whoever behaves is answered, and nothing that was asked is lost."""

import asyncio
import gzip

import orjson
import pytest

from integration.serve.process import rows, serving
from unit.serve.models import linear, slow

INFER = "/v2/models/m/infer"
ONE = rows([1, 1, 1])


@pytest.fixture
def model(tmp_path):
    (tmp_path / "m.onnx").write_bytes(linear())
    return f"m={tmp_path / 'm.onnx'}"


async def test_rude_clients_harm_nobody_else(tmp_path, model):
    """One process for all of them: starting it takes longer than they do."""
    async with serving(tmp_path, "--model", model) as server:
        good = await server.connect()
        await _dripping_clients(server, good)
        await _vanishing_clients(server, good)
        await _huge_bodies(server)
        await _pipelining(server)
        status, _, answer = await good.ask(INFER, ONE)
        assert (status, answer["outputs"][0]["data"]) == (200, [3.0]), "the first client's connection still answers"


async def _dripping_clients(server, good):
    slow_ones = [await server.connect() for _ in range(100)]
    for client in slow_ones:
        client.writer.write(f"POST {INFER} HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\n{{".encode())
    for _ in range(20):
        for client in slow_ones:
            client.writer.write(b" ")
        assert (await good.ask(INFER, ONE))[0] == 200


async def _vanishing_clients(server, good):
    for i in range(100):
        client = await server.connect()
        client.send(INFER, orjson.dumps(rows(*[[1, 1, 1]] * 50)))
        await client.writer.drain()
        if i % 2:
            client.writer.transport.abort()
        client.close()
    assert (await good.ask(INFER, ONE))[0] == 200


async def _huge_bodies(server):
    announced = await server.connect()
    announced.send(INFER, b"", content_length=10**10)
    assert (await announced.answer())[0] == 413
    bomb = await server.connect()
    bomb.send(INFER, gzip.compress(b" " * (9 << 20)), content_encoding="gzip")
    assert (await bomb.answer())[0] == 413
    large = await server.connect()
    status, _, answer = await large.ask(INFER, rows(*[[1, 1, 1]] * 20_000))
    assert (status, answer["outputs"][0]["shape"]) == (200, [20_000, 1])


async def _pipelining(server):
    client = await server.connect()
    for i in range(200):
        client.send(INFER if i % 3 else "/v2/health/live", orjson.dumps(rows([i, 0, 0])) if i % 3 else None)
    for i in range(200):
        status, _, answer = await client.answer()
        assert status == 200
        assert answer == {"live": True} if i % 3 == 0 else answer["outputs"][0]["data"] == [float(i)]


async def test_an_end_drops_no_request(tmp_path, model):
    async with serving(tmp_path, "--model", model) as server:
        answered = asyncio.Event()

        async def ask_until_sent_away():
            """How many were answered: each that was sent, until an answer says that it was the last."""
            client, count = await server.connect(), 0
            while True:
                status, headers, _ = await client.ask(INFER, ONE)
                assert status == 200
                count += 1
                answered.set()
                if headers["connection"] == "close":
                    return count

        clients = [asyncio.create_task(ask_until_sent_away()) for _ in range(8)]
        await answered.wait()
        server.end()
        assert min(await asyncio.gather(*clients)) >= 1
        assert await asyncio.wait_for(server.process.wait(), 12) == 0


async def test_more_than_can_be_answered_soon_is_told_to_come_again_and_the_server_stays_alive(tmp_path):
    (tmp_path / "slow.onnx").write_bytes(slow(0.2))
    async with serving(tmp_path, "--model", f"m={tmp_path / 'slow.onnx'}") as server:
        clients = [await server.connect() for _ in range(150)]
        for client in clients:
            client.send(INFER, orjson.dumps(ONE))
        probe = await server.connect()
        assert (await probe.ask("/v2/health/live"))[0] == 200, "a slow model keeps nobody from being told that the server lives"
        answers = await asyncio.gather(*(client.answer(within=50) for client in clients))
        refused = [(headers, answer) for status, headers, answer in answers if status == 503]
        assert {status for status, _, _ in answers} == {200, 503}
        assert all(int(headers["retry-after"]) >= 1 and "rows are waiting" in answer["error"] for headers, answer in refused)

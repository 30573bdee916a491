"""Revisions on their way into a server process: whatever happens to them there, the one that answers goes on answering."""

import asyncio
import json
import resource
import signal

import pytest
from aiohttp import web
from onnx import load_from_string

from andon.stats.profile import digest
from unit.serve.models import linear, slot
from unit.serve.references import a_profile

PROFILE = a_profile()
SIZE = 3_000_000
FIRST = 1_000_000


def heavy(content):
    """The same model in a file that takes its time."""
    model = load_from_string(content)
    model.doc_string = "x" * SIZE
    return model.SerializeToString()


class Slow:
    """A web server whose files stop after the first bytes until `rest` is set. ranges: what was asked for."""

    def __init__(self, folder):
        self.folder, self.rest, self.ranges = folder, asyncio.Event(), []
        app = web.Application()
        app.router.add_get("/{name}", self._give)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def open(self):
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self):
        await self._runner.cleanup()

    async def _give(self, request):
        content = (self.folder / request.match_info["name"]).read_bytes()
        start = request.http_range.start or 0
        self.ranges.append(start)
        response = web.StreamResponse(status=206 if start else 200, headers={"ETag": '"one"'})
        if start:
            response.headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        response.content_length = len(content) - start
        await response.prepare(request)
        await response.write(content[start : start + FIRST])
        await self.rest.wait()
        await response.write(content[start + FIRST :])
        return response

    def named(self, revision):
        """The revision with its model there."""
        return revision.model_copy(update={"model": f"{self.url}/{revision.model.rpartition('/')[2]}"})


@pytest.fixture
async def slow(tmp_path):
    slow = Slow(tmp_path)
    await slow.open()
    yield slow
    slow.rest.set()
    await slow.close()


@pytest.fixture
def one(tmp_path):
    return slot(tmp_path, "1", linear(), PROFILE)


@pytest.fixture
def two(tmp_path):
    return slot(tmp_path, "2", heavy(linear(bias=100.0)), PROFILE)


async def told(server, reason):
    ack = await server.until(server.ack, lambda ack: ack and ack.error and ack.error.reason == reason and ack.stable)
    return ack.error.message


async def answering(server, revision):
    await server.until(
        lambda: server.infer([1, 1, 1]), lambda seen: seen[0] == 200 and seen[2].startswith(f"{revision.version}/")
    )


async def kept(server):
    """Bytes of the largest file that is not finished."""
    return max((part.stat().st_size for part in (server.folder / "data" / "models").glob("*.part")), default=0)


async def test_a_server_killed_during_a_download_goes_on_with_it(server, slow, one, two):
    server.order(one, slow.named(two))
    await server.start()
    await answering(server, one)
    await server.until(lambda: kept(server), lambda size: size > FIRST / 2)
    await server.stop(signal.SIGKILL)
    slow.rest.set()
    await server.start()
    ack = await server.until(server.ack, lambda ack: ack.candidate)
    assert ack.candidate == two.revision
    assert slow.ranges[0] == 0 < slow.ranges[1]


async def test_a_slow_download_keeps_no_request_and_no_revert_waiting(server, slow, tmp_path, one, two):
    three = slot(tmp_path, "3", linear(bias=5.0), PROFILE)
    server.order(one, slow.named(two), reference=three)
    await server.start()
    await server.until(server.ack, lambda ack: ack and ack.reference)
    server.order(three, slow.named(two), reference=one)
    await answering(server, three)


async def test_a_download_that_came_corrupted_is_fetched_again(server, one, two, tmp_path):
    whole = (tmp_path / "model-2.onnx").read_bytes()
    (tmp_path / "model-2.onnx").write_bytes(whole[:-1] + b"?")
    server.order(one, two)
    await server.start()
    assert "register it as a new version" in await told(server, "DigestMismatch")
    (tmp_path / "model-2.onnx").write_bytes(whole)
    ack = await server.until(server.ack, lambda ack: ack.candidate)
    assert (ack.candidate, ack.error) == (two.revision, None)


async def test_a_full_disk_is_told_and_borne_and_got_over(server, one, two):
    server.order(one)
    await server.start()
    await answering(server, one)
    _, most = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (FIRST, most))
    server.order(one, two)
    assert "cannot take the file" in await told(server, "CacheUnwritable")
    await answering(server, one)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (most, most))
    await server.until(server.ack, lambda ack: ack.candidate and ack.error is None)


async def test_a_reference_of_another_signature_is_told_and_not_placed(server, one, tmp_path):
    other = slot(tmp_path, "7", linear(width=4))
    server.order(one, reference=other)
    await server.start()
    assert "(rows FP32[-1,4])" in await told(server, "SignatureMismatch")
    ack = await server.ack()
    assert (ack.stable, ack.reference, ack.loaded) == (one.revision, None, [one.digest])


async def test_a_machine_that_computes_something_else_does_not_serve_it(server, one, tmp_path):
    document = {
        "inputs": [{"name": "rows", "shape": [1, 3], "datatype": "FP32", "data": [1, 1, 1]}],
        "outputs": [{"name": "prediction", "shape": [1, 1], "datatype": "FP32", "data": [3.001]}],
    }
    server.order(one)
    await server.start()
    await answering(server, one)
    server.order(proved(tmp_path, linear(bias=0.5), document))
    assert "row 0: got 3.5, wanted 3.00" in await told(server, "GoldenMismatch")
    await answering(server, one)
    server.order(proved(tmp_path, linear(bias=0.001), document))
    await server.until(server.ack, lambda ack: ack.stable.version == "2" and ack.error is None)


def proved(folder, content, document):
    """Version 2 with golden answers."""
    text = json.dumps(document).encode()
    (folder / "golden.json").write_bytes(text)
    return slot(folder, "2", content, PROFILE, golden=(folder / "golden.json").as_uri(), golden_digest=digest(text))


async def test_a_restart_without_any_source_finds_every_slot(server, one, two, tmp_path):
    three = slot(tmp_path, "3", linear(bias=5.0), PROFILE)
    server.order(one, two, reference=three, weight=20)
    await server.start()
    before = await server.until(server.ack, lambda ack: ack and ack.stable and ack.candidate and ack.reference)
    assert before.weight == 20
    await server.stop()
    for file in (server.slots, server.acks, *tmp_path.glob("*.onnx"), *tmp_path.glob("profile-*")):
        file.unlink()
    await server.start()
    after = await server.until(server.ack, lambda ack: ack and ack.stable and ack.candidate and ack.reference)
    assert after.model_copy(update={"since": before.since}) == before


async def test_other_threads_are_taken_up_without_a_request_lost(server, one):
    server.order(one)
    await server.start()
    await answering(server, one)
    going, statuses = True, []

    async def client():
        while going:
            statuses.append((await server.infer([1, 1, 1]))[0])

    load = asyncio.create_task(client())
    for loads, threads in enumerate((2, 1, 3), start=2):
        server.order(one, threads=threads)
        await server.until(lambda: asyncio.to_thread(server.log), lambda log, n=loads: log.count("loaded version=1") == n)
    going = False
    await load
    assert set(statuses) == {200}

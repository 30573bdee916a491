"""Models in a bucket of a real S3 server, read by `andon serve` as its image has it: `andon[serve,s3]`, and nothing else."""

import asyncio
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from integration.serve.server import Server
from support.odd import nobody
from unit.serve.models import linear, slot
from unit.serve.references import a_profile

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / "build" / "peers" / "s3"


@pytest.fixture(scope="module")
def store():
    """Address of an S3 server with the bucket `plant-a`, in an environment that is made where it is not there yet."""
    subprocess.run(["make", f"{ENVIRONMENT.relative_to(ROOT)}/.installed"], cwd=ROOT, check=True)
    with nobody() as free:
        address = free
    host, port = address.removeprefix("http://").split(":")
    command = [ENVIRONMENT / "bin" / "moto_server", "--host", host, "--port", port]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield address
        process.terminate()


@pytest.fixture
async def server(store, tmp_path, monkeypatch):
    """A server of that environment, with the credentials of a reader."""
    monkeypatch.setattr(sys, "executable", str(ENVIRONMENT / "bin" / "python"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", store)
    async with aiohttp.ClientSession() as session:
        subject = Server(tmp_path, session)
        await subject.until(lambda: put(session, f"{store}/plant-a"), within=60)
        yield subject
        if subject.process:
            await subject.stop()


async def put(session, url, content=b""):
    async with session.put(url, data=content) as response:
        return response.status in {200, 409}


async def upload(session, store, revision):
    """Take the files of a revision to the bucket; the revision as it is named there."""
    moved = {}
    for field in ("model", "profile"):
        file = Path(getattr(revision, field).removeprefix("file://"))
        assert await put(session, f"{store}/plant-a/7/{file.name}", await asyncio.to_thread(file.read_bytes))
        moved[field] = f"s3://plant-a/7/{file.name}"
    return revision.model_copy(update=moved)


def resident_mb(process):
    """What the server itself holds."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024


async def test_a_model_in_a_bucket_is_served_and_its_library_leaves_nothing_in_memory(server, store, tmp_path):
    near, far = (slot(tmp_path, version, linear(float(version)), a_profile()) for version in "12")
    server.order(near)
    await server.start()
    await server.until(server.ack, lambda ack: ack and ack.stable)
    before = resident_mb(server.process)
    server.order(near, await upload(server.session, store, far))
    ack = await server.until(server.ack, lambda ack: ack.candidate or ack.error, within=60)
    assert (ack.candidate, ack.error) == (far.revision, None)
    after = resident_mb(server.process)
    print(f"\nresident before {before:.0f} MB, with a model from S3 beside it {after:.0f} MB")
    assert after - before < 20


async def test_an_object_that_is_not_there_is_told_and_found_when_it_comes(server, store, tmp_path):
    one = slot(tmp_path, "1", linear(), a_profile())
    there = {"model": "s3://plant-a/7/model-1.onnx", "profile": "s3://plant-a/7/profile-1.json"}
    server.order(one.model_copy(update=there | {"model": "s3://plant-a/nowhere/model-1.onnx"}))
    await server.start()
    ack = await server.until(server.ack, lambda ack: ack and ack.error, within=60)
    assert ack.error.reason == "FetchFailed"
    assert "FileNotFoundError" in ack.error.message
    server.order(await upload(server.session, store, one))
    await server.until(server.ack, lambda ack: ack.stable, within=60)

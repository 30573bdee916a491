"""A file comes whole, the right one, once, and from where it was cut off; whatever keeps it from coming is said in words."""

import asyncio
import os
import time
import warnings

import pytest
from aiohttp import web

from andon.runtime.serve.client import Client
from andon.runtime.serve.fetch import cache as cache_module
from andon.runtime.serve.fetch import filesystem, volume
from andon.runtime.serve.fetch.artifacts import credentials, located
from andon.runtime.serve.fetch.cache import Cache
from andon.runtime.serve.fetch.fetcher import Fetcher
from andon.runtime.serve.fetch.part import Part
from andon.runtime.serve.slots.unloadable import UnloadableError
from andon.stats.profile import digest
from support.odd import answering, nobody

CONTENT = os.urandom(3_000_000)
DIGEST = digest(CONTENT)
OTHER = "sha256:" + "0" * 64


class Shop:
    """A web server of one file, that hangs up after some bytes where a test wants that. asked: the headers of all requests.

    kept: the folder in which the client keeps what it has, without which a line that breaks proves nothing.
    """

    def __init__(self, kept):
        self.kept = kept
        self.content, self.etag, self.ranges = CONTENT, '"one"', True
        self.hang_up_after = None
        self.asked = []
        app = web.Application()
        app.router.add_get("/{path:.*}", self._give)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def open(self):
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.url = f"{self.origin}/model.onnx"

    async def close(self):
        await self._runner.cleanup()

    async def _give(self, request):
        self.asked.append(dict(request.headers))
        start = request.http_range.start or 0
        if not self.ranges or request.headers.get("If-Range", self.etag) != self.etag:
            start = 0
        if start >= len(self.content):
            return web.Response(status=416)
        response = web.StreamResponse(status=206 if start else 200, headers={"ETag": self.etag} if self.etag else {})
        if start:
            response.headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        response.content_length = len(self.content) - start
        await response.prepare(request)
        end = start + self.hang_up_after if self.hang_up_after else len(self.content)
        await response.write(self.content[start:end])
        if self.hang_up_after:
            self.hang_up_after = None
            async with asyncio.timeout(10):
                while not any(part.stat().st_size > 500_000 for part in self.kept.glob("*.part")):  # noqa: ASYNC110 - a folder tells nobody
                    await asyncio.sleep(0.01)
            request.transport.close()
        return response

    def starts(self):
        """From where each request wanted the file."""
        return [int(headers.get("Range", "bytes=0-")[6:-1]) for headers in self.asked]


@pytest.fixture
async def shop(tmp_path):
    shop = Shop(tmp_path / "cache")
    await shop.open()
    yield shop
    await shop.close()


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
async def fetcher(cache):
    async with Client() as client:
        yield Fetcher(cache, client)


async def refused(fetcher, url, wanted=DIGEST):
    with pytest.raises(UnloadableError) as error:
        await fetcher.fetch(url, wanted)
    return error.value


async def test_a_file_comes_once_and_is_kept(fetcher, shop):
    files = await asyncio.gather(*(fetcher.fetch(shop.url, DIGEST) for _ in range(5)))
    assert {file.read_bytes() for file in files} == {CONTENT}
    assert len(shop.asked) == 1


async def test_two_files_come_at_the_same_time(fetcher, shop, tmp_path):
    (tmp_path / "near").write_bytes(b"near")
    async with answering(200, CONTENT) as (url, _):
        files = await asyncio.gather(fetcher.fetch(url, DIGEST), fetcher.fetch((tmp_path / "near").as_uri(), digest(b"near")))
    assert [file.read_bytes() for file in files] == [CONTENT, b"near"]


async def test_what_was_cut_off_is_gone_on_with(fetcher, shop):
    shop.hang_up_after = 1_000_000
    assert (await refused(fetcher, shop.url)).reason == "FetchFailed"
    assert (await fetcher.fetch(shop.url, DIGEST)).read_bytes() == CONTENT
    first, second = shop.starts()
    assert first < second <= 1_000_000
    assert shop.asked[1]["If-Range"] == '"one"'


async def test_a_new_process_goes_on_with_it_too(fetcher, shop, cache):
    shop.hang_up_after = 1_000_000
    await refused(fetcher, shop.url)
    async with Client() as client:
        await Fetcher(cache, client).fetch(shop.url, DIGEST)
    assert shop.starts()[1] > 0


@pytest.mark.parametrize(
    "afterwards",
    [
        pytest.param({"ranges": False}, id="a server that gives no ranges"),
        pytest.param({"content": CONTENT[:10]}, id="a file that is shorter now under the same mark"),
        pytest.param({"content": bytes(len(CONTENT)), "etag": '"two"'}, id="another file, told by its mark"),
        pytest.param({"content": bytes(len(CONTENT))}, id="another file under the same mark, told by its digest alone"),
    ],
)
async def test_a_beginning_that_is_of_no_use_is_begun_anew(fetcher, shop, afterwards):
    shop.hang_up_after = 1_000_000
    await refused(fetcher, shop.url)
    for name, value in afterwards.items():
        setattr(shop, name, value)
    wanted = digest(shop.content)
    if wanted == DIGEST:
        assert (await fetcher.fetch(shop.url, DIGEST)).read_bytes() == CONTENT
    else:
        error = await refused(fetcher, shop.url)
        assert (error.reason, wanted in str(error)) == ("DigestMismatch", True), "what the whole new file has is told"


async def test_a_source_that_corrects_itself_is_believed_at_the_next_attempt(fetcher, shop):
    shop.content = b"corrupted"
    assert (await refused(fetcher, shop.url)).reason == "DigestMismatch"
    shop.content = CONTENT
    assert (await fetcher.fetch(shop.url, DIGEST)).read_bytes() == CONTENT
    assert shop.starts() == [0, 0], "nothing was kept of what was wrong"


async def test_what_cannot_be_had_says_from_where_and_why(fetcher, tmp_path):
    with nobody() as gone:
        assert gone in str(await refused(fetcher, f"{gone}/model.onnx"))
    async with answering(401, b"{}") as (url, _):
        error = await refused(fetcher, url.replace("http://", "http://joe:secret@") + "/m?signature=secret")
    assert "401" in str(error)
    assert "MLFLOW_TRACKING_URI" in str(error)
    assert "secret" not in str(error)
    assert "No such file" in str(await refused(fetcher, (tmp_path / "gone").as_uri()))


async def test_a_volume_that_does_not_answer_keeps_no_other_source_waiting(fetcher, shop, tmp_path, monkeypatch):
    monkeypatch.setattr(volume, "SILENCE", 0.2)
    os.mkfifo(tmp_path / "hung")
    errors = [await refused(fetcher, (tmp_path / "hung").as_uri(), OTHER) for _ in range(3)]
    assert [error.reason for error in errors] == ["FetchFailed"] * 3
    assert (await fetcher.fetch(shop.url, DIGEST)).read_bytes() == CONTENT
    os.close(os.open(tmp_path / "hung", os.O_WRONLY | os.O_NONBLOCK))  # the volume is back, and its threads may go


async def test_a_fetch_given_up_while_its_file_is_opened_leaves_nothing_open(fetcher, shop, tmp_path, monkeypatch):
    loop, opened = asyncio.get_running_loop(), asyncio.Event()

    class Slow(Part):
        def __init__(self, path):
            super().__init__(path)
            loop.call_soon_threadsafe(opened.set)
            time.sleep(0.05)

    monkeypatch.setattr(cache_module, "Part", Slow)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        fetching = asyncio.create_task(fetcher.fetch(shop.url, DIGEST))
        await asyncio.wait_for(opened.wait(), 10)
        fetching.cancel()
        await asyncio.wait([fetching])
        await loop.shutdown_default_executor()
    assert [str(warning.message) for warning in told if str(tmp_path) in str(warning.message)] == []


async def test_a_disk_that_cannot_be_written_says_so(fetcher, shop, tmp_path):
    (tmp_path / "cache" / f"{DIGEST.removeprefix('sha256:')}.part").mkdir()
    error = await refused(fetcher, shop.url)
    assert (error.reason, error.again) == ("CacheUnwritable", True)
    assert "give it room" in str(error)


async def fetched(fetcher, folder, *contents):
    for content in contents:
        (folder / "it").write_bytes(content)
        await fetcher.fetch((folder / "it").as_uri(), digest(content))


@pytest.mark.parametrize(
    ("bounds", "left"),
    [
        pytest.param({"most_files": 2}, ["held", "three"], id="files"),
        pytest.param({"most_bytes": 9}, ["held", "three"], id="bytes"),
        pytest.param({"most_bytes": 1}, ["held"], id="what is held stays though it is too much"),
    ],
)
async def test_the_cache_is_bounded_and_forgets_what_no_order_names_oldest_first(tmp_path, bounds, left):
    cache = Cache(tmp_path / "cache", **bounds)
    async with Client() as client:
        fetcher = Fetcher(cache, client)
        fetcher.hold([digest(b"held")])
        await fetched(fetcher, tmp_path, b"held", b"one", b"two", b"three")
    assert sorted(file.read_text() for file in (tmp_path / "cache").iterdir()) == left


async def test_a_full_disk_is_given_back_what_no_order_names(tmp_path, cache, fetcher):
    fetcher.hold([digest(b"held")])
    await fetched(fetcher, tmp_path, b"held", b"one")
    cache.make_room()
    assert [file.read_text() for file in (tmp_path / "cache").iterdir()] == ["held"]


async def test_mlflow_is_asked_by_name_and_password_and_nobody_else_learns_them(fetcher, shop, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", shop.origin)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "joe")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    assert (await fetcher.fetch("mlflow-artifacts:///1/r/artifacts/model.onnx", DIGEST)).read_bytes() == CONTENT
    assert shop.asked[0]["Authorization"] == "Basic am9lOnNlY3JldA=="
    async with answering(200, b"other") as (url, seen):
        await fetcher.fetch(url, digest(b"other"))
    assert "secret" not in seen[0]
    assert "uthorization" not in seen[0]


TOKEN = {"MLFLOW_TRACKING_URI": "https://ml.plant:443/mlflow/", "MLFLOW_TRACKING_TOKEN": "t"}


@pytest.mark.parametrize(
    ("url", "at"),
    [
        ("mlflow-artifacts:///1/r/m.onnx", "https://ml.plant:443/mlflow/api/2.0/mlflow-artifacts/artifacts/1/r/m.onnx"),
        ("mlflow-artifacts://other:5000/1/m.onnx", "https://other:5000/mlflow/api/2.0/mlflow-artifacts/artifacts/1/m.onnx"),
    ],
)
def test_where_mlflow_keeps_a_file(url, at):
    assert located(url, TOKEN) == at


def test_a_token_is_for_the_tracking_server_alone():
    assert credentials("https://ml.plant:443/mlflow/x", TOKEN) == {"authorization": "Bearer t"}
    assert credentials("http://ml.plant:443/mlflow/x", TOKEN) == {}
    assert credentials("https://ml.plant.evil:443/x", TOKEN) == {}
    assert credentials("https://ml.plant:443/x", {}) == {}


async def test_what_fsspec_reads_comes_through_a_process_of_its_own(fetcher, tmp_path):
    (tmp_path / "model.onnx").write_bytes(CONTENT)
    file = await fetcher.fetch(f"local://{tmp_path}/model.onnx", DIGEST)
    assert file.read_bytes() == CONTENT


async def test_what_fsspec_had_begun_is_gone_on_with_while_the_file_is_the_same(tmp_path):
    (tmp_path / "model.onnx").write_bytes(CONTENT)
    url = f"local://{tmp_path}/model.onnx"
    assert await begun(url, 7, await mark_of(url)) == 7
    assert await begun(url, 7, "of another file") == 0


async def mark_of(url):
    async with filesystem.opened(url, 0, None) as stream:
        return stream.mark


async def begun(url, start, mark):
    async with filesystem.opened(url, start, mark) as stream:
        assert b"".join([chunk async for chunk in stream.chunks]) == CONTENT[stream.start :]
        return stream.start


@pytest.mark.parametrize(
    ("url", "reason", "says"),
    [
        pytest.param("s3://bucket/model.onnx", "SourceUnsupported", "andon[s3]", id="S3 without its library"),
        pytest.param("smoke://hill/model.onnx", "SourceUnsupported", "reads no such smoke addresses", id="no such thing"),
        pytest.param("ftp:///model.onnx", "SourceUnsupported", "reads no such ftp addresses", id="an address without a host"),
        pytest.param("ftp://127.0.0.1:1/model.onnx", "FetchFailed", "ConnectionRefusedError", id="a server that is away"),
        pytest.param("local:///nowhere/model.onnx", "FetchFailed", "No such file", id="no file"),
    ],
)
async def test_what_fsspec_cannot_read(fetcher, url, reason, says):
    error = await refused(fetcher, url)
    assert (error.reason, says in str(error)) == (reason, True), str(error)

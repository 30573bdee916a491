"""A mirror of a collection misses nothing, whatever the server does to its connections."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from andon.lab.node.api import Api, ApiError, Change, Watch
from andon.lab.node.kubeconfig import Access

Json = dict[str, Any]


def item(uid: str, version: int, **data: str) -> Json:
    return {"metadata": {"uid": uid, "name": uid, "resourceVersion": str(version)}, "data": data}


def event(kind: str, body: Json) -> Json:
    return {"type": kind, "object": body}


GONE = event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"})


class Scripted:
    """Answers each list and each watch with the next entry of its script. asked: the versions that watches began at."""

    def __init__(self, lists: list[list[Json]], watches: list[list[Json]]) -> None:
        self.lists, self.watches = lists, watches
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            items = self.lists.pop(0)
            return web.json_response(
                {"kind": "ConfigMapList", "apiVersion": "v1", "metadata": {"resourceVersion": "10"}, "items": items}
            )
        self.asked.append(request.query["resourceVersion"])
        response = web.StreamResponse()
        await response.prepare(request)
        for entry in self.watches.pop(0):
            await response.write(json.dumps(entry).encode() + b"\n")
        return response


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[Scripted], Any]]:
    runners: list[web.AppRunner] = []
    apis: list[Api] = []

    async def start(script: Scripted) -> Watch:
        app = web.Application()
        app.router.add_get("/things", script.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        runners.append(runner)
        port = runner.addresses[0][1]
        apis.append(await Api(Access(f"http://127.0.0.1:{port}", None)).__aenter__())
        return Watch(apis[-1], "/things")

    yield start
    for api in apis:
        await api.__aexit__(None, None, None)
    for runner in runners:
        await runner.cleanup()


async def take(watch: Watch, count: int) -> list[tuple[str, bool]]:
    changes: list[Change] = []
    stream = watch.changes()
    async for change in stream:
        changes.append(change)
        if len(changes) == count:
            break
    await stream.aclose()  # type: ignore[attr-defined]
    return [(change.object["metadata"]["uid"], change.gone) for change in changes]


async def test_a_watch_goes_on_where_the_last_one_ended(connect: Callable[[Scripted], Any]) -> None:
    bookmark = event("BOOKMARK", item("", 15))
    script = Scripted([[item("a", 1)]], [[event("ADDED", item("b", 12)), bookmark], [event("DELETED", item("a", 16))]])
    watch = await connect(script)
    assert await take(watch, 3) == [("a", False), ("b", False), ("a", True)]
    assert script.asked == ["10", "15"]
    assert watch.objects.keys() == {"b"}


async def test_what_vanished_while_the_version_expired_is_told_as_gone(connect: Callable[[Scripted], Any]) -> None:
    script = Scripted([[item("a", 1), item("b", 2)], [item("b", 2), item("c", 9)]], [[GONE], []])
    watch = await connect(script)
    assert await take(watch, 5) == [("a", False), ("b", False), ("a", True), ("b", False), ("c", False)]
    assert watch.listed.is_set()


async def test_an_object_of_the_largest_size_passes(connect: Callable[[Scripted], Any]) -> None:
    large = item("large", 11, text="x" * 1_500_000)
    watch = await connect(Scripted([[]], [[event("ADDED", large)]]))
    assert await take(watch, 1) == [("large", False)]
    assert watch.objects["large"]["data"] == large["data"]


async def test_a_refusal_says_what_the_server_said(connect: Callable[[Scripted], Any]) -> None:
    watch = await connect(Scripted([], []))
    with pytest.raises(ApiError, match="404"):
        await watch._api.get("/nothing")

"""Orders are followed beyond the end of a watch, of which an API server with forgotten changes has two ways."""

import asyncio
import json

import aiohttp
import pytest
from aiohttp import web

from andon.runtime.serve.slots.access import Access
from andon.runtime.serve.slots.cluster import Cluster


def slots(text):
    return {"metadata": {"name": "e-slots"}, "data": {"slots.json": text}}


class Forgetful:
    """Ends each watch by the status it is told to, as an answer or as an event of the watch, and has other orders by then."""

    def __init__(self, status, *, as_event):
        self.status, self.as_event = status, as_event
        self.lists = 0
        self.watched = []

    async def answer(self, request):
        assert request.query["fieldSelector"] == "metadata.name=e-slots"
        if "watch" not in request.query:
            self.lists += 1
            return web.json_response({"metadata": {"resourceVersion": str(self.lists)}, "items": [slots(f"orders {self.lists}")]})
        self.watched.append(request.query["resourceVersion"])
        gone = {"kind": "Status", "code": self.status, "message": "too old resource version"}
        if self.as_event:
            return web.Response(text=json.dumps({"type": "ERROR", "object": gone}) + "\n")
        return web.json_response(gone, status=self.status)


@pytest.mark.parametrize(("status", "as_event"), [(410, True), (410, False), (500, False)])
async def test_a_watch_that_cannot_go_on_begins_with_a_list_again(status, as_event, caplog):
    api = Forgetful(status, as_event=as_event)
    runner = web.AppRunner(app := web.Application())
    app.router.add_get("/api/v1/namespaces/plant-a/configmaps", api.answer)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as session, asyncio.timeout(10):
        access = Access(f"http://127.0.0.1:{runner.addresses[0][1]}", ca="", token="t")
        given = Cluster(session, access, "plant-a", "e", "e-0").orders()
        assert [await anext(given) for _ in range(3)] == ["orders 1", "orders 2", "orders 3"]
        await given.aclose()
    await runner.cleanup()
    assert api.watched == ["1", "2"]
    assert "too old resource version" in caplog.text

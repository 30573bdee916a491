"""How do others read the collector? Rows, metrics and health over HTTP, as docs/wire.md has it."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import orjson
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

from andon.runtime.collect.keeper import Keeper, heard
from andon.runtime.collect.link import Link
from andon.runtime.collect.rows import Answer, BadQueryError, Query, anchored, parse, rows_after


class Listener:
    """The HTTP surface of one collector."""

    def __init__(self, keeper: Keeper, tags: Sequence[str], link: Callable[[], Link], registry: CollectorRegistry) -> None:
        self._keeper = keeper
        self._tags = tags
        self._link = link
        self._registry = registry

    async def serve(self, host: str, port: int) -> None:
        """Answer until cancelled. Raises OSError when the address is taken."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/rows", self.rows),
                web.get("/metrics", self.metrics),
                web.get("/healthz", self.healthz),
                web.get("/readyz", self.readyz),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, handler_cancellation=True)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def rows(self, request: web.Request) -> web.Response:
        """Aligned rows after a cursor; waits for the first one."""
        try:
            query = parse(request.query, self._tags)
        except BadQueryError as error:
            return _json({"error": str(error)}, 400)
        return _json((await self._poll(query)).body, 200)

    async def metrics(self, _: web.Request) -> web.Response:
        """What Prometheus scrapes."""
        return web.Response(
            body=generate_latest(self._registry), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    async def healthz(self, _: web.Request) -> web.Response:
        """The process answers."""
        return _json({}, 200)

    async def readyz(self, _: web.Request) -> web.Response:
        """Connected, with every tag found."""
        link = self._link()
        return _json({"reason": link.reason, "message": link.message}, 200 if link.ready else 503)

    async def _poll(self, query: Query) -> Answer:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + query.wait_s
        query = await self._keeper.ask(partial(anchored, query=query))
        while True:
            bell = self._keeper.bell()
            answer = await self._keeper.ask(partial(rows_after, query=query))
            left = deadline - loop.time()
            if answer.body["rows"] or left <= 0:
                return answer
            await heard(bell, min(left, max(answer.next_due_s, 0.001)))


def _json(body: object, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")

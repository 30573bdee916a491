"""How do others read the collector? Rows, metrics and health over HTTP, as docs/wire.md has it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

from andon.api.datasource import DataSourceSpec
from andon.runtime.collect import labels, rows
from andon.runtime.collect.keeper import Keeper, heard
from andon.runtime.collect.link import Link
from andon.runtime.collect.parameters import BadQueryError


class Listener:
    """The HTTP surface of one collector."""

    def __init__(self, keeper: Keeper, spec: DataSourceSpec, link: Callable[[], Link], registry: CollectorRegistry) -> None:
        self._keeper = keeper
        self._tags = [tag.name for tag in spec.tags]
        self._regime = spec.regime
        self._label = spec.labels.tag if spec.labels else None
        self._link = link
        self._registry = registry

    async def serve(self, host: str, port: int) -> None:
        """Answer until cancelled. Raises OSError when the address is taken."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/rows", self.on_rows),
                web.get("/labels", self.on_labels),
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

    async def on_rows(self, request: web.Request) -> web.Response:
        """Aligned rows after a cursor; waits for the first one."""
        try:
            query = rows.parse(request.query, self._tags, self._regime)
        except BadQueryError as error:
            return _json({"error": str(error)}, 400)
        return _json((await self._rows(query)).body, 200)

    async def on_labels(self, request: web.Request) -> web.Response:
        """Labels that arrived after a cursor; waits for the first one, unless it is asked what comes from now on."""
        try:
            query = labels.parse(request.query, self._label)
        except BadQueryError as error:
            return _json({"error": str(error)}, 400)
        return _json(await self._labels(query), 200)

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

    async def _rows(self, query: rows.Query) -> rows.Answer:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + query.wait_s
        query = await self._keeper.ask(partial(rows.anchored, query=query))
        while True:
            bell = self._keeper.bell()
            answer = await self._keeper.ask(partial(rows.rows_after, query=query))
            left = deadline - loop.time()
            if answer.body["rows"] or left <= 0:
                return answer
            await heard(bell, min(left, max(answer.next_due_s, 0.001)))

    async def _labels(self, query: labels.Query) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + query.wait_s
        while True:
            bell = self._keeper.bell()
            answer = await self._keeper.ask(partial(labels.labels_after, query=query))
            left = deadline - loop.time()
            if answer["labels"] or not query.after or left <= 0:
                return answer
            query = replace(query, after=answer["next"])
            await heard(bell, left)


def _json(body: object, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")

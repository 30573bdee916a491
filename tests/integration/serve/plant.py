"""A collector's rows without a collector: real HTTP, as docs/wire.md has it, with values a test chooses."""

import asyncio
import contextlib
from collections.abc import Callable

from aiohttp import web

from unit.serve.references import sound

EVERY_MS = 200
BEGAN_MS = 1_763_800_000_000
GOOD = 0


class Plant:
    """Rows 1, 2, … of which some have happened. reading: value, status and age of a tag in row i.

    regime: the name of row i's, if there are any. labels: (row, value) in order of arrival, label_tag: what they are of.
    """

    def __init__(self):
        self.happened = 0
        self.asked = []
        self.reading: Callable = lambda i, tag: (sound(i, tag), GOOD, 0.05)
        self.regime: Callable | None = None
        self.labels, self.label_tag = [], "y"
        self._news = asyncio.Event()
        self._runner = web.AppRunner(self._app(), shutdown_timeout=0.1)

    def _app(self):
        app = web.Application()
        app.router.add_get("/rows", self._rows)
        app.router.add_get("/labels", self._labels)
        return app

    async def start(self):
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/rows"

    async def stop(self):
        await self._runner.cleanup()

    def happen(self, rows):
        self.happened += rows
        self._news.set()

    async def _rows(self, request):
        assert (request.query["every"], request.query["maxAge"]) == (f"{EVERY_MS}ms", "2s")
        tags = request.query["tags"].split(",")
        after, limit = int(request.query["after"]), int(request.query["limit"])
        self.asked.append(after)
        first = (after - BEGAN_MS) // EVERY_MS + 1 if after else self.happened + 1
        if first > self.happened:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), float(request.query["wait"].removesuffix("s")))
        rows = [self._row(i, tags) for i in range(first, min(self.happened, first + limit - 1) + 1)]
        cursor = rows[-1]["t"] if rows else BEGAN_MS + (first - 1) * EVERY_MS
        return web.json_response({"every": "200ms", "tags": tags, "rows": rows, "next": cursor, "oldest": BEGAN_MS, "lost": 0})

    def _row(self, i, tags):
        readings = [self.reading(i, tag) for tag in tags]
        values, statuses, ages = (list(column) for column in zip(*readings, strict=True))
        named = {"g": self.regime(i)} if self.regime else {}
        return {"t": time_of(i), "v": values, "s": statuses, "a": ages} | named

    async def _labels(self, request):
        assert request.query["every"] == f"{EVERY_MS}ms"
        if self.label_tag is None:
            return web.json_response({"error": "this DataSource has no labels"}, status=400)
        after, limit = int(request.query["after"]) or len(self.labels) + 1, int(request.query["limit"])
        arrived = self.labels[after - 1 : after - 1 + limit]
        labels = [{"t": time_of(row), "v": value} for row, value in arrived]
        return web.json_response({"tag": self.label_tag, "labels": labels, "next": after + len(labels)})


def time_of(i):
    """When row i stood, in Unix milliseconds."""
    return BEGAN_MS + i * EVERY_MS

"""A collector's rows at a steady rate, as docs/wire.md has them: `python -m … plant PORT EVERY_MS`.

Row i of the clock holds row i of a fixed recording, so any row can be asked for at any time. It keeps the last two seconds.
"""

import asyncio
import sys
import time
from typing import Final

from aiohttp import web

from . import models

TAGS: Final = tuple(f"tag_{i}" for i in range(models.FEATURES))
KEPT_MS: Final = 2000
_ROWS: Final = 4000


class Plant:
    """every_ms: between two rows."""

    def __init__(self, every_ms: int) -> None:
        self._every = every_ms
        self._rows = models.rows(_ROWS, seed=5).astype(float).tolist()

    async def rows(self, request: web.Request) -> web.Response:
        """GET /rows."""
        after, limit = int(request.query["after"]), int(request.query["limit"])
        newest = self._newest()
        oldest = newest - KEPT_MS // self._every * self._every
        first = max(after + self._every, oldest) if after else newest + self._every
        await asyncio.sleep(max(first - _now(), 0) / 1000 + 0.001)
        times = list(range(first, self._newest() + 1, self._every))[:limit]
        columns = [TAGS.index(tag) for tag in request.query["tags"].split(",")]
        lost = max(0, (oldest - after) // self._every - 1) if after else 0
        found = {"every": f"{self._every}ms", "tags": [TAGS[i] for i in columns], "rows": [self._row(t, columns) for t in times]}
        return web.json_response(found | {"next": times[-1], "oldest": oldest, "lost": lost})

    def _newest(self) -> int:
        return _now() // self._every * self._every

    def _row(self, at: int, columns: list[int]) -> dict[str, object]:
        values = self._rows[at // self._every % _ROWS]
        n = len(columns)
        return {"t": at, "v": [values[i] for i in columns], "s": [0] * n, "a": [0.01] * n}


def _now() -> int:
    return time.time_ns() // 1_000_000


def main(port: int, every_ms: int) -> None:
    """Serve for ever."""
    app = web.Application()
    app.router.add_get("/rows", Plant(every_ms).rows)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

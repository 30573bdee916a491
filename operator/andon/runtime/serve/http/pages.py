"""What can be read of the rows that this server scored? Predictions from a cursor on, the evidence, and why one was made."""

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from andon.runtime.serve.oip.message import BusyError, RequestError
from andon.runtime.serve.rows.scoring import Scoring

MOST_PREDICTIONS: Final = 1000

Page = Callable[[str], Awaitable[dict[str, Any]]]
"""From a query to a JSON document. Raises RequestError."""


def pages(scoring: Scoring) -> Mapping[str, Page]:
    """The pages by their paths."""

    async def predictions(query: str) -> dict[str, Any]:
        """Oldest first from a cursor on. slots=all: what the others answered in shadow, too."""
        asked = dict(parse_qsl(query))
        after, limit = _whole(asked, "cursor", "0"), min(_whole(asked, "limit", "100"), MOST_PREDICTIONS)
        found, newest = await scoring.predictions(after, limit, shadow=asked.get("slots") == "all")
        return {"predictions": [p.document() for _, p in found], "next": found[-1][0] if found else min(after, newest)}

    async def drift(query: str) -> dict[str, Any]:
        """All that the evidence knows."""
        del query
        return await scoring.report()

    async def why(query: str) -> dict[str, Any]:
        """What consumers got of the row of that time, and what each feature contributed."""
        asked = dict(parse_qsl(query))
        if "time" not in asked:
            raise RequestError(400, "time is missing; write /why?time=MILLISECONDS, as /predictions has it")
        found = await scoring.why(_whole(asked, "time", ""))
        if found is None:
            raise RequestError(404, f"no prediction of {_dated(asked['time'])} is kept; /predictions lists those that are")
        return found

    return {path: _bearing_weather(page) for path, page in (("/predictions", predictions), ("/drift", drift), ("/why", why))}


def _bearing_weather(page: Page) -> Page:
    async def read(query: str) -> dict[str, Any]:
        try:
            return await page(query)
        except sqlite3.Error as error:
            raise BusyError(f"this cannot be read now: {error}") from error

    return read


def _dated(milliseconds: str) -> str:
    """The moment as people write it, if it is of this calendar."""
    try:
        at = datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms"
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z ({milliseconds} ms)"


def _whole(asked: Mapping[str, str], name: str, default: str) -> int:
    text = asked.get(name, default)
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise RequestError(400, f"{name}: {text[:50]!r} is not a whole number from 0 up")
    return int(text)

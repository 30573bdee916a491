"""Which rows came since the last one scored? Asked of the collector by cursor, with a long poll.

The contract is docs/wire.md, "Collector: rows over HTTP".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from andon.api.slots import RowSource
from andon.api.types import seconds
from andon.runtime.serve.client import Client
from andon.runtime.serve.rows.collector import WAIT, CollectorError, ask
from andon.stats.blocks import Rows

LIMIT: Final = 200
LONGEST_QUERY: Final = 4000
"""Beyond this many characters all tags are asked for: HTTP servers refuse long lines."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Rows after a cursor. next_ms: the cursor after them. lost: rows that the collector no longer had."""

    rows: Rows
    times_ms: tuple[int, ...]
    next_ms: int
    lost: int


async def read(client: Client, source: RowSource, tags: Sequence[str], after_ms: int) -> Portion:
    """The next rows with these tags, possibly none, waiting a few seconds for the first. Raises CollectorError."""
    asked = {"every": source.every, "after": str(after_ms), "limit": str(LIMIT), "wait": f"{WAIT}s", "maxAge": source.max_age}
    if len(names := ",".join(tags)) <= LONGEST_QUERY:
        asked["tags"] = names
    document = await ask(client, source.rows, asked)
    try:
        return _portion(document, source, tuple(tags), after_ms)
    except (ValueError, TypeError, KeyError) as error:
        raise CollectorError(f"{source.rows}: the answer is not rows: {error!r}") from error


def _portion(document: dict[str, Any], source: RowSource, tags: tuple[str, ...], after_ms: int) -> Portion:
    """Raises ValueError, TypeError or KeyError on anything but rows of these tags in order after the cursor."""
    listed = document["rows"]
    times = tuple(int(row["t"]) for row in listed)
    if any(later <= earlier for earlier, later in zip((after_ms, *times), times, strict=False)):
        raise ValueError("its rows are not in order after the cursor")
    given = document["tags"]
    columns = [given.index(tag) for tag in tags]
    values, status, ages = (_columns(listed, key, len(given))[:, columns] for key in ("v", "s", "a"))
    regimes = tuple(str(row["g"]) for row in listed) if listed and "g" in listed[0] else None
    rows = Rows(tags, np.array(times, dtype=np.float64) / 1000, seconds(source.every), values, status, ages, regimes)
    return Portion(rows, times, int(document["next"]), int(document["lost"]))


def _columns(listed: list[dict[str, Any]], key: str, width: int) -> NDArray[np.float64]:
    """One of a row's three lists, for all rows; null becomes NaN."""
    return np.array([row[key] for row in listed], dtype=np.float64).reshape(len(listed), width)

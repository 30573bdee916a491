"""What were all tags at each tick of a clock? Aligned rows, final when given, the same whenever asked.

The contract is docs/wire.md, "Collector: rows over HTTP". Times are Unix milliseconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Final

import numpy as np

from andon.api.datasource import RegimeTag
from andon.api.evidence import SETTLING
from andon.api.types import seconds
from andon.runtime import regimes
from andon.runtime.collect import parameters
from andon.runtime.collect.parameters import BadQueryError
from andon.runtime.collect.ring import Ring
from andon.stats.align import Millis, clock, newest_at

MOST_ROWS: Final = 5000
MOST_CELLS: Final = 50_000  # rows times tags in one answer: bounds its memory, the cursor goes on

_PARAMETERS: Final = ("every", "after", "limit", "wait", "tags", "maxAge")


@dataclass(frozen=True, slots=True)
class Query:
    """Rows of these tags at the multiples of every_ms after a cursor. after_ms: 0 means from now on.

    regime: what the rows' regime is read from, if from anything. max_age_s: of its value, before the regime is not known.
    """

    every: str
    every_ms: int
    tags: tuple[str, ...]
    after_ms: int = 0
    limit: int = 500
    wait_s: float = 5.0
    regime: RegimeTag | None = None
    max_age_s: float = inf

    @property
    def needed(self) -> tuple[str, ...]:
        """The tags that must have settled before a row is final."""
        return (*self.tags, self.regime.tag) if self.regime else self.tags


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows, and where to go on. body: as docs/wire.md has it. next_due_s: when the next row settles at the latest."""

    body: dict[str, Any]
    cursor_ms: int
    next_due_s: float


def parse(given: Mapping[str, str], known: Sequence[str], regime: RegimeTag | None = None) -> Query:
    """The query of a request. Raises BadQueryError."""
    parameters.check_names(given, _PARAMETERS)
    every_ms = parameters.clock(given.get("every"))
    tags = tuple(given["tags"].split(",")) if "tags" in given else tuple(known)
    for tag in tags:
        if tag not in known:
            raise BadQueryError(f"tags: {tag!r} is not a tag of this DataSource; there are {', '.join(known)}")
    return Query(
        every=given["every"],
        every_ms=every_ms,
        tags=tags,
        after_ms=parameters.whole("after", given.get("after", "0"), 0, 1 << 53),
        limit=min(parameters.whole("limit", given.get("limit", "500"), 1, MOST_ROWS), max(1, MOST_CELLS // len(tags))),
        wait_s=parameters.wait(given.get("wait", "5s")),
        regime=regime,
        max_age_s=parameters.duration("maxAge", given["maxAge"]) if "maxAge" in given else inf,
    )


def anchored(ring: Ring, query: Query) -> Query:
    """The same query with `from now on` made a time: the newest row that is final."""
    if query.after_ms:
        return query
    return replace(query, after_ms=_floor(ring.final_until(query.needed), query.every_ms))


def rows_after(ring: Ring, query: Query) -> Answer:
    """The final rows after an anchored query's cursor, oldest first; none while there is nothing new."""
    oldest = _oldest(ring, query.every_ms)
    final = ring.final_until(query.needed)
    first = final + 1 if oldest is None else max(_floor(query.after_ms, query.every_ms) + query.every_ms, oldest)
    ticks = clock(first, min(final, first + (query.limit - 1) * query.every_ms), query.every_ms)
    cursor = int(ticks[-1]) if len(ticks) else query.after_ms
    body = {
        "every": query.every,
        "tags": query.tags,
        "rows": _rows(ring, query, ticks) if len(ticks) else [],
        "next": cursor,
        "oldest": oldest if oldest is not None else cursor,
        "lost": _lost(ring, query, oldest),
    }
    due = max(_floor(cursor, query.every_ms) + query.every_ms, first if oldest is not None else 0)
    return Answer(body, cursor, (due + ring.settle_ms - ring.now_ms()) / 1000)


def _rows(ring: Ring, query: Query, ticks: Millis) -> list[dict[str, Any]]:
    columns = [_column(ring, tag, ticks) for tag in query.tags]
    values, statuses, ages = (list(zip(*part, strict=True)) for part in zip(*columns, strict=True))
    rows = [{"t": t, "v": v, "s": s, "a": a} for t, v, s, a in zip(ticks.tolist(), values, statuses, ages, strict=True)]
    return [row | {"g": g} for row, g in zip(rows, _regimes(ring, query, ticks), strict=True)] if query.regime else rows


def _regimes(ring: Ring, query: Query, ticks: Millis) -> list[str]:
    """The regime of each tick, Settling too where its tag's value is older than it may be."""
    if query.regime is None:
        raise ValueError("the query names no regime tag")
    at_ms, values = ring.regime_changes(int(ticks[0]), int(ticks[-1]))
    named = regimes.regimes(ticks, at_ms, values, round(seconds(query.regime.settle) * 1000))
    _, _, ages = _column(ring, query.regime.tag, ticks)
    fresh = [age is not None and age <= query.max_age_s for age in ages]
    return [name if known else SETTLING for name, known in zip(named, fresh, strict=True)]


def _column(ring: Ring, tag: str, ticks: Millis) -> tuple[list[float | None], list[int | None], list[float | None]]:
    """Values, statuses and ages (s) of one tag at each tick."""
    history = ring.history(tag, int(ticks[0]), int(ticks[-1]))
    counts_from = np.fromiter((held.at_ms for held in history), dtype=np.int64, count=len(history))
    rows = [history[i] if i >= 0 else None for i in newest_at(counts_from, ticks).tolist()]
    ages = [(1000 * t - held.source_us) / 1_000_000 if held else None for t, held in zip(ticks.tolist(), rows, strict=True)]
    return [held.value if held else None for held in rows], [held.status if held else None for held in rows], ages


def _oldest(ring: Ring, every_ms: int) -> int | None:
    """The first row that the ring can still tell truly; None while it never held a record."""
    if ring.began_ms is None:
        return None
    return -(-max(ring.began_ms, ring.horizon_ms or 0) // every_ms) * every_ms


def _lost(ring: Ring, query: Query, oldest: int | None) -> int:
    """Rows after the cursor that eviction took; those before the ring began never were."""
    if oldest is None or ring.began_ms is None or ring.horizon_ms is None:
        return 0
    wanted = max(_floor(query.after_ms, query.every_ms), _floor(ring.began_ms - 1, query.every_ms)) + query.every_ms
    return max(0, (oldest - wanted) // query.every_ms)


def _floor(ms: int, every_ms: int) -> int:
    return ms // every_ms * every_ms

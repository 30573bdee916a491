"""What were all tags at each tick of a clock? Aligned rows, final when given, the same whenever asked.

The contract is docs/wire.md, "Collector: rows over HTTP". Times are Unix milliseconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from andon.api.types import seconds
from andon.runtime.collect.ring import Ring
from andon.stats.align import Millis, clock, newest_at

LONGEST_WAIT_S: Final = 30.0
MOST_ROWS: Final = 5000
MOST_CELLS: Final = 50_000  # rows times tags in one answer: bounds its memory, the cursor goes on

_PARAMETERS: Final = ("every", "after", "limit", "wait", "tags")


class BadQueryError(ValueError):
    """The message names the parameter and what to write instead."""


@dataclass(frozen=True, slots=True)
class Query:
    """Rows of these tags at the multiples of every_ms after a cursor. after_ms: 0 means from now on."""

    every: str
    every_ms: int
    tags: tuple[str, ...]
    after_ms: int = 0
    limit: int = 500
    wait_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows, and where to go on. body: as docs/wire.md has it. next_due_s: when the next row settles at the latest."""

    body: dict[str, Any]
    cursor_ms: int
    next_due_s: float


def parse(given: Mapping[str, str], known: Sequence[str]) -> Query:
    """The query of a request. Raises BadQueryError."""
    for name in given:
        if name not in _PARAMETERS:
            raise BadQueryError(f"{name}: not a parameter; there are {', '.join(_PARAMETERS)}")
    if "every" not in given:
        raise BadQueryError("every: missing; write for example every=200ms")
    every_ms = round(_duration("every", given["every"]) * 1000)
    tags = tuple(given["tags"].split(",")) if "tags" in given else tuple(known)
    for tag in tags:
        if tag not in known:
            raise BadQueryError(f"tags: {tag!r} is not a tag of this DataSource; there are {', '.join(known)}")
    return Query(
        every=given["every"],
        every_ms=every_ms,
        tags=tags,
        after_ms=_whole("after", given.get("after", "0"), 0, 1 << 53),
        limit=min(_whole("limit", given.get("limit", "500"), 1, MOST_ROWS), max(1, MOST_CELLS // len(tags))),
        wait_s=_wait(given.get("wait", "5s")),
    )


def anchored(ring: Ring, query: Query) -> Query:
    """The same query with `from now on` made a time: the newest row that is final."""
    if query.after_ms:
        return query
    return replace(query, after_ms=_floor(ring.final_until(query.tags), query.every_ms))


def rows_after(ring: Ring, query: Query) -> Answer:
    """The final rows after an anchored query's cursor, oldest first; none while there is nothing new."""
    oldest = _oldest(ring, query.every_ms)
    final = ring.final_until(query.tags)
    first = final + 1 if oldest is None else max(_floor(query.after_ms, query.every_ms) + query.every_ms, oldest)
    ticks = clock(first, min(final, first + (query.limit - 1) * query.every_ms), query.every_ms)
    cursor = int(ticks[-1]) if len(ticks) else query.after_ms
    body = {
        "every": query.every,
        "tags": query.tags,
        "rows": _rows(ring, query.tags, ticks) if len(ticks) else [],
        "next": cursor,
        "oldest": oldest if oldest is not None else cursor,
        "lost": _lost(ring, query, oldest),
    }
    due = max(_floor(cursor, query.every_ms) + query.every_ms, first if oldest is not None else 0)
    return Answer(body, cursor, (due + ring.settle_ms - ring.now_ms()) / 1000)


def _rows(ring: Ring, tags: Sequence[str], ticks: Millis) -> list[dict[str, Any]]:
    columns = [_column(ring, tag, ticks) for tag in tags]
    values, statuses, ages = (list(zip(*part, strict=True)) for part in zip(*columns, strict=True))
    return [{"t": t, "v": v, "s": s, "a": a} for t, v, s, a in zip(ticks.tolist(), values, statuses, ages, strict=True)]


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


def _duration(name: str, text: str) -> float:
    try:
        return seconds(text)
    except ValueError as error:
        raise BadQueryError(f"{name}: {error}") from error


def _wait(text: str) -> float:
    wait = _duration("wait", text)
    if wait > LONGEST_WAIT_S:
        raise BadQueryError(f"wait: {text} is longer than the limit of {LONGEST_WAIT_S:.0f}s")
    return wait


def _whole(name: str, text: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise BadQueryError(f"{name}: {text!r} is not a whole number from {least} to {most}")
    return int(text)

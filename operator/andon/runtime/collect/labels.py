"""Which labels have arrived since? In order of arrival, since a label comes late and under the time that it is about.

The contract is docs/wire.md, "Collector: labels over HTTP".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from andon.runtime.collect import parameters
from andon.runtime.collect.ring import Ring
from andon.stats.align import closing

MOST_LABELS: Final = 5000

_PARAMETERS: Final = ("every", "after", "limit", "wait")


@dataclass(frozen=True, slots=True)
class Query:
    """The labels of rows on a clock that arrived after a cursor. after: 0 means from now on."""

    tag: str
    every_ms: int
    after: int = 0
    limit: int = 500
    wait_s: float = 5.0


def parse(given: Mapping[str, str], tag: str | None) -> Query:
    """The query of a request. tag: where this DataSource has its labels, if it has any. Raises BadQueryError."""
    if tag is None:
        raise parameters.BadQueryError("this DataSource has no labels; set spec.labels.tag")
    parameters.check_names(given, _PARAMETERS)
    return Query(
        tag,
        parameters.clock(given.get("every")),
        parameters.whole("after", given.get("after", "0"), 0, 1 << 53),
        parameters.whole("limit", given.get("limit", "500"), 1, MOST_LABELS),
        parameters.wait(given.get("wait", "5s")),
    )


def labels_after(ring: Ring, query: Query) -> dict[str, Any]:
    """The Good labels after a cursor, each with the row whose period it was taken in, and where to go on."""
    if not query.after:
        return {"tag": query.tag, "labels": [], "next": ring.newest_number()}
    found, cursor = ring.labels(query.tag, query.after, query.limit)
    taken_ms = np.array([-(-source_us // 1000) for source_us, _ in found], dtype=np.int64)
    rows = closing(taken_ms, query.every_ms).tolist()
    labels = [{"t": row, "v": value} for row, (_, value) in zip(rows, found, strict=True)]
    return {"tag": query.tag, "labels": labels, "next": cursor}

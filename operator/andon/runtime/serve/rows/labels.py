"""Which labels have arrived since? Asked of the collector after each portion of rows, without waiting.

The contract is docs/wire.md, "Labels".
"""

import math
from dataclasses import dataclass
from typing import Any, Final

from andon.api.slots import LabelSource
from andon.runtime.serve.client import Client
from andon.runtime.serve.rows.collector import CollectorError, ask

LIMIT: Final = 5000


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels by the time of their row (ms). tag: what they are of. cursor: where to go on."""

    tag: str
    values: dict[int, float]
    cursor: int


async def read(client: Client, source: LabelSource, every: str, after: int) -> Labels:
    """The labels that arrived after a cursor, possibly none. Raises CollectorError."""
    document = await ask(client, source.url, {"every": every, "after": str(after), "limit": str(LIMIT), "wait": "1ms"})
    try:
        return _labels(document)
    except (ValueError, TypeError, KeyError) as error:
        raise CollectorError(f"{source.url}: the answer is not labels: {error!r}") from error


def _labels(document: dict[str, Any]) -> Labels:
    """Of two labels of one row the later counts."""
    values = {int(label["t"]): float(label["v"]) for label in document["labels"]}
    if not all(map(math.isfinite, values.values())):
        raise ValueError("a label is not finite")
    return Labels(str(document["tag"]), values, int(document["next"]))

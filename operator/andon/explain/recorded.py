"""How did evidence grow over time: one grid of moments, and per question and subject a line?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import floor, isfinite
from typing import Any

Key = tuple[str, str]
"""Question and subject."""
Line = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """times: the grid. log_e, value: per question and subject one number per time, None where there is none."""

    times: tuple[datetime, ...]
    log_e: Mapping[Key, Line]
    value: Mapping[Key, Line]


def recorded(result: Iterable[Mapping[str, Any]], begin: datetime, end: datetime, step: float) -> Recorded:
    """From Prometheus's answer to a range query. A server that was replaced gives several series of one key: they are one line.

    Raises KeyError, TypeError or ValueError on another form.
    """
    size = floor((end - begin).total_seconds() / step + 1e-6) + 1
    lines: dict[str, dict[Key, list[float | None]]] = {"andon_evidence_log_e": {}, "andon_evidence_value": {}}
    for series in result:
        labels = series["metric"]
        line = lines[labels["__name__"]].setdefault((labels["question"], labels["subject"]), [None] * size)
        for at, value in series["values"]:
            place = round((float(at) - begin.timestamp()) / step)
            if 0 <= place < size and isfinite(float(value)):
                line[place] = float(value)
    times = tuple(datetime.fromtimestamp(begin.timestamp() + n * step, UTC) for n in range(size))
    log_e, value = ({key: tuple(line) for key, line in found.items()} for found in lines.values())
    return Recorded(times, log_e, value)

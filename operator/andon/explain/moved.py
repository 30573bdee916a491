"""In which tags does a movement of the plant show? By what a server remembers of its last blocks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import fmean, pstdev
from typing import Any, Final

MOST: Final = 5
"""Tags named: more are read by nobody."""
FAR: Final = 3.0
"""Times a tag's own spread from block to block by which its mean must have moved to be named."""
LEAST: Final = 5
"""Blocks from before, by which the spread is known."""


def moved(history: Mapping[str, Any], begin: datetime, end: datetime) -> tuple[str, ...]:
    """The tags whose blocks lie farthest from where they lay before, the farthest first.

    history: `times` in Unix seconds and per tag the means of blocks, as `/drift` has it. begin: of the movement. Empty where too
    little is remembered from before it.
    """
    times = history.get("times", ())
    before = [i for i, at in enumerate(times) if at < begin.timestamp()]
    since = [i for i, at in enumerate(times) if begin.timestamp() <= at <= end.timestamp()]
    if len(before) < LEAST or not since:
        return ()
    far = {tag: _distance(lines["values"], before, since) for tag, lines in history["tags"].items()}
    return tuple(sorted((tag for tag in far if far[tag] > FAR), key=lambda tag: -far[tag]))[:MOST]


def _distance(values: Sequence[float | None], before: Sequence[int], since: Sequence[int]) -> float:
    """In spreads from before; one that did not move at all then is as far off as can be."""
    old, new = ([v for i in some if (v := values[i]) is not None] for some in (before, since))
    if len(old) < LEAST or not new:
        return 0.0
    apart, spread = abs(fmean(new) - fmean(old)), pstdev(old)
    still = 1e-9 * max(abs(v) for v in old)
    return apart / spread if spread > still else (float("inf") if apart > still else 0.0)

"""In which tags does a movement of the plant show? By what a server remembers of its last blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean, pstdev
from typing import Any, Final, Self

MOST: Final = 5
"""Tags named: more are read by nobody."""
LEAST: Final = 5
"""Blocks from before, by which it is known where a tag was."""


@dataclass(frozen=True, slots=True)
class Usual:
    """Where a tag is while the plant has not moved. spread: of what is looked at, in the tag's unit; far: how many of those are
    worth a word."""

    mean: float
    spread: float
    far: float

    @classmethod
    def of_blocks(cls, values: Sequence[float]) -> Self:
        """By the means of earlier blocks, which scatter little."""
        return cls(fmean(values), pstdev(values), 3.0)

    @classmethod
    def of_reference(cls, mean: float, std: float) -> Self:
        """By all rows of the reference, each for itself."""
        return cls(mean, std, 1.0)

    def distance(self, values: Sequence[float]) -> float:
        """How far these blocks lie off, 1 is worth a word; infinite for a tag that moves and never did."""
        apart = abs(fmean(values) - self.mean)
        if apart <= 1e-9 * abs(self.mean):
            return 0.0
        return apart / (self.spread * self.far) if self.spread > 1e-9 * abs(self.mean) else float("inf")


def moved(
    history: Mapping[str, Any], begin: datetime, end: datetime, usual: Mapping[str, Usual] | None = None
) -> tuple[str, ...]:
    """The tags whose blocks lie farthest from where they are usually, the farthest first.

    history: `times` in Unix seconds and per tag the means of blocks, as `/drift` has it. begin: of the movement. usual: by tag;
    None: by the blocks remembered from before, and empty where those are too few.
    """
    times = history.get("times", ())
    before = [i for i, at in enumerate(times) if at < begin.timestamp()]
    since = [i for i, at in enumerate(times) if begin.timestamp() <= at <= end.timestamp()]
    far = {}
    for tag, lines in history.get("tags", {}).items():
        old, new = ([v for i in some if (v := lines["values"][i]) is not None] for some in (before, since))
        known = usual.get(tag) if usual is not None else Usual.of_blocks(old) if len(old) >= LEAST else None
        far[tag] = known.distance(new) if known and new else 0.0
    return tuple(sorted((tag for tag in far if far[tag] > 1), key=lambda tag: -far[tag]))[:MOST]

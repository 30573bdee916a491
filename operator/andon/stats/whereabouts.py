"""In which regime was a row? Kept for labels, which come when the regime has long been another."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from numpy.typing import NDArray

from andon.api.evidence import UNKNOWN_REGIME

KEPT: Final = 2000
"""Changes of the regime that are remembered: of a plant that changes over every ten rows, 20,000 rows."""


@dataclass(slots=True)
class Whereabouts:
    """since: Unix seconds, ascending; names: of the regime from then on."""

    since: list[float] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def add(self, times: NDArray[Any], names: Sequence[str]) -> None:
        """Rows in order."""
        last = self.names[-1] if self.names else None
        for time, name in zip(times.tolist(), names, strict=True):
            if name != last:
                self.since.append(time)
                self.names.append(name)
                last = name
        del self.since[:-KEPT], self.names[:-KEPT]

    def at(self, times: NDArray[Any]) -> list[str]:
        """The regime of each of these rows; UNKNOWN_REGIME where that is forgotten."""
        found = (bisect_right(self.since, time) - 1 for time in times.tolist())
        return [self.names[i] if i >= 0 else UNKNOWN_REGIME for i in found]

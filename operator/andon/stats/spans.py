"""In which stretches of time did something hold? A bounded list, the oldest forgotten first."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

KEPT: Final = 200


@dataclass(slots=True)
class Spans:
    """Closed intervals of Unix seconds, ascending."""

    known: list[tuple[float, float]] = field(default_factory=list)

    def add(self, times: Floats, gap: float) -> None:
        """It held at these times, ascending, and between those no further apart than gap seconds."""
        for time in times.tolist():
            if self.known and time - self.known[-1][1] <= gap:
                self.known[-1] = (self.known[-1][0], max(time, self.known[-1][1]))
            else:
                self.known.append((time, time))
        self.known = self.known[-KEPT:]

    def put(self, first: float, last: float, gap: float = 0.0) -> None:
        """It held throughout; what began later is swallowed, and what ended at most gap seconds before goes on."""
        first = min([first, *(a for a, b in self.known if b >= first - gap)])
        self.known = [*((a, b) for a, b in self.known if b < first), (first, max(first, last))][-KEPT:]

    def covers(self, times: Floats) -> NDArray[np.bool_]:
        """At which of these times it held."""
        held = np.zeros(len(times), dtype=np.bool_)
        for first, last in self.known:
            held |= (times >= first) & (times <= last)
        return held

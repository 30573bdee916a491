"""Are the stable's predictions distributed as in the reference? Alone they prove nothing; they say where to look."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np

from andon.stats.blocks import BLOCK_ROWS
from andon.stats.detector import Detector
from andon.stats.profile import Distribution

ROOM: Final = 1.5
LEAST: Final = 1.0


@dataclass(slots=True)
class PredictionWatch:
    """open: predictions of blocks that are not full yet, by regime. distance: of the last block's mean, in its std."""

    detector: Detector = field(default_factory=lambda: Detector.begin(1))
    open: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    distance: float = 0.0

    def fold(self, rows: Iterable[tuple[float, float]], reference: Distribution, regime: str = "") -> None:
        """Rows of one regime in order: (time, finite prediction). reference: of that regime."""
        block = self.open.setdefault(regime, [])
        for row in rows:
            block.append(row)
            if len(block) == BLOCK_ROWS:
                self._close(block, reference)
                block.clear()

    def _close(self, block: list[tuple[float, float]], reference: Distribution) -> None:
        mean = sum(value for _, value in block) / BLOCK_ROWS
        self.distance = abs(mean - reference.mean) / reference.std if reference.std > 0 else float(mean != reference.mean)
        far = self.distance >= max(LEAST, ROOM * reference.wander)
        self.detector.close(np.array([float(far)]), np.array([block[0][0] if far else np.nan]))

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from; JSON."""
        return {"detector": self.detector.state(), "open": self.open, "distance": self.distance}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """The watch as it was."""
        return cls(**{**state, "detector": Detector.restore(state["detector"])})

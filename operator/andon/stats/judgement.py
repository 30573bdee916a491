"""What is known of the models, as one thing that can be taken back: rows that counted before a fault was found must not."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, Self

from andon.stats.blocks import Evidence
from andon.stats.losses import Losses, StableError
from andon.stats.paired import Paired
from andon.stats.profile import Profile

REMEMBERED: Final = 6
"""Blocks that can be taken back: a fault of a tag is found within three."""


@dataclass(slots=True)
class Judgement:
    """paired, losses: about the candidate, None without one. error: about the stable."""

    error: StableError
    paired: Paired | None = None
    losses: Losses | None = None

    @classmethod
    def begin(cls, profile: Profile, now: float) -> Self:
        """Nothing is known but what the profile says."""
        known = profile.error
        if known is None:
            return cls(StableError(None, sure=False, tolerance=UNKNOWN_TOLERANCE, epoch=now))
        tolerance = known.tolerance if known.held_out else max(known.tolerance, UNKNOWN_TOLERANCE)
        return cls(StableError(known.rmse, sure=known.held_out, tolerance=tolerance, epoch=now))

    def try_out(self, margin: float | None, now: float) -> None:
        """Another candidate, or none: evidence about candidates begins anew."""
        self.paired = None if margin is None else Paired(margin, now)
        self.losses = None if margin is None else Losses(margin, now)

    def evidence(self) -> list[Evidence]:
        """Every answer about a model."""
        parts: Sequence[Paired | Losses | StableError | None] = (self.losses, self.paired, self.error)
        return [evidence for part in parts if part is not None for evidence in part.evidence()]

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from; JSON."""
        return {
            "error": self.error.state(),
            "paired": self.paired.state() if self.paired else None,
            "losses": self.losses.state() if self.losses else None,
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """The judgement as it was; the state stays as it is, so that it can be gone back to again."""
        state = deepcopy(state)
        return cls(
            StableError(**state["error"]),
            Paired(**state["paired"]) if state["paired"] else None,
            Losses.restore(state["losses"]) if state["losses"] else None,
        )


UNKNOWN_TOLERANCE: Final = 1.5
"""Where the usual error is learned from a hundred rows: how much it moves is not known from rows that a model was fitted to."""

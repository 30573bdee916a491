"""What do the rows scored so far say, of the candidate and of every tag? All evidence of one server, block by block.

Serving folds rows as they come, replay folds recorded ones: it is the same code. The state is JSON and is kept with the row
cursor, so that after a restart no row counts twice and none is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.stats.blocks import Evidence, Rows
from andon.stats.paired import Paired, inside_support, squared_differences
from andon.stats.profile import Profile
from andon.stats.tags import TagWatch, run_limits

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trial:
    """Who is compared with whom, and how strictly. Another trial is another epoch of paired evidence."""

    stable: str
    candidate: str
    margin: float


@dataclass(slots=True)
class Ledger:
    """The evidence about tags outlives a change of models: a sensor does not heal because another model reads it."""

    watch: TagWatch | None = None
    trial: Trial | None = None
    paired: Paired | None = None

    def begin(self, tags: tuple[str, ...], trial: Trial | None, now: float) -> None:
        """Say what the next rows are evidence of. What is new starts at nothing, with now (Unix seconds) as its epoch."""
        if self.watch is None or self.watch.tags != tags:
            self.watch = TagWatch.begin(tags, now)
        if trial != self.trial:
            self.trial = trial
            self.paired = Paired(trial.margin, now) if trial else None

    def fold(self, rows: Rows, profile: Profile, max_age: float, stable: Floats, candidate: Floats | None) -> None:
        """Take in rows in order, with both models' predictions (NaN: none). profile: the stable's. max_age: seconds.

        Rows at fault in any tag, outside the support, or without the stable's own prediction are no evidence about the candidate.
        Raises ValueError before `begin`.
        """
        if self.watch is None:
            raise ValueError("begin() names the tags before rows are folded")
        sound = self.watch.fold(rows, max_age, run_limits(profile, rows.every))
        if self.paired is None or candidate is None:
            return
        inside = inside_support(profile, features(rows, profile, max_age))
        fit = sound & inside & np.isfinite(stable)
        self.paired.fold(rows.times[fit], squared_differences(stable[fit], candidate[fit], profile.rmse))

    def evidence(self) -> list[Evidence]:
        """Every answer there is."""
        return (self.paired.evidence() if self.paired else []) + (self.watch.evidence() if self.watch else [])

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from; JSON."""
        return {
            "watch": self.watch.state() if self.watch else None,
            "trial": [self.trial.stable, self.trial.candidate, self.trial.margin] if self.trial else None,
            "paired": self.paired.state() if self.paired else None,
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> "Ledger":
        """The ledger as it was."""
        return cls(
            TagWatch.restore(state["watch"]) if state["watch"] else None,
            Trial(*state["trial"]) if state["trial"] else None,
            Paired(**state["paired"]) if state["paired"] else None,
        )


def tags_of(profile: Profile) -> tuple[str, ...]:
    """The tags a model needs, each once, in the order of its features."""
    return tuple(dict.fromkeys(f.tag for f in profile.features))


def features(rows: Rows, profile: Profile, max_age: float) -> Floats:
    """The model's inputs, (rows, features) in column order; NaN where the value is missing."""
    column = {tag: i for i, tag in enumerate(rows.tags)}
    return rows.believed(max_age)[:, [column[f.tag] for f in profile.features]]

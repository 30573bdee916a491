"""Who scores rows, and what do they answer? The stable, beside it the candidate, and the reference that was stable before."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from andon.api.slots import RowSource, Slots
from andon.api.types import seconds
from andon.runtime.serve.slots.loading import Loaded
from andon.stats.blocks import Rows
from andon.stats.ledger import Trial, features
from andon.stats.profile import Profile, tags_of
from andon.stats.surroundings import Judged

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Answers:
    """What the models say of rows as they were measured. inputs: (rows, features). complete: which rows had every value.

    predictions: by slot, NaN where there is none.
    """

    inputs: Floats
    complete: Mask
    predictions: Mapping[str, Floats]

    def failures(self, slot: str) -> int:
        """Complete rows that a model gave no finite answer for."""
        return int((self.complete & np.isnan(self.predictions[slot])).sum())


@dataclass(frozen=True, slots=True)
class Panel:
    """The slots that score now, by orders that have inputs. profile: the stable's."""

    orders: Slots
    source: RowSource
    stable: Loaded
    profile: Profile
    candidate: Loaded | None = None
    reference: Loaded | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        """The columns it needs."""
        return tags_of(self.profile)

    @property
    def max_age(self) -> float:
        """Seconds after which a value counts as missing."""
        return seconds(self.source.max_age)

    @property
    def trial(self) -> Trial:
        """What is wanted to be compared, loaded or not."""
        judged = self.orders.candidate
        return Trial(self.stable.slot.digest, judged.digest if judged else None, self.orders.evidence.margin)

    @property
    def after(self) -> Trial | None:
        """The comparison that goes on after a promotion, in the roles that it began with; None without a reference."""
        former = self.orders.reference
        if former is None or former.digest == self.stable.slot.digest:
            return None
        return Trial(former.digest, self.stable.slot.digest, self.orders.evidence.margin)

    def slots(self) -> dict[str, Loaded]:
        """The models by slot."""
        held = {"stable": self.stable, "candidate": self.candidate, "reference": self.reference}
        return {slot: loaded for slot, loaded in held.items() if loaded}

    def compared(self) -> set[str]:
        """The digests of all revisions that are to be compared with another, loaded or not."""
        trials = [self.trial, self.after] if self.after else [self.trial]
        return {digest for trial in trials for digest in (trial.stable, trial.candidate) if digest}

    def answers_with(self, digest: str) -> bool:
        """Whether consumers may get answers of this revision."""
        return any(loaded and loaded.slot.digest == digest for loaded in (self.stable, self.candidate))

    def answer(self, rows: Rows) -> Answers:
        """Every slot's prediction for the rows as they were measured."""
        inputs = features(rows, self.profile, self.max_age)
        complete = np.asarray(np.isfinite(inputs).all(axis=1))
        return Answers(inputs, complete, {slot: _predict(one, inputs, complete) for slot, one in self.slots().items()})

    def judge(self, judged: Judged, answers: Answers) -> dict[str, Floats]:
        """Every slot's prediction for what it may be judged by: the models run again on repaired rows alone."""
        as_measured = judged.fit & answers.complete & ~judged.repaired
        again = judged.fit & ~as_measured
        return {
            slot: np.where(as_measured, answers.predictions[slot], _predict(loaded, judged.inputs, again))
            for slot, loaded in self.slots().items()
        }


def _predict(loaded: Loaded, inputs: Floats, which: Mask) -> Floats:
    answers = np.full(len(inputs), np.nan)
    if which.any():
        answers[which] = loaded.model.predict(inputs[which])
    return answers

"""Who scores rows, and what do they answer? The stable, and the candidate beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from andon.api.slots import LabelSource
from andon.runtime.serve.loading import Loaded
from andon.stats.blocks import Rows
from andon.stats.ledger import Trial, features
from andon.stats.profile import Profile, tags_of
from andon.stats.surroundings import Judged

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Answers:
    """What consumers get. complete: which rows had every value. predictions: by slot, NaN where there is none."""

    complete: NDArray[np.bool_]
    predictions: Mapping[str, Floats]

    def failures(self) -> int:
        """Complete rows that a model gave no finite answer for."""
        return sum(int((self.complete & np.isnan(values)).sum()) for values in self.predictions.values())


@dataclass(frozen=True, slots=True)
class Panel:
    """profile: the stable's. max_age: seconds. trial: what is wanted to be compared, loaded or not. labels: None without any."""

    stable: Loaded
    profile: Profile
    candidate: Loaded | None
    max_age: float
    trial: Trial
    labels: LabelSource | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        """The columns it needs."""
        return tags_of(self.profile)

    def slots(self) -> dict[str, Loaded]:
        """The models by slot."""
        return {"stable": self.stable} | ({"candidate": self.candidate} if self.candidate else {})

    def answer(self, rows: Rows) -> Answers:
        """Every slot's prediction for the rows as they were measured."""
        inputs = features(rows, self.profile, self.max_age)
        complete = np.asarray(np.isfinite(inputs).all(axis=1))
        return Answers(complete, {slot: _predict(loaded, inputs, complete) for slot, loaded in self.slots().items()})

    def judge(self, judged: Judged, answers: Answers) -> dict[str, Floats]:
        """Every slot's prediction for what it may be judged by: the models run again on repaired rows alone."""
        as_measured = judged.fit & answers.complete & ~judged.repaired
        again = judged.fit & ~as_measured
        return {
            slot: np.where(as_measured, answers.predictions[slot], _predict(loaded, judged.inputs, again))
            for slot, loaded in self.slots().items()
        }


def _predict(loaded: Loaded, inputs: Floats, which: NDArray[np.bool_]) -> Floats:
    answers = np.full(len(inputs), np.nan)
    if which.any():
        answers[which] = loaded.model.predict(inputs[which])
    return answers

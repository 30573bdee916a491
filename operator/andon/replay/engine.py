"""What do the rows say so far? Rows, predictions and late labels, given to the ledger in the order in which a server would."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from andon.replay.columns import Floats
from andon.replay.labels import Labels
from andon.replay.models import Model
from andon.replay.recording import Recording
from andon.stats.blocks import Evidence
from andon.stats.ledger import Ledger, Trial
from andon.stats.profile import Profile

MAX_AGE: Final = 30.0
"""Seconds; a recorded value is as old as its row, so that any limit does."""


@dataclass(slots=True)
class Engine:
    """One server's ledger, fed from files. of_stable, of_candidate: predictions per row of the recording, NaN where none.

    learnt: how many of the labels the ledger has been told.
    """

    recording: Recording
    labels: Labels
    profile: Profile
    stable: Model
    margin: float
    candidate: Model | None = None
    ledger: Ledger = field(default_factory=Ledger)
    of_stable: Floats = field(init=False)
    of_candidate: Floats = field(init=False)
    learnt: int = 0

    def __post_init__(self) -> None:
        self.of_stable = np.full(len(self.recording), np.nan)
        self.of_candidate = np.full(len(self.recording), np.nan)

    def judge(self, candidate: Model | None, row: int) -> None:
        """Who is judged beside the stable from this row on. Labels of earlier rows say nothing of another candidate."""
        self.candidate = candidate
        self.of_candidate[:] = np.nan
        trial = Trial(self.stable.digest, candidate.digest if candidate else None, self.margin)
        self.ledger.begin(self.profile, trial, float(self.recording.times[row]) / 1e6)

    def take(self, part: slice) -> None:
        """The next rows: what their tags are worth, what either model says, and the labels known when the last of them came."""
        judged = self.ledger.take(self.recording.rows(part), MAX_AGE)
        inputs = np.where(judged.fit[:, None], judged.inputs, np.nan)
        self.of_stable[part] = self.stable.predict(inputs)
        if self.candidate is not None:
            self.of_candidate[part] = self.candidate.predict(inputs)
        self.ledger.score(judged, self.of_stable[part], self.of_candidate[part] if self.candidate else None)
        self._learn(now=int(self.recording.times[part.stop - 1]))

    def _learn(self, now: int) -> None:
        known = self.labels.known(self.learnt, now)
        new, self.learnt = slice(self.learnt, known), known
        order = np.argsort(self.labels.rows[new], kind="stable")
        rows, values = self.labels.rows[new][order], self.labels.values[new][order]
        if len(rows):
            self.ledger.learn(self.recording.times[rows] / 1e6, values, self.of_stable[rows], self.of_candidate[rows])

    def evidence(self) -> list[Evidence]:
        """Every answer there is, as of the last full block."""
        return self.ledger.evidence()

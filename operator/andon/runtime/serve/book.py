"""What becomes of a portion of rows? Every slot scores it, evidence takes it in, the cursor moves: all committed at once."""

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from andon.runtime.serve.loading import Loaded
from andon.runtime.serve.rows import Portion
from andon.runtime.serve.store import Checkpoint, Prediction, Store
from andon.stats.blocks import Evidence
from andon.stats.ledger import Ledger, Trial, features, tags_of
from andon.stats.profile import Profile

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Panel:
    """Who scores, and how. profile: the stable's. max_age: seconds. trial: what is wanted to be compared, loaded or not."""

    stable: Loaded
    profile: Profile
    candidate: Loaded | None
    max_age: float
    trial: Trial | None

    @property
    def tags(self) -> tuple[str, ...]:
        """The columns it needs."""
        return tags_of(self.profile)

    def slots(self) -> dict[str, Loaded]:
        """The models by slot."""
        return {"stable": self.stable} | ({"candidate": self.candidate} if self.candidate else {})


@dataclass(frozen=True, slots=True)
class Scored:
    """One portion, done. complete: which rows had every value. predictions: by slot, NaN where there is none."""

    complete: NDArray[np.bool_]
    predictions: Mapping[str, Floats]
    evidence: list[Evidence]

    def failures(self) -> int:
        """Complete rows that a model gave no finite answer for."""
        return sum(int((self.complete & np.isnan(values)).sum()) for values in self.predictions.values())


class Book:
    """The ledger, the cursor and the store, in step. Used from one thread."""

    def __init__(self, path: Path) -> None:
        self._store = Store(path)
        self._reload()

    def _reload(self) -> None:
        """Be again what was last committed."""
        checkpoint = self._store.load()
        self.cursor_ms, self._ledger = checkpoint.cursor_ms, Ledger()
        if checkpoint.ledger is not None:
            try:
                self._ledger = Ledger.restore(checkpoint.ledger)
            except (KeyError, TypeError, ValueError) as error:
                log.warning("the checkpoint's evidence has another form and begins anew: %r", error)

    @property
    def trial(self) -> Trial | None:
        """The comparison under way."""
        return self._ledger.trial

    def take(self, portion: Portion, panel: Panel) -> Scored:
        """Score, fold, commit. Raises sqlite3.Error; whatever it raises, nothing of the portion has happened then."""
        try:
            scored = self._fold(portion, panel)
            predictions = _kept(portion, panel, scored)
            self._store.commit(Checkpoint(portion.next_ms, self._ledger.state()), predictions)
        except BaseException:
            self._reload()
            raise
        self.cursor_ms = portion.next_ms
        return scored

    def _fold(self, portion: Portion, panel: Panel) -> Scored:
        inputs = features(portion.rows, panel.profile, panel.max_age)
        complete = np.asarray(np.isfinite(inputs).all(axis=1))
        predictions = {slot: _predict(loaded, inputs, complete) for slot, loaded in panel.slots().items()}
        self._ledger.begin(panel.tags, panel.trial, time.time())
        self._ledger.fold(portion.rows, panel.profile, panel.max_age, predictions["stable"], predictions.get("candidate"))
        return Scored(complete, predictions, self._ledger.evidence())

    def predictions(self, after: int, limit: int) -> list[tuple[int, Prediction]]:
        """The newest predictions, numbered; see `Store.predictions`."""
        return self._store.predictions(after, limit)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()


def _predict(loaded: Loaded, inputs: Floats, complete: NDArray[np.bool_]) -> Floats:
    answers = np.full(len(inputs), np.nan)
    if complete.any():
        answers[complete] = loaded.model.predict(inputs[complete])
    return answers


def _kept(portion: Portion, panel: Panel, scored: Scored) -> Iterator[Prediction]:
    """What is written down: every complete row, with null where the model had no answer."""
    for slot, loaded in panel.slots().items():
        rows = zip(portion.times_ms, scored.predictions[slot].tolist(), scored.complete.tolist(), strict=True)
        for time_ms, value, complete in rows:
            if complete:
                finite = None if np.isnan(value) else value
                yield Prediction(time_ms, slot, loaded.slot.version, loaded.slot.digest, finite)

"""What becomes of a portion of rows and labels? It is scored, evidence takes it in, the cursors move: all committed at once."""

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from andon.api.types import seconds
from andon.runtime.serve.labels import Labels
from andon.runtime.serve.panel import Answers, Panel
from andon.runtime.serve.rows import Portion
from andon.runtime.serve.store import Checkpoint, Prediction, Store
from andon.runtime.serve.waiting import MOST_ROWS
from andon.stats.blocks import Evidence
from andon.stats.ledger import Ledger, Trial
from andon.stats.surroundings import Judged

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

_OTHER_FORM: Final = (KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Scored:
    """One portion, done. learned: labels that were joined with predictions."""

    answers: Answers
    learned: int
    evidence: list[Evidence]


class Book:
    """The ledger, the cursors and the store, in step. Used from one thread."""

    def __init__(self, path: Path) -> None:
        self._store = Store(path)
        self._reload()

    def _reload(self) -> None:
        """Be again what was last committed."""
        checkpoint = self._store.load()
        self.cursor_ms, self.labels_cursor, self._ledger = checkpoint.cursor_ms, checkpoint.labels, Ledger()
        if checkpoint.ledger is not None:
            try:
                self._ledger = Ledger.restore(checkpoint.ledger)
            except _OTHER_FORM as error:
                log.warning("the checkpoint's evidence has another form and begins anew: %r", error)

    @property
    def trial(self) -> Trial | None:
        """The comparison under way."""
        return self._ledger.trial

    def take(self, portion: Portion, panel: Panel, labels: Labels | None) -> Scored:
        """Score, fold, learn, commit. Raises sqlite3.Error; whatever it raises, nothing of the portion has happened then."""
        read = labels.cursor if labels else self.labels_cursor
        try:
            with self._store.transaction():
                answers, learned = self._take(portion, panel, labels)
                self._store.put(Checkpoint(portion.next_ms, self._ledger.state(), read))
        except BaseException:
            self._reload()
            raise
        self.cursor_ms, self.labels_cursor = portion.next_ms, read
        return Scored(answers, learned, self._ledger.evidence())

    def _take(self, portion: Portion, panel: Panel, labels: Labels | None) -> tuple[Answers, int]:
        answers = panel.answer(portion.rows)
        self._store.keep(_kept(portion, panel, answers))
        self._begin(panel)
        judged = self._ledger.take(portion.rows, panel.max_age)
        predictions = panel.judge(judged, answers)
        self._ledger.score(judged, predictions["stable"], predictions.get("candidate"))
        if panel.labels is None:
            return answers, 0
        self._wait(portion, panel, judged, predictions)
        return answers, self._learn(portion, panel, labels)

    def _begin(self, panel: Panel) -> None:
        """What is restored meets its profile here, and may turn out to be of another form."""
        try:
            self._ledger.begin(panel.profile, panel.trial, time.time())
        except _OTHER_FORM as error:
            log.warning("the checkpoint's evidence has another form and begins anew: %r", error)
            self._ledger = Ledger()
            self._ledger.begin(panel.profile, panel.trial, time.time())

    def _wait(self, portion: Portion, panel: Panel, judged: Judged, predictions: Mapping[str, Floats]) -> None:
        """Keep what the models said of rows that they may be judged by, until the label comes."""
        for slot, loaded in panel.slots().items():
            said = np.where(np.isfinite(predictions[slot]), predictions[slot], np.inf).tolist()
            fit = zip(portion.times_ms, said, judged.fit.tolist(), strict=True)
            self._store.waiting.judge(loaded.slot.digest, ((time_ms, value) for time_ms, value, may in fit if may))

    def _learn(self, portion: Portion, panel: Panel, labels: Labels | None) -> int:
        """Join the labels that came with what waits for them; how many."""
        waiting, until_ms = self._store.waiting, portion.next_ms
        if labels is not None:
            waiting.label(labels.values)
        joined = waiting.join(panel.trial.stable, panel.trial.candidate, until_ms)
        if len(joined.times):
            self._ledger.learn(joined.times, joined.labels, joined.stable, joined.candidate)
        most_ms = round(1000 * MOST_ROWS * portion.rows.every)
        waiting.forget(until_ms - min(_patience_ms(panel), most_ms), until_ms + most_ms)
        return len(joined.times)

    def report(self) -> dict[str, Any]:
        """All that the evidence knows; see `Ledger.report`."""
        return self._ledger.report()

    def predictions(self, after: int, limit: int) -> list[tuple[int, Prediction]]:
        """The newest predictions, numbered; see `Store.predictions`."""
        return self._store.predictions(after, limit)

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()


def _patience_ms(panel: Panel) -> int:
    """For how long a prediction waits for its label: twice as long as that may take."""
    return round(2000 * seconds(panel.labels.delay)) if panel.labels else 0


def _kept(portion: Portion, panel: Panel, answers: Answers) -> Iterator[Prediction]:
    """What is written down: every complete row, with null where the model had no answer."""
    for slot, loaded in panel.slots().items():
        rows = zip(portion.times_ms, answers.predictions[slot].tolist(), answers.complete.tolist(), strict=True)
        for time_ms, value, complete in rows:
            if complete:
                finite = None if np.isnan(value) else value
                yield Prediction(time_ms, slot, loaded.slot.version, loaded.slot.digest, finite)

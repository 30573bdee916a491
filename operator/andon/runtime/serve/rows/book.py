"""What becomes of a portion of rows and labels? It is scored, evidence takes it in, the cursors move: all committed at once."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.api.types import seconds
from andon.runtime.serve.rows.answered import Consumers, Scores
from andon.runtime.serve.rows.intake import Portion
from andon.runtime.serve.rows.journal import Entry, Journal
from andon.runtime.serve.rows.labels import Labels
from andon.runtime.serve.rows.ledgers import Ledgers
from andon.runtime.serve.rows.panel import Answers, Panel
from andon.runtime.serve.rows.store import Checkpoint, Store
from andon.runtime.serve.rows.tally import Finding
from andon.runtime.serve.rows.waiting import MOST_ROWS
from andon.runtime.serve.rows.why import explained, why
from andon.stats.ledger import Trial
from andon.stats.surroundings import Judged

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scored:
    """One portion, done. learned: labels that were joined with predictions."""

    answers: Answers
    learned: int
    findings: Sequence[Finding]


class Book:
    """The ledgers, the cursors and the store, in step. Used from one thread."""

    def __init__(self, path: Path) -> None:
        self._store = Store(path)
        self._reload()

    def _reload(self) -> None:
        """Be again what was last committed."""
        checkpoint = self._store.load()
        self.cursor_ms, self.labels_cursor = checkpoint.cursor_ms, checkpoint.labels
        self._ledgers = Ledgers(checkpoint)
        self._consumers = Consumers(self._store.journal.last_good())

    @property
    def trials(self) -> tuple[Trial | None, Trial | None]:
        """The comparisons under way: of a candidate, and after a promotion."""
        return self._ledgers.trials

    @property
    def journal(self) -> Journal:
        """What was answered, and who has been told."""
        return self._store.journal

    def transaction(self) -> AbstractContextManager[None]:
        """For what others write into the journal. Raises sqlite3.Error."""
        return self._store.transaction()

    def take(self, portion: Portion, panel: Panel, labels: Labels | None) -> Scored:
        """Score, fold, learn, commit. Raises sqlite3.Error; whatever it raises, nothing of the portion has happened then."""
        read = labels.cursor if labels else self.labels_cursor
        try:
            with self._store.transaction():
                answers, learned = self._take(portion, panel, labels)
                findings = self._ledgers.findings(panel)
                self._store.put(self._ledgers.checkpoint(Checkpoint(portion.next_ms, labels=read)))
        except BaseException:
            self._reload()
            raise
        self.cursor_ms, self.labels_cursor = portion.next_ms, read
        return Scored(answers, learned, findings)

    def _take(self, portion: Portion, panel: Panel, labels: Labels | None) -> tuple[Answers, int]:
        answers = panel.answer(portion.rows)
        self._ledgers.begin(panel, time.time())
        doubted = any(tag in panel.tags for _, tag in self._ledgers.at_fault)
        judged, predictions = self._ledgers.take(portion.rows, panel, answers)
        scores = Scores(answers, judged, predictions, doubted)
        entries = self._consumers.entries(portion, panel, scores)
        self._store.journal.keep(list(_explained(entries, panel)))
        if panel.source.labels is None:
            return answers, 0
        self._wait(portion, panel, judged, predictions)
        return answers, self._learn(portion, panel, labels)

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
        joined = waiting.join(panel.compared(), until_ms)
        if len(joined.times):
            self._ledgers.learn(joined)
        most_ms = round(1000 * MOST_ROWS * portion.rows.every)
        waiting.forget(until_ms - min(_patience_ms(panel), most_ms), until_ms + most_ms)
        return int(np.count_nonzero(~np.isnan(joined.by(panel.trial.stable))))

    def why(self, time_ms: int, panel: Panel | None) -> dict[str, Any] | None:
        """What consumers got of a row, and why; None when that is not kept."""
        return why(self._store.journal, time_ms, panel)

    def report(self) -> dict[str, Any]:
        """All that the evidence knows; see `Ledgers.report`."""
        return self._ledgers.report()

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()


def _patience_ms(panel: Panel) -> int:
    """For how long a prediction waits for its label: twice as long as that may take."""
    return round(2000 * seconds(panel.source.labels.delay)) if panel.source.labels else 0


def _explained(entries: Iterable[Entry], panel: Panel) -> Iterator[Entry]:
    """The entries, an evenly dealt share of the answers with what each feature contributed."""
    share = Decimal(panel.orders.explain.sample) if panel.orders.explain else Decimal(0)
    every_ms = round(1000 * seconds(panel.source.every))
    for entry in entries:
        said, row = entry.prediction, entry.prediction.time_ms // every_ms
        of_its_row = said.answered and said.value is not None and said.value_ms == said.time_ms
        if of_its_row and int((row + 1) * share) > int(row * share):
            yield replace(entry, explanation=explained(said, entry.given, panel))
        else:
            yield entry

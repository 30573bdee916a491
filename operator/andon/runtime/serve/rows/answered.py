"""What do consumers get for each row, and how far may they rely on it? The answer of one slot, or what stands in for it.

An input is bad when there is no value that may be used, and when evidence does not believe the value: its tag is at fault, or it
alone is out of place in its row.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from andon.api.outputs import OnBadInput
from andon.api.types import seconds
from andon.runtime.serve.rows.intake import Portion
from andon.runtime.serve.rows.journal import Entry, Given, Prediction, Quality
from andon.runtime.serve.rows.panel import Answers, Panel
from andon.runtime.serve.split import Split
from andon.stats.surroundings import Judged

INPUT_MISSING: Final = "InputMissing"
INPUT_AT_FAULT: Final = "InputAtFault"
NO_FINITE_ANSWER: Final = "NoFiniteAnswer"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scores:
    """A portion as all slots answered it. judged: the rows with what is not believed replaced; repaired: the answers to those.

    doubted: some tag was at fault when the portion began.
    """

    answers: Answers
    judged: Judged
    repaired: dict[str, Floats]
    doubted: bool


class Consumers:
    """Whoever gets what is answered. last_good: what they got last that was as it should be."""

    def __init__(self, last_good: Prediction | None) -> None:
        self.last_good = last_good

    def entries(self, portion: Portion, panel: Panel, scores: Scores) -> Iterator[Entry]:
        """The log of a portion: of every row what consumers get, and what the other slots answered in shadow."""
        split, every_ms = Split(panel.orders.weight), round(1000 * seconds(panel.source.every))
        for i, time_ms in enumerate(portion.times_ms):
            preferred = "candidate" if panel.candidate and split.for_row(time_ms, every_ms) else "stable"
            row = _Row(i, time_ms, panel, scores)
            answer, given = self._answer(row, preferred)
            yield Entry(answer, Given(portion.rows.regimes[i] if portion.rows.regimes else "", given))
            yield from (Entry(row.shadow(slot)) for slot in panel.slots() if slot != answer.slot and scores.answers.complete[i])

    def _answer(self, row: "_Row", preferred: str) -> tuple[Prediction, Floats]:
        """What consumers get of a row, and the inputs that it is of."""
        if row.fault is None:
            answer = row.sound(preferred)
            self.last_good = answer if answer.quality is Quality.GOOD else self.last_good
            return answer, row.measured
        match row.panel.orders.on_bad_input:
            case OnBadInput.FLAG:
                return row.flagged(preferred)
            case OnBadInput.LAST_GOOD if self.last_good is not None and row.panel.answers_with(self.last_good.digest):
                stands_in = replace(self.last_good, time_ms=row.time_ms, quality=Quality.UNCERTAIN, reason=row.fault)
                return stands_in, row.measured
        return row.prediction(preferred, None, Quality.BAD, row.fault), row.measured


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a portion."""

    i: int
    time_ms: int
    panel: Panel
    scores: Scores

    @property
    def measured(self) -> Floats:
        row: Floats = self.scores.answers.inputs[self.i]
        return row

    @property
    def fault(self) -> str | None:
        """What is wrong with its inputs."""
        if not self.scores.answers.complete[self.i]:
            return INPUT_MISSING
        return INPUT_AT_FAULT if self.scores.judged.repaired[self.i] or self.scores.doubted else None

    def sound(self, preferred: str) -> Prediction:
        """The answer to inputs that nothing is wrong with; the stable's where the candidate has none."""
        slot, value = self._first_finite(self.scores.answers.predictions, preferred)
        if value is None:
            return self.prediction("stable", None, Quality.BAD, NO_FINITE_ANSWER)
        return self.prediction(slot, value, Quality.GOOD, None)

    def flagged(self, preferred: str) -> tuple[Prediction, Floats]:
        """The best that can be had: of repaired inputs it is uncertain, of inputs as they came it is bad."""
        slot, value = self._first_finite(self.scores.repaired, preferred)
        if value is not None:
            return self.prediction(slot, value, Quality.UNCERTAIN, self.fault), self.scores.judged.inputs[self.i]
        slot, value = self._first_finite(self.scores.answers.predictions, preferred)
        return self.prediction(slot, value, Quality.BAD, self.fault), self.measured

    def shadow(self, slot: str) -> Prediction:
        """What a slot answered to the row as it was measured, which nobody gets."""
        value = _finite(self.scores.answers.predictions[slot][self.i])
        reason = NO_FINITE_ANSWER if value is None else self.fault
        return self.prediction(slot, value, Quality.BAD if reason else Quality.GOOD, reason, answered=False)

    def _first_finite(self, predictions: Mapping[str, Floats], preferred: str) -> tuple[str, float | None]:
        for slot in dict.fromkeys((preferred, "stable")):
            value = _finite(predictions[slot][self.i])
            if value is not None:
                return slot, value
        return "stable", None

    def prediction(
        self, slot: str, value: float | None, quality: Quality, reason: str | None, *, answered: bool = True
    ) -> Prediction:
        """It, from one of the slots."""
        loaded, asset = self.panel.slots()[slot].slot, self.panel.source.asset or self.panel.orders.deployment
        return Prediction(
            self.time_ms, asset, slot, loaded.version, loaded.digest, value, quality, reason, answered, self.time_ms
        )


def _finite(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)

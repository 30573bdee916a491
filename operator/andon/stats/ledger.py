"""What do the rows so far say, of the candidate, of the stable and of every tag? All evidence of one server, block by block.

Serving folds rows as they come, replay folds recorded ones: it is the same code. The state is JSON and is kept with the row
cursor, so that after a restart no row counts twice and none is left out.

The order of a portion is `take` (what do the tags say; which inputs may models be judged by), `score` (what the models make of
those), and later, when labels have come, `learn`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from andon.stats.blocks import BLOCK_ROWS, Evidence, Rows
from andon.stats.judgement import REMEMBERED, Judgement
from andon.stats.paired import inside_support, squared_differences
from andon.stats.predictions import PredictionWatch
from andon.stats.profile import Profile, tags_of
from andon.stats.spans import Spans
from andon.stats.surroundings import Judged, Surroundings

Floats = NDArray[np.float64]


WILD: Final = 30.0
"""Times the stable's usual error that a single row may count."""
WORST: Final = 1e200
"""The most that a squared error counts where the usual one is not known."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Who is compared with whom, and how strictly. Another trial is another epoch of paired evidence."""

    stable: str
    candidate: str | None
    margin: float


class Ledger:
    """The evidence about tags outlives a change of models: a sensor does not heal because another model reads it."""

    def __init__(self) -> None:
        """Nothing yet; `begin` says of what."""
        self.trial: Trial | None = None
        self._profile: Profile | None = None
        self._around: Surroundings | None = None
        self._judgement: Judgement | None = None
        self._predictions = PredictionWatch()
        self._earlier: list[tuple[float, dict[str, Any]]] = []
        self._repaired = Spans()
        self._taken_back = Spans()
        self._doubtful = Spans()
        self._moving = Spans()
        self._kept: dict[str, Any] | None = None

    def begin(self, profile: Profile, trial: Trial, now: float) -> None:
        """Say what the next rows are evidence of. What is new starts at nothing, with now (Unix seconds) as its epoch."""
        if profile is not self._profile:
            self._take_up(profile, now)
        judgement = self._judgement
        if judgement is None or self.trial is None or trial.stable != self.trial.stable:
            self._judgement = judgement = Judgement.begin(profile, now)
            self._predictions, self._earlier, self.trial = PredictionWatch(), [], None
        if trial != self.trial:
            judgement.try_out(trial.margin if trial.candidate else None, now)
            self.trial = trial
            self._earlier = [(self._around.last_row, judgement.state())] if self._around else []

    def _take_up(self, profile: Profile, now: float) -> None:
        kept, self._kept = self._kept, None
        if kept is not None and tuple(kept["watch"]["tags"]) == tags_of(profile):
            self._around = Surroundings.restore(profile, kept)
        elif self._around is None or self._around.tags != tags_of(profile):
            self._around = Surroundings.begin(profile, now)
        else:
            self._around = self._around.beside(profile)
        self._profile = profile

    def take(self, rows: Rows, max_age: float) -> Judged:
        """Fold what rows say of tags; what models may be judged by. max_age: seconds. Raises ValueError before `begin`."""
        around, judgement = self._ready()
        parts = []
        for portion in around.portions(rows):
            if around.at_block_end:
                self._remember(around, self._judgement or judgement)
            parts.append(around.take(portion, max_age))
            if around.at_block_end:
                self._take_back(around)
                self._doubt(around, rows.every)
        judged = Judged.joined(parts) if parts else around.take(rows, max_age)
        self._repaired.add(judged.times[judged.repaired], gap=1.5 * rows.every)
        return judged

    def _remember(self, around: Surroundings, judgement: Judgement) -> None:
        self._earlier = [*self._earlier, (around.last_row, judgement.state())][-REMEMBERED:]

    def _take_back(self, around: Surroundings) -> None:
        """What counted since a fault began that is known only now."""
        since = around.newly_found()
        if since is not None and self._earlier:
            self._taken_back.put(since, around.last_row)
            known = [(time, state) for time, state in self._earlier if time <= since] or self._earlier[:1]
            self._judgement, self._earlier = Judgement.restore(known[-1][1]), known

    def _doubt(self, around: Surroundings, every: float) -> None:
        """Rows of which labels, when they come, say nothing about the stable, or nothing of how it usually errs."""
        for spans, held in ((self._doubtful, around.suspicious), (self._moving, not around.quiet)):
            if held:
                spans.put(around.last_row - (BLOCK_ROWS - 1) * every, around.last_row, gap=1.5 * every)

    def score(self, judged: Judged, stable: Floats, candidate: Floats | None) -> None:
        """What the models predict for `judged.inputs`, NaN where there is none; candidate None: there is none."""
        around, judgement = self._ready()
        fit = judged.fit & np.isfinite(stable)
        sound = fit & ~judged.repaired
        pairs = list(zip(judged.times[sound].tolist(), stable[sound].tolist(), strict=True))
        self._predictions.fold(pairs, around.regime.prediction)
        usual = judgement.error.expected
        if judgement.paired is None or candidate is None or usual is None:
            return
        fit &= inside_support(around.profile, judged.inputs) & ~self._taken_back.covers(judged.times)
        judgement.paired.fold(judged.times[fit], squared_differences(stable[fit], candidate[fit], usual))

    def learn(self, times: Floats, labels: Floats, stable: Floats, candidate: Floats) -> None:
        """Labels that have come, in order of their rows' times, with what the models predicted for `judged.inputs` of those rows.

        A prediction is NaN where there is none, infinite where a model's answer was not finite. Rows without the stable's own say
        nothing, nor do those taken back since.
        """
        _, judgement = self._ready()
        known = np.isfinite(labels) & np.isfinite(stable) & ~self._taken_back.covers(times)
        most = (WILD * judgement.error.expected) ** 2 if judgement.error.expected else WORST
        of_stable, of_candidate = _squared(stable - labels, most), _squared(candidate - labels, most)
        sound = known & ~self._repaired.covers(times) & ~self._doubtful.covers(times)
        judgement.error.fold(_listed(sound, times, of_stable, ~self._moving.covers(times)))
        if judgement.losses is not None:
            judgement.losses.fold(_listed(known & ~np.isnan(candidate), times, of_candidate, of_stable))

    def _ready(self) -> tuple[Surroundings, Judgement]:
        if self._around is None or self._judgement is None:
            raise ValueError("begin() names profile and trial before rows are folded")
        return self._around, self._judgement

    def _spans(self) -> tuple[Spans, ...]:
        return self._repaired, self._taken_back, self._doubtful, self._moving

    def evidence(self) -> list[Evidence]:
        """Every answer there is."""
        if self._around is None or self._judgement is None:
            return []
        return [*self._judgement.evidence(), *self._around.evidence(self._predictions)]

    def report(self) -> dict[str, Any]:
        """Everything that is known, for people and their tools; JSON."""
        if self._around is None:
            return {"evidence": [], "history": {}}
        return {
            "evidence": [asdict(one) for one in self.evidence()],
            "blocksOfReference": self._around.profile.blocks,
            "notBelieved": [tag for tag, sound in zip(self._around.tags, self._around.believed, strict=True) if not sound],
            "history": self._around.history.report(self._around.tags),
        }

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from; JSON. Empty before the first row."""
        if self._around is None or self._judgement is None or self.trial is None:
            return {}
        return {
            "around": self._around.state(),
            "judgement": self._judgement.state(),
            "predictions": self._predictions.state(),
            "earlier": self._earlier,
            "spans": [spans.known for spans in self._spans()],
            "trial": [self.trial.stable, self.trial.candidate, self.trial.margin],
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The ledger as it was; `begin` brings the profile. Raises KeyError, TypeError or ValueError on another form."""
        one = cls()
        if not state:
            return one
        one._kept = state["around"]
        one._judgement = Judgement.restore(state["judgement"])
        one._predictions = PredictionWatch.restore(state["predictions"])
        one._earlier = [(time, earlier) for time, earlier in state["earlier"]]
        for spans, known in zip(one._spans(), state["spans"], strict=True):
            spans.known = [(first, last) for first, last in known]
        one.trial = Trial(*state["trial"])
        return one


def features(rows: Rows, profile: Profile, max_age: float) -> Floats:
    """The model's inputs as measured, (rows, features) in column order; NaN where the value is missing."""
    column = {tag: i for i, tag in enumerate(rows.tags)}
    return rows.believed(max_age)[:, [column[f.tag] for f in profile.features]]


def _squared(errors: Floats, most: float) -> Floats:
    """Squared errors, none above the most: one absurd label must not outweigh a thousand, and JSON has no infinity."""
    with np.errstate(over="ignore"):
        return np.minimum(np.square(errors), most)


def _listed(chosen: NDArray[np.bool_], *columns: NDArray[Any]) -> list[Any]:
    """The chosen rows as tuples."""
    return list(zip(*(column[chosen].tolist() for column in columns), strict=True))

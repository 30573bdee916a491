"""What do the rows so far say, of the candidate, of the stable and of every tag? All evidence of one server, block by block.

Serving folds rows as they come, replay folds recorded ones: it is the same code. The state is JSON and is kept with the row
cursor, so that after a restart no row counts twice and none is left out.

The order of a portion is `take` (what do the tags say; which inputs may models be judged by), `score` (what the models make of
those), and later, when labels have come, `learn`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import compress, groupby
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from andon.api.evidence import UNKNOWN_REGIME
from andon.api.types import seconds
from andon.stats.blocks import Evidence, Rows
from andon.stats.judgement import Judgement
from andon.stats.labels import LabelWatch, Limits
from andon.stats.paired import squared_differences
from andon.stats.predictions import PredictionWatch
from andon.stats.profile import Profile, tags_of
from andon.stats.spans import Spans
from andon.stats.surroundings import Judged, Surroundings
from andon.stats.whereabouts import Whereabouts

Floats = NDArray[np.float64]


REMEMBERED: Final = 6
MOST_REMEMBERED: Final = 24
"""Blocks that can be taken back, for each regime and in all: a fault of a tag is found within three blocks of one regime."""
WILD: Final = 30.0
"""Times the stable's usual error that a single row may count."""
LABEL: Final = "label"
"""The subject of what is said of labels whose tag the profile does not name."""
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
        self._labels = LabelWatch()
        self._whereabouts = Whereabouts()
        self._every, self._finer = 0.0, 1.0
        self._limits: Limits | None = None
        self._earlier: list[tuple[float, dict[str, Any]]] = []
        self._repaired = Spans()
        self._taken_back = Spans()
        self._doubtful = Spans()
        self._moving = Spans()
        self._shifted = Spans()
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
            self._around, self._labels = Surroundings.begin(profile, now), LabelWatch()
        else:
            self._around = self._around.beside(profile)
        self._profile, self._every, self._limits = profile, 0.0, None

    def take(self, rows: Rows, max_age: float) -> Judged:
        """Fold what rows say of tags; what models may be judged by. max_age: seconds. Raises ValueError before `begin`."""
        around, judgement = self._ready()
        self._whereabouts.add(rows.times, rows.regimes or ("",) * len(rows))
        if rows.every != self._every:
            self._every, self._finer, self._limits = rows.every, seconds(around.profile.every) / rows.every, None
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
        most = min(REMEMBERED * len(around.profile.regimes), MOST_REMEMBERED)
        self._earlier = [*self._earlier, (around.last_row, judgement.state())][-most:]

    def _take_back(self, around: Surroundings) -> None:
        """What counted since a fault began that is known only now."""
        since = around.newly_found()
        if since is not None and self._earlier:
            self._taken_back.put(since, around.last_row)
            known = [(time, state) for time, state in self._earlier if time <= since] or self._earlier[:1]
            self._judgement, self._earlier = Judgement.restore(known[-1][1]), known

    def _doubt(self, around: Surroundings, every: float) -> None:
        """Rows of which labels, when they come, say nothing about the stable, or nothing of how it usually errs."""
        told = ((self._doubtful, around.suspicious), (self._moving, not around.quiet), (self._shifted, around.shifted))
        for spans, held in told:
            if held:
                spans.put(around.since, around.last_row, gap=1.5 * every)

    def score(self, judged: Judged, stable: Floats, candidate: Floats | None) -> None:
        """What the models predict for `judged.inputs`, NaN where there is none; candidate None: there is none."""
        around, judgement = self._ready()
        names = self._whereabouts.at(judged.times)
        fit = judged.fit & np.isfinite(stable)
        self._watch_predictions(around, names, judged.times, np.where(fit & ~judged.repaired, stable, np.nan))
        if judgement.paired is None or candidate is None:
            return
        usual = judgement.errors.expected(names, around.profile)
        fit &= np.isfinite(usual) & around.inside_support(judged.inputs) & ~self._taken_back.covers(judged.times)
        squares = squared_differences(stable, candidate, usual)
        judgement.paired.fold(_chosen(names, fit), _listed(fit, judged.times, squares))

    def _watch_predictions(self, around: Surroundings, names: list[str], times: Floats, predictions: Floats) -> None:
        """predictions: NaN where nothing is to be told of one."""
        there = np.isfinite(predictions)
        rows = zip(_chosen(names, there), _listed(there, times, predictions), strict=True)
        for name, run in groupby(rows, key=lambda row: row[0]):
            if name != UNKNOWN_REGIME:
                self._predictions.fold((row for _, row in run), around.regime(name).prediction, name)

    def learn(self, times: Floats, labels: Floats, stable: Floats, candidate: Floats) -> None:
        """Labels that have come, in order of their rows' times, with what the models predicted for `judged.inputs` of those rows.

        A prediction is NaN where there is none, infinite where a model's answer was not finite. Rows without the stable's own say
        nothing, nor do those taken back since, nor labels that are not to be believed.
        """
        around, judgement = self._ready()
        names, profile = self._whereabouts.at(times), around.profile
        sound = self._believe(around, times, np.where(np.isfinite(stable), labels, np.nan))
        known = sound & np.isfinite(stable) & ~self._taken_back.covers(times)
        usual = judgement.errors.expected(names, profile)
        most = np.where(usual > 0, (WILD * usual) ** 2, WORST)
        of_stable, of_candidate = _squared(stable, labels, most), _squared(candidate, labels, most)
        calm = known & ~self._repaired.covers(times) & ~self._doubtful.covers(times)
        judgement.errors.fold(_chosen(names, calm), _listed(calm, times, of_stable, ~self._moving.covers(times)), profile)
        if judgement.losses is not None:
            both = known & ~np.isnan(candidate)
            judgement.losses.fold(_chosen(names, both), _listed(both, times, of_candidate, of_stable))

    def _believe(self, around: Surroundings, times: Floats, labels: Floats) -> NDArray[np.bool_]:
        """Which labels are no fault of their own tag."""
        if self._limits is None and around.profile.label is not None:
            self._limits = Limits.of(around.profile.label, self._finer)
        moved = self._shifted.covers(times) | ((times > around.last_row) & around.shifted)
        sound = self._labels.fold(times, labels, moved, self._limits)
        self._labels.settle(around.last_row, self._shifted.covers)
        return sound

    def _ready(self) -> tuple[Surroundings, Judgement]:
        if self._around is None or self._judgement is None:
            raise ValueError("begin() names profile and trial before rows are folded")
        return self._around, self._judgement

    def _spans(self) -> tuple[Spans, ...]:
        return self._repaired, self._taken_back, self._doubtful, self._moving, self._shifted

    def evidence(self) -> list[Evidence]:
        """Every answer there is."""
        if self._around is None or self._judgement is None:
            return []
        around = self._around
        of_label = self._labels.evidence(around.profile.target or LABEL, around.epoch)
        return [*self._judgement.evidence(), *around.evidence(self._predictions), *of_label]

    def report(self) -> dict[str, Any]:
        """Everything that is known, for people and their tools; JSON."""
        if self._around is None or self._judgement is None:
            return {"evidence": [], "history": {}}
        return {
            "evidence": [asdict(one) for one in self.evidence()],
            "blocksOfReference": self._around.profile.blocks,
            "notBelieved": [tag for tag, sound in zip(self._around.tags, self._around.believed, strict=True) if not sound],
            "rows": self._around.report(),
            "labelsNotBelieved": self._labels.refused,
            "regimes": self._judgement.report(),
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
            "labels": self._labels.state(),
            "whereabouts": asdict(self._whereabouts),
            "finer": self._finer,
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
        one._labels = LabelWatch.restore(state["labels"])
        one._whereabouts = Whereabouts(**state["whereabouts"])
        one._finer = state["finer"]
        one._earlier = [(time, earlier) for time, earlier in state["earlier"]]
        for spans, known in zip(one._spans(), state["spans"], strict=True):
            spans.known = [(first, last) for first, last in known]
        one.trial = Trial(*state["trial"])
        return one


def features(rows: Rows, profile: Profile, max_age: float) -> Floats:
    """The model's inputs as measured, (rows, features) in column order; NaN where the value is missing."""
    column = {tag: i for i, tag in enumerate(rows.tags)}
    return rows.believed(max_age)[:, [column[f.tag] for f in profile.features]]


def _squared(said: Floats, labels: Floats, most: Floats) -> Floats:
    """Squared errors, none above the most: one absurd label must not outweigh a thousand, and JSON has no infinity."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.minimum(np.square(said - labels), most)


def _chosen(names: list[str], chosen: NDArray[np.bool_]) -> list[str]:
    return list(compress(names, chosen.tolist()))


def _listed(chosen: NDArray[np.bool_], *columns: NDArray[Any]) -> list[Any]:
    """The chosen rows as tuples."""
    return list(zip(*(column[chosen].tolist() for column in columns), strict=True))

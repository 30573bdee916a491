"""Which inputs may models be judged by, and what do the rows say of the tags? Everything but the models.

A tag that is at fault, and a value that alone is out of place in its row, is replaced by what the other tags say of it: two sound
models lose the same by that, and a bad one stays bad. Rows of a regime that the reference does not know, or that still settle,
and rows of which too much is missing, are evidence of nothing.

Every twenty rows evidence is told. What tags say beside each other is told from twenty rows of one regime, see `gathered`.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isnan
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from andon.api.evidence import (
    FIT,
    MOVED,
    OFF_SUPPORT,
    PREDICTION,
    REFERENCE,
    REGIME,
    ROWS,
    SETTLING,
    SHIFT,
    UNKNOWN_REGIME,
)
from andon.stats.blocks import BLOCK_ROWS, Evidence, Rows
from andon.stats.frame import Frame
from andon.stats.gathered import Gathered, absurd
from andon.stats.history import History
from andon.stats.inputs import OF_TAGS, Block, InputsWatch
from andon.stats.paired import wide_support
from andon.stats.predictions import PredictionWatch
from andon.stats.profile import Profile, RegimeReference, tags_of
from andon.stats.repair import Doubts, repaired
from andon.stats.tags import QUESTIONS, TagWatch, run_limits

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

MOST_REPAIRED: Final = 0.25
"""Of a row's tags that may be replaced, or one of them, as long as another is left; with more of them the row is nobody's."""
SUSPICIOUS: Final = 0.6
"""Share of its limit that a tag may be off on average before errors of the model are put down to it rather than to the model."""
MOST_MOVED: Final = 5
"""Tags named for a movement of the plant: more are read by nobody."""
WORTH_NAMING: Final = 1.0
"""Standard deviations of the reference."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows that models may be judged by. inputs: (rows, features). fit: they may. repaired: some value was replaced."""

    times: Floats
    inputs: Floats
    fit: Mask
    repaired: Mask

    @classmethod
    def joined(cls, parts: "list[Judged]") -> "Judged":
        """Several portions as one."""
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("times", "inputs", "fit", "repaired")))


_OF_ANY_PROFILE: Final = (
    *("block", "last_row", "since", "history"),
    *("_found", "_times", "_begun", "_compared", "_lately", "_fits", "_unfit"),
)
"""What is known of the same tags whatever they are held against."""
TOO_MANY: Final = "TooManyTagsAtFault"
MISSING: Final = "Missing"


class Surroundings:
    """The tags of one profile, in the order of `tags_of`."""

    def __init__(self, profile: Profile, watch: TagWatch, inputs: InputsWatch, epoch: float) -> None:
        """See `begin` and `restore`."""
        self.profile = profile
        self.tags = tags_of(profile)
        self.epoch = epoch
        self.block = 0
        self.last_row = 0.0
        self.history = History()
        self._regimes = {r.name: (r, Frame.of(r)) for r in profile.regimes}
        self._columns = [self.tags.index(f.tag) for f in profile.features]
        self._support = wide_support(profile)
        self._wide = [bound[self._columns] for bound in self._support]
        self._watch = watch
        self._inputs = inputs
        self._times: list[float] = []
        self._gathered: dict[str, Gathered] = {}
        self._begun = -np.inf
        self.since = -np.inf
        self._compared = 0
        self._lately: deque[str] = deque(maxlen=BLOCK_ROWS)
        self._fits: deque[bool] = deque(maxlen=BLOCK_ROWS)
        self._unfit: Counter[str] = Counter()
        self._found: set[tuple[str, str]] = set()
        self._of_blocks: dict[str, Any] | None = None
        self._of_tags: list[Evidence] | None = None
        self._new: float | None = None
        self._runs: tuple[float, dict[str, float]] | None = None

    @classmethod
    def begin(cls, profile: Profile, now: float) -> Self:
        """Nothing seen yet. now: Unix seconds."""
        tags = tags_of(profile)
        return cls(profile, TagWatch.begin(tags), InputsWatch.begin(len(tags)), now)

    def beside(self, profile: Profile) -> "Surroundings":
        """The same evidence, held against another profile of the same tags from now on."""
        other = Surroundings(profile, self._watch, self._inputs, self.epoch)
        for name in _OF_ANY_PROFILE:
            setattr(other, name, getattr(self, name))
        return other

    def regime(self, name: str) -> RegimeReference:
        """Raises KeyError where the profile knows none of this name."""
        return self._regimes[name][0]

    @property
    def believed(self) -> Mask:
        """Tags that are not at fault."""
        return np.asarray(
            ~(self._watch.detector.at_fault.any(axis=0) | self._inputs.of_tags.at_fault.any(axis=0)), dtype=np.bool_
        )

    @property
    def suspicious(self) -> bool:
        """Whether a tag has lately been off by so much that it may be why a model errs."""
        return bool((self._inputs.lately > SUSPICIOUS).any()) or not self.believed.all()

    @property
    def quiet(self) -> bool:
        """Whether the last block moved as the reference does."""
        return not (self._inputs.of_rows.share > 0)[0]

    @property
    def shifted(self) -> bool:
        """Whether the plant moves, or has just stopped to."""
        return bool(self._inputs.of_rows.log_e[0] > 0)

    @property
    def at_block_end(self) -> bool:
        """Whether the last row closed a block."""
        return not self._times

    def inside_support(self, inputs: Floats) -> Mask:
        """Which rows lie where the reference has been. inputs: (rows, features); NaN is outside."""
        low, high = self._wide
        return np.asarray(((inputs >= low) & (inputs <= high)).all(axis=1))

    def portions(self, rows: Rows) -> Iterator[Rows]:
        """The rows, cut where blocks end."""
        first = 0
        while first < len(rows):
            last = min(first + BLOCK_ROWS - len(self._times), len(rows))
            yield rows.part(first, last)
            first = last

    def take(self, rows: Rows, max_age: float) -> Judged:
        """Rows that do not reach beyond the open block."""
        rows = rows.columns(self.tags)
        found = self._watch.fold(rows, max_age, self._longest_runs(rows.every))
        values = rows.believed(max_age)
        names = rows.regimes or ("",) * len(rows)
        inputs, replaced, fit = values.copy(), np.zeros(values.shape, dtype=np.bool_), np.zeros(len(rows), dtype=np.bool_)
        for name in dict.fromkeys(n for n in names if n in self._regimes):
            mine = _where(names, name)
            inputs[mine], replaced[mine], fit[mine] = self._gather(name, rows.times[mine], values[mine], found[mine])
        self._count(names, fit, values)
        self._times += rows.times.tolist()
        if len(self._times) == BLOCK_ROWS:
            self._close()
        return Judged(rows.times, inputs[:, self._columns], fit, np.asarray(replaced.any(axis=1)))

    def _gather(self, name: str, times: Floats, values: Floats, found: Mask) -> tuple[Floats, Mask, Mask]:
        """Rows of one regime as models may be judged by them, where values were replaced for it, and of which rows they may."""
        frame, outside = self._regimes[name][1], self._outside(values)
        z = frame.structure.standard(values)
        odd = found | absurd(z, outside)
        inputs, replaced = repaired(frame, z, values, Doubts(odd, self.believed, self._inputs.moved))
        fit = np.asarray(replaced.sum(axis=1) <= self._most_repaired)
        self._gathered.setdefault(name, Gathered()).add(times, z, odd, outside, fit)
        return inputs, replaced, fit

    def _outside(self, values: Floats) -> Mask:
        low, high = self._support
        with np.errstate(invalid="ignore"):
            return np.asarray((values < low) | (values > high))

    @property
    def _most_repaired(self) -> int:
        return min(max(int(MOST_REPAIRED * len(self.tags)), 1), len(self.tags) - 1)

    def _count(self, names: tuple[str, ...], fit: Mask, values: Floats) -> None:
        """Which rows may be judged by, and why the others may not."""
        known = [n if n in self._regimes else SETTLING if n == SETTLING else UNKNOWN_REGIME for n in names]
        self._lately.extend(known)
        self._fits.extend(fit.tolist())
        for i in np.flatnonzero(~fit).tolist():
            why = MISSING if np.isnan(values[i]).sum() > self._most_repaired else TOO_MANY
            self._unfit[known[i] if known[i] not in self._regimes else why] += 1

    def _longest_runs(self, every: float) -> dict[str, float]:
        if self._runs is None or self._runs[0] != every:
            self._runs = (every, run_limits(self.profile, every))
        return self._runs[1]

    def _close(self) -> None:
        self._of_blocks = self._of_tags = None
        self.block, self.last_row, self.since = self.block + 1, self._times[-1], self._times[0]
        self._times = []
        self._watch.close()
        blocks = [(name, gathered.cut()) for name, gathered in self._gathered.items() if gathered.full]
        lengths = [self._read(name, block) for name, block in sorted(blocks, key=lambda one: one[1].times[-1])]
        self._notice(max(lengths, default=0.0))

    def _read(self, name: str, block: Gathered) -> float:
        """Hold a block against its regime. For how many seconds what is found in it may have been so: before that began the block
        that was read before it, of another regime perhaps, and said what was to be said then."""
        begun, self._begun = max(block.times[0], self._begun), block.times[0]
        self.since = min(self.since, begun)
        self._compared += sum(block.fit)
        frame, measured, believed = self._regimes[name][1], np.array(block.z, dtype=np.float64), self.believed
        outside, found = np.array(block.outside), np.array(block.found)
        sound = np.where(found, np.nan, measured)
        self._inputs.close(frame, Block(begun, sound, outside, absurd(measured, outside), believed))
        self.history.add(block.times[-1], frame.structure, measured, np.where(believed, sound, np.nan), self._inputs)
        return block.times[-1] - begun

    def _notice(self, length: float) -> None:
        """Which tags are at fault since this block, and since when their oldest such fault may have begun. length: of a block, in
        seconds: what is told from block means may have begun in the block before."""
        now = {
            (question, tag): float(detector.first_bad[q, t]) - before
            for detector, questions, before in (
                (self._watch.detector, QUESTIONS, 0.0),
                (self._inputs.of_tags, OF_TAGS, length),
            )
            for q, question in enumerate(questions)
            for t, tag in enumerate(self.tags)
            if detector.at_fault[q, t]
        }
        fresh = [first for key, first in now.items() if key not in self._found and not np.isnan(first)]
        self._found, self._new = set(now), min(fresh, default=None)

    def newly_found(self) -> float | None:
        """Since when a tag is at fault that was found to be so by the last block; None when there is no such tag."""
        return self._new

    def evidence(self, predictions: PredictionWatch) -> list[Evidence]:
        """Every question about tags, inputs and predictions, once a block is full."""
        if self.block == 0:
            return []
        inputs, said = self._inputs, self._said
        of_rows = zip(
            (SHIFT, OFF_SUPPORT), inputs.of_rows.log_e, (inputs.deviation, inputs.outside), inputs.of_rows.first_bad, strict=True
        )
        of_prediction = predictions.detector
        return [
            *(said(q, "inputs", float(e), float(v), float(f)) for q, e, v, f in of_rows),
            said(PREDICTION, PREDICTION, float(of_prediction.log_e[0]), predictions.distance, float(of_prediction.first_bad[0])),
            *(said(REGIME, name, 0.0, n / len(self._lately)) for name, n in Counter(n or "all" for n in self._lately).items()),
            said(REFERENCE, "blocks", 0.0, float(self.profile.blocks)),
            replace(said(FIT, ROWS, 0.0, sum(self._fits) / len(self._fits)), rows=self._compared),
            *(said(MOVED, tag, 0.0, far) for tag, far in self._farthest()),
            *self._about_tags(),
        ]

    def _farthest(self) -> list[tuple[str, float]]:
        """The believed tags in which a movement shows most, the farthest first; none while the plant is where it was."""
        if not self.shifted:
            return []
        far = np.where(self.believed, np.abs(self._inputs.lies), 0.0)
        return [(self.tags[t], float(far[t])) for t in np.argsort(-far)[:MOST_MOVED] if far[t] > WORTH_NAMING]

    def _about_tags(self) -> list[Evidence]:
        if self._of_tags is None:
            watch, inputs = self._watch.detector, self._inputs
            parts = (
                (watch, QUESTIONS, watch.share),
                (inputs.of_tags, OF_TAGS, np.stack([inputs.of_tags.share[0], inputs.off, inputs.noisy])),
            )
            self._of_tags = [
                self._said(question, tag, log_e, value, first)
                for detector, questions, values in parts
                for question, *rows in zip(questions, detector.log_e, values, detector.first_bad, strict=True)
                for tag, log_e, value, first in zip(self.tags, *(row.tolist() for row in rows), strict=True)
            ]
        return self._of_tags

    def _said(self, question: str, subject: str, log_e: float, value: float, first: float = np.nan) -> Evidence:
        begun, rows = None if isnan(first) else first, self.block * BLOCK_ROWS
        return Evidence(question, subject, log_e, rows, self.block, self.epoch, value, self.last_row, begun)

    def report(self) -> dict[str, Any]:
        """Which rows models may be judged by, and why not by others; JSON. waiting: for a block of their regime to be full."""
        waiting = {name: len(gathered.times) for name, gathered in self._gathered.items() if gathered.times}
        return {"fit": self._compared, "unfit": dict(self._unfit), "waiting": waiting}

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from; JSON."""
        return {
            "watch": self._watch.state(),
            "blocks": self._block_state(),
            "open": self._times,
            "gathered": {name: gathered.state() for name, gathered in self._gathered.items() if gathered.times},
            "lately": [list(self._lately), list(self._fits)],
            "unfit": dict(self._unfit),
            "found": sorted(self._found),
            "numbers": [self.epoch, self.block, self.last_row, self._compared],
            "since": [_or_none(self._begun), _or_none(self.since)],
        }

    def _block_state(self) -> dict[str, Any]:
        """What changes with blocks only: most of it, and rows may be committed one by one."""
        if self._of_blocks is None:
            self._of_blocks = {"detector": self._watch.detector.state(), "inputs": self._inputs.state()}
        return self._of_blocks

    @classmethod
    def restore(cls, profile: Profile, state: dict[str, Any]) -> Self:
        """The surroundings as they were."""
        epoch, block, last_row, compared = state["numbers"]
        watch = TagWatch.restore(state["watch"], state["blocks"]["detector"])
        one = cls(profile, watch, InputsWatch.restore(state["blocks"]["inputs"]), epoch)
        one._times = state["open"]
        one._gathered = {name: Gathered.restore(kept) for name, kept in state["gathered"].items() if name in one._regimes}
        one._lately.extend(state["lately"][0])
        one._fits.extend(state["lately"][1])
        one._unfit.update(state["unfit"])
        one._found = {(question, tag) for question, tag in state["found"]}
        one.block, one.last_row, one._compared = block, last_row, compared
        one._begun, one.since = (-np.inf if v is None else v for v in state["since"])
        return one


def _where(names: tuple[str, ...], name: str) -> slice | Mask:
    """Rows of this regime: mostly it is that of all."""
    return slice(None) if names.count(name) == len(names) else np.array([n == name for n in names], dtype=np.bool_)


def _or_none(time: float) -> float | None:
    return None if time == -np.inf else time

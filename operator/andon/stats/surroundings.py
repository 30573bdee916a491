"""Which inputs may models be judged by, and what do the rows say of the tags? Everything but the models.

A tag that is at fault, and a value that alone is out of place in its row, is replaced by what the other tags say of it: two sound
models lose the same by that, and a bad one stays bad. Rows of a regime that the reference does not know, or that still settle,
and rows of which too much is missing, are evidence of nothing.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from andon.api.evidence import OFF_SUPPORT, PREDICTION, REFERENCE, REGIME, SETTLING, SHIFT, UNKNOWN_REGIME
from andon.stats.blocks import BLOCK_ROWS, Evidence, Rows
from andon.stats.frame import Frame
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
"""Of a row's tags that may be replaced; with more of them the row is nobody's."""
SUSPICIOUS: Final = 0.6
"""Share of its limit that a tag may be off on average before errors of the model are put down to it rather than to the model."""


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


@dataclass(slots=True)
class OpenBlock:
    """Rows of the block that is not full yet."""

    times: list[float] = field(default_factory=list)
    regimes: list[str] = field(default_factory=list)
    z: list[list[float]] = field(default_factory=list)
    found: list[list[bool]] = field(default_factory=list)
    outside: list[list[bool]] = field(default_factory=list)


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
        self._regime = profile.regimes[0].name
        self._columns = [self.tags.index(f.tag) for f in profile.features]
        self._support = wide_support(profile)
        self._watch = watch
        self._inputs = inputs
        self._open = OpenBlock()
        self._lately: deque[str] = deque(maxlen=BLOCK_ROWS)
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
        other.block, other.last_row, other.history, other._found = self.block, self.last_row, self.history, self._found
        return other

    @property
    def regime(self) -> RegimeReference:
        """The regime of the newest row that was of a known one."""
        return self._regimes[self._regime][0]

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
    def at_block_end(self) -> bool:
        """Whether the last row closed a block."""
        return not self._open.times

    def portions(self, rows: Rows) -> Iterator[Rows]:
        """The rows, cut where blocks end."""
        first = 0
        while first < len(rows):
            last = min(first + BLOCK_ROWS - len(self._open.times), len(rows))
            yield rows.part(first, last)
            first = last

    def take(self, rows: Rows, max_age: float) -> Judged:
        """Rows that do not reach beyond the open block."""
        rows = rows.columns(self.tags)
        found = self._watch.fold(rows, max_age, self._longest_runs(rows.every))
        believed = rows.believed(max_age)
        names = rows.regimes or ("",) * len(rows)
        z, inputs, replaced = np.full(believed.shape, np.nan), believed.copy(), np.zeros(believed.shape, dtype=np.bool_)
        for name in dict.fromkeys(n for n in names if n in self._regimes):
            mine, frame = np.array([n == name for n in names]), self._regimes[name][1]
            z[mine] = frame.structure.standard(believed[mine])
            doubts = Doubts(found[mine], self.believed, self._inputs.moved)
            inputs[mine], replaced[mine] = repaired(frame, z[mine], believed[mine], doubts)
        self._regime = next((n for n in reversed(names) if n in self._regimes), self._regime)
        known = np.array([n in self._regimes for n in names], dtype=np.bool_)
        fit: Mask = known & (replaced.mean(axis=1) <= MOST_REPAIRED) & np.isfinite(inputs).all(axis=1)
        self._keep(rows, names, z, found, believed)
        return Judged(rows.times, inputs[:, self._columns], fit, np.asarray(replaced.any(axis=1)))

    def _longest_runs(self, every: float) -> dict[str, float]:
        if self._runs is None or self._runs[0] != every:
            self._runs = (every, run_limits(self.profile, every))
        return self._runs[1]

    def _keep(self, rows: Rows, names: tuple[str, ...], z: Floats, found: Mask, values: Floats) -> None:
        low, high = self._support
        with np.errstate(invalid="ignore"):
            outside = (values < low) | (values > high)
        block = self._open
        block.times += rows.times.tolist()
        block.regimes += names
        block.z += z.tolist()
        block.found += found.tolist()
        block.outside += outside.tolist()
        self._lately.extend(n if n in self._regimes else SETTLING if n == SETTLING else UNKNOWN_REGIME for n in names)
        if len(block.times) == BLOCK_ROWS:
            self._close()

    def _close(self) -> None:
        block, self._open = self._open, OpenBlock()
        self._of_blocks = self._of_tags = None
        self.block, self.last_row = self.block + 1, block.times[-1]
        self._watch.close()
        if len(set(block.regimes)) == 1 and block.regimes[0] in self._regimes:
            self._read(self._regimes[block.regimes[0]][1], block)
        self._notice(block.times[-1] - block.times[0])

    def _read(self, frame: Frame, block: OpenBlock) -> None:
        measured, believed = np.array(block.z, dtype=np.float64), self.believed
        sound = np.where(np.array(block.found), np.nan, measured)
        self._inputs.close(frame, Block(np.array(block.times), sound, np.array(block.outside), believed))
        self.history.add(block.times[-1], frame.structure, measured, np.where(believed, sound, np.nan), self._inputs)

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
            *self._about_tags(),
        ]

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
        begun, rows = None if np.isnan(first) else first, self.block * BLOCK_ROWS
        return Evidence(question, subject, log_e, rows, self.block, self.epoch, value, self.last_row, begun)

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from; JSON."""
        block = self._open
        return {
            "watch": self._watch.state(),
            "blocks": self._block_state(),
            "open": [block.times, block.regimes, _without_nan(block.z), block.found, block.outside],
            "lately": list(self._lately),
            "found": sorted(self._found),
            "numbers": [self.epoch, self.block, self.last_row, self._regime],
        }

    def _block_state(self) -> dict[str, Any]:
        """What changes with blocks only: most of it, and rows may be committed one by one."""
        if self._of_blocks is None:
            self._of_blocks = {"detector": self._watch.detector.state(), "inputs": self._inputs.state()}
        return self._of_blocks

    @classmethod
    def restore(cls, profile: Profile, state: dict[str, Any]) -> Self:
        """The surroundings as they were."""
        epoch, block, last_row, regime = state["numbers"]
        watch = TagWatch.restore(state["watch"], state["blocks"]["detector"])
        one = cls(profile, watch, InputsWatch.restore(state["blocks"]["inputs"]), epoch)
        times, regimes, z, found, outside = state["open"]
        one._open = OpenBlock(times, regimes, np.array(z, dtype=np.float64).tolist(), found, outside)
        one._lately.extend(state["lately"])
        one._found = {(question, tag) for question, tag in state["found"]}
        one.block, one.last_row = block, last_row
        one._regime = regime if regime in one._regimes else one._regime
        return one


def _without_nan(rows: list[list[float]]) -> list[list[float | None]]:
    return [[None if np.isnan(v) else v for v in row] for row in rows]

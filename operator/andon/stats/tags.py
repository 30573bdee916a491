"""Is a tag to be believed? Per tag: stuck, missing, or of bad status, each with evidence that comes and goes.

A block's value is the share of its rows at fault; the claim that is bet against is "at most 5 % of a sound tag's rows are". A
fault may begin at any time and end again, so this is not one e-process but an e-detector: each bet starts again from 1
whenever it has fallen below (CUSUM), so that months of sound rows do not have to be won back first. On a sound tag such a
detector reaches 1/a after 1/a blocks or more on average. Shin, Ramdas and Rinaldo, "E-detectors", New England J. Stat. Data
Sci. 2 (2024), arXiv 2203.03532, section 2. An episode is over with the second block in a row without a faulty row: its wealth
is given up (which can only lower the detector), so log e is below 0 from that block on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from andon.api.evidence import TAG_QUESTIONS
from andon.api.types import seconds
from andon.stats import betting
from andon.stats.blocks import BLOCK_ROWS, Evidence, Rows
from andon.stats.profile import Profile

SOUND_SHARE: Final = 0.05
QUIET_BLOCKS: Final = 2
QUESTIONS: Final = tuple(TAG_QUESTIONS)
"""stuck, missing, bad-status: the order that `TagWatch.fold` finds them in."""

Floats = NDArray[np.float64]


def run_limits(profile: Profile, every: float) -> dict[str, float]:
    """Rows of equal values beyond which each tag is stuck: three times its longest run in the reference, at least 10.

    every: the period of the rows in seconds; on a finer clock than the reference's one value fills more rows. A tag that was
    constant in the reference may stay so for ever.
    """
    finer = seconds(profile.every) / every
    constant = {f.tag for f in profile.features if f.support.min == f.support.max}
    return {f.tag: np.inf if f.tag in constant else max(3.0 * finer * profile.max_run(f.tag), 10.0) for f in profile.features}


@dataclass(slots=True)
class TagWatch:
    """The evidence about all tags that a model needs.

    Arrays are per tag, and from `faults` on per question and tag, questions in the order of QUESTIONS. NaN: not yet.
    """

    tags: tuple[str, ...]
    epoch: float
    last_value: Floats
    run: Floats
    run_since: Floats
    faults: Floats
    quiet: Floats
    share: Floats
    first_bad: Floats
    log_wealth: Floats
    open_rows: int = 0
    block: int = 0
    last_row: float = 0.0

    @classmethod
    def begin(cls, tags: tuple[str, ...], epoch: float) -> "TagWatch":
        """Nothing seen yet. epoch: Unix seconds."""
        n, asked = len(tags), (len(QUESTIONS), len(tags))
        return cls(
            tags,
            epoch,
            last_value=np.full(n, np.nan),
            run=np.zeros(n),
            run_since=np.full(n, np.nan),
            faults=np.zeros(asked),
            quiet=np.zeros(asked),
            share=np.zeros(asked),
            first_bad=np.full(asked, np.nan),
            log_wealth=betting.start(*asked),
        )

    def fold(self, rows: Rows, max_age: float, limits: Mapping[str, float]) -> NDArray[np.bool_]:
        """Take in rows in order; which of them are sound in every tag. limits: `run_limits` of the stable's profile.

        Raises ValueError when the rows have other tags than are watched.
        """
        if rows.tags != self.tags:
            raise ValueError(f"rows of {rows.tags} cannot be folded into a watch over {self.tags}")
        believed, bad_status = rows.believed(max_age), rows.bad_status()
        longest = np.array([limits[tag] for tag in self.tags])
        sound = np.empty(len(rows), dtype=np.bool_)
        for i, time in enumerate(rows.times.tolist()):
            self._follow_runs(believed[i], time)
            absent = np.isnan(believed[i])
            stuck = ~absent & (self.run > longest)
            at_fault = np.stack([stuck, absent & ~bad_status[i], bad_status[i]])
            self._count(at_fault, time)
            sound[i] = not at_fault.any()
        return sound

    def _follow_runs(self, values: Floats, time: float) -> None:
        """A row without a value neither ends a run nor lengthens it."""
        present, same = ~np.isnan(values), values == self.last_value
        begun = present & ~same
        self.run = np.where(same, self.run + 1, np.where(begun, 1, self.run))
        self.run_since = np.where(begun, time, self.run_since)
        self.last_value = np.where(present, values, self.last_value)

    def _count(self, at_fault: NDArray[np.bool_], time: float) -> None:
        begins = np.stack([self.run_since, np.full_like(self.run_since, time), np.full_like(self.run_since, time)])
        self.first_bad = np.where(at_fault & np.isnan(self.first_bad), begins, self.first_bad)
        self.faults = self.faults + at_fault
        self.open_rows += 1
        if self.open_rows == BLOCK_ROWS:
            self._close(time)

    def _close(self, time: float) -> None:
        self.share = self.faults / BLOCK_ROWS
        self.quiet = np.where(self.share == 0, self.quiet + 1, 0)
        over = self.quiet >= QUIET_BLOCKS
        self.first_bad = np.where(over, np.nan, self.first_bad)
        before = np.where(over[..., None], 0.0, np.maximum(self.log_wealth, 0.0))
        self.log_wealth = betting.against_at_most(before, self.share, SOUND_SHARE)
        self.faults = np.zeros_like(self.faults)
        self.open_rows, self.block, self.last_row = 0, self.block + 1, time

    def evidence(self) -> list[Evidence]:
        """Every question about every tag, once a block is full."""
        if self.block == 0:
            return []
        log_e, rows = betting.log_e(self.log_wealth), self.block * BLOCK_ROWS
        return [
            Evidence(
                question, tag, float(log_e[q, t]), rows, self.block, self.epoch, float(self.share[q, t]), self.last_row,
                None if np.isnan(self.first_bad[q, t]) else float(self.first_bad[q, t]),
            )
            for q, question in enumerate(QUESTIONS)
            for t, tag in enumerate(self.tags)
        ]  # fmt: skip

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from; JSON, with null for NaN."""
        return {name: _plain(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> "TagWatch":
        """The watch as it was."""
        arrays = {k: np.array(v, dtype=np.float64) for k, v in state.items() if isinstance(v, list) and k != "tags"}
        return cls(**{**state, **arrays, "tags": tuple(state["tags"])})


def _plain(value: object) -> object:
    if not isinstance(value, np.ndarray):
        return list(value) if isinstance(value, tuple) else value
    plain = value.astype(object)
    plain[np.isnan(value)] = None
    return plain.tolist()

"""Is a tag to be believed, by itself? Stuck, missing, or of bad status, row by row, with evidence that comes and goes."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from andon.api.types import seconds
from andon.stats.blocks import BLOCK_ROWS, Rows
from andon.stats.detector import Detector, plain
from andon.stats.profile import Profile, tags_of

QUESTIONS: Final = ("stuck", "missing", "bad-status")

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def run_limits(profile: Profile, every: float) -> dict[str, float]:
    """Rows of equal values beyond which each tag is stuck: three times its longest run in the reference, at least 10.

    every: the period of the rows in seconds; on a finer clock than the reference's one value fills more rows. A tag that was
    constant in the reference may stay so for ever, and one of few values, such as a valve that is open or shut.
    """
    finer = seconds(profile.every) / every
    coarse = {tag for t, tag in enumerate(tags_of(profile)) if all(r.tags[t].bins.coarse for r in profile.regimes)}
    return {f.tag: run_limit(profile.max_run(f.tag), finer, coarse=f.tag in coarse) for f in profile.features}


def run_limit(longest: int, finer: float, *, coarse: bool) -> float:
    """Equal values in a row beyond which they stick. longest: in the reference. finer: rows now to one of the reference."""
    return np.inf if coarse else max(3.0 * finer * longest, 10.0)


@dataclass(slots=True)
class TagWatch:
    """Arrays are per tag; `faults` and the detector per question and tag, questions in the order of QUESTIONS. NaN: not yet."""

    tags: tuple[str, ...]
    last_value: Floats
    run: Floats
    run_since: Floats
    faults: Floats
    began: Floats
    detector: Detector

    @classmethod
    def begin(cls, tags: tuple[str, ...]) -> Self:
        """Nothing seen yet."""
        n, asked = len(tags), (len(QUESTIONS), len(tags))
        return cls(
            tags,
            last_value=np.full(n, np.nan),
            run=np.zeros(n),
            run_since=np.full(n, np.nan),
            faults=np.zeros(asked),
            began=np.full(asked, np.nan),
            detector=Detector.begin(*asked),
        )

    def fold(self, rows: Rows, max_age: float, limits: Mapping[str, float]) -> Mask:
        """Take in rows of one block in order; where they are at fault, (rows, tags). limits: `run_limits` of the profile.

        Raises ValueError when the rows have other tags than are watched.
        """
        if rows.tags != self.tags:
            raise ValueError(f"rows of {rows.tags} cannot be folded into a watch over {self.tags}")
        believed, bad_status = rows.believed(max_age), rows.bad_status()
        longest = np.array([limits[tag] for tag in self.tags])
        found = np.zeros(believed.shape, dtype=np.bool_)
        for i, time in enumerate(rows.times.tolist()):
            self._follow_runs(believed[i], time)
            absent = np.isnan(believed[i])
            stuck = ~absent & (self.run > longest)
            at_fault = np.stack([stuck, absent & ~bad_status[i], bad_status[i]])
            self._count(at_fault, time)
            found[i] = at_fault.any(axis=0)
        return found

    def _follow_runs(self, values: Floats, time: float) -> None:
        """A row without a value neither ends a run nor lengthens it."""
        present, same = ~np.isnan(values), values == self.last_value
        begun = present & ~same
        self.run = np.where(same, self.run + 1, np.where(begun, 1, self.run))
        self.run_since = np.where(begun, time, self.run_since)
        self.last_value = np.where(present, values, self.last_value)

    def _count(self, at_fault: Mask, time: float) -> None:
        begins = np.stack([self.run_since, np.full_like(self.run_since, time), np.full_like(self.run_since, time)])
        self.began = np.where(at_fault & np.isnan(self.began), begins, self.began)
        self.faults = self.faults + at_fault

    def close(self) -> None:
        """The block is full."""
        self.detector.close(self.faults / BLOCK_ROWS, self.began)
        self.faults, self.began = np.zeros_like(self.faults), np.full_like(self.began, np.nan)

    def state(self) -> dict[str, Any]:
        """What `restore` goes on from but for the detector, which changes with blocks only; JSON, with null for NaN."""
        arrays = {f.name: plain(getattr(self, f.name)) for f in fields(self) if f.name not in {"tags", "detector"}}
        return {"tags": list(self.tags), **arrays}

    @classmethod
    def restore(cls, state: Mapping[str, Any], detector: Mapping[str, Any]) -> Self:
        """The watch as it was."""
        arrays = {k: np.array(v, dtype=np.float64) for k, v in state.items() if k != "tags"}
        return cls(tags=tuple(state["tags"]), detector=Detector.restore(detector), **arrays)

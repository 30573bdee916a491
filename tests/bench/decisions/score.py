"""What came of an episode, in the terms of its truth: actions, the first tag named, what became of the candidate, and when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from andon.api.decision import Action, Verdict
from andon.replay.journal import Entry

from . import engine, peers
from .episodes import Episode, Truth, make

HARM: Final = (Action.ROLLBACK, Action.RETRAIN)
"""Actions on a model: a data fault must never cause one."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One automatic action. row: the last one that was known when it was taken."""

    row: int
    action: Action
    verdict: Verdict
    judged: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One episode's truth and what was made of it. Rows are indices into the episode; None: it never came to that.

    healthy: the candidate was first found healthy. tag: the first tag that was put at fault. said: every verdict about a model.
    alarms: by peer, the row of its first alarm.
    """

    name: str
    kind: str
    seed: int
    plant: str
    truth: Truth
    candidate_from: int
    late: int
    rows: int
    taken: tuple[Taken, ...]
    healthy: int | None
    tag: str | None
    tag_row: int | None
    said: frozenset[str]
    alarms: dict[str, int | None]

    @property
    def ratio(self) -> float:
        """The candidate's RMSE by the stable's, without rounding errors; NaN where there is none."""
        return float("nan") if self.truth.rmse_ratio is None else round(self.truth.rmse_ratio, 6)

    @property
    def rolled_back(self) -> int | None:
        """Row of the candidate's rollback."""
        return next((t.row for t in self.taken if t.action is Action.ROLLBACK and t.judged == "candidate"), None)

    @property
    def harm(self) -> tuple[Taken, ...]:
        """Actions on a model."""
        return tuple(t for t in self.taken if t.action in HARM)

    @property
    def right_tag(self) -> bool:
        """The first tag named is one that is at fault."""
        return self.tag in self.truth.tags

    def promoted_within(self, labelled_rows: int) -> bool:
        """Healthy, and not rolled back before, when so many rows of the candidate have a label."""
        return self.healthy is not None and self.healthy <= self.candidate_from + labelled_rows + self.late


def delay(row: int | None, since: int | None) -> int | None:
    """Rows from the first one concerned to the one at which it was known."""
    return None if row is None or since is None else row - since + 1


def scored(kind: str, seed: int, *, river: bool = False) -> Outcome:
    """Make and run the episode of that class and seed. river: ask it too. Raises RuntimeError naming the episode."""
    try:
        episode = make(kind, seed)
        return outcome(episode, engine.entries(episode), river=river)
    except Exception as error:
        raise RuntimeError(f"{kind}#{seed} could not be judged: {error!r}") from error


def outcome(episode: Episode, entries: Sequence[Entry], *, river: bool = False) -> Outcome:
    """The report's entries against the truth."""
    rows = [_row(episode, entry) for entry in entries]
    pairs = list(zip(rows, entries, strict=True))
    faults = [(row, e) for row, e in pairs if e.verdict is Verdict.DATA_FAULT and e.change != "Recovered"]
    return Outcome(
        name=episode.name,
        kind=episode.kind,
        seed=episode.seed,
        plant=episode.plant.name,
        truth=episode.truth,
        candidate_from=episode.candidate_from,
        late=episode.plant.late,
        rows=len(episode.rows),
        taken=tuple(Taken(row, e.action, e.verdict, e.judged, e.subjects) for row, e in pairs if e.action and e.taken),
        healthy=_first((row, e) for row, e in pairs if e.verdict is Verdict.HEALTHY and e.judged == "candidate"),
        tag=faults[0][1].subjects[0] if faults else None,
        tag_row=faults[0][0] if faults else None,
        said=frozenset(e.verdict.value for e in entries if e.judged != "data"),
        alarms=peers.alarms(episode, river=river),
    )


def _first(found: Iterable[tuple[int, Entry]]) -> int | None:
    return next((row for row, _ in found), None)


def _row(episode: Episode, entry: Entry) -> int:
    return int(np.searchsorted(episode.rows.times, entry.at.timestamp() - 1e-3))

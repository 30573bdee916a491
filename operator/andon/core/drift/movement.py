"""The plant has moved: does it harm? Labels of the rows since then say so; without labels, whether the model was taught there."""

from datetime import datetime
from enum import Enum, auto
from typing import Final

from andon.api.decision import Verdict
from andon.api.evidence import ERROR, MOVED, OFF_SUPPORT, SHIFT, EvidenceSeries
from andon.api.types import short
from andon.core.drift.facts import Facts
from andon.core.drift.levels import CLEAR, SPAN_ROWS
from andon.core.drift.reference import erring, fired
from andon.core.drift.suspicion import faults_behind_errors

PATIENCE_ROWS: Final = SPAN_ROWS + 100
"""Rows since the plant moved after which labels that do not come, or do not say, are waited for no longer."""
MOVES: Final = frozenset({Verdict.HARMFUL_SHIFT, Verdict.BENIGN_SHIFT})
"""Verdicts that say where the plant has moved to."""


class Movement(Enum):
    """How a shift is to be taken."""

    HARMFUL_BY_LABELS = auto()
    HARMFUL_OFF_SUPPORT = auto()
    BENIGN_BY_LABELS = auto()
    BENIGN_INSIDE = auto()
    AWAITING_LABELS = auto()


def movement(facts: Facts, shift: EvidenceSeries, now: datetime) -> Movement:
    """shift: the series that says the inputs have moved."""
    if erring(facts, now):
        return Movement.HARMFUL_BY_LABELS
    error = facts.about(facts.stable, ERROR)
    if error is not None and error.rows > 0 and not faults_behind_errors(facts, now):
        if error.log_e <= CLEAR and _rows_since(shift, error.last_row, facts) >= SPAN_ROWS:
            return Movement.BENIGN_BY_LABELS
        if _rows_since(shift, shift.last_row, facts) < PATIENCE_ROWS:
            return Movement.AWAITING_LABELS
    return Movement.HARMFUL_OFF_SUPPORT if fired(facts, OFF_SUPPORT) else Movement.BENIGN_INSIDE


def harm_stands(facts: Facts, now: datetime) -> bool:
    """Whether the inputs are back after a harmful shift, while the errors looked back on are still those of its rows."""
    before = facts.status
    said = before.stable_verdict is Verdict.HARMFUL_SHIFT and before.stable_judged == facts.stable
    return said and not fired(facts, SHIFT) and erring(facts, now)


def moved_tags(facts: Facts) -> tuple[str, ...]:
    """The tags in which the movement shows, the farthest off first."""
    revision = short(facts.stable.digest) if facts.stable else None
    found = [s for s in facts.seen if s.question == MOVED and s.revision == revision]
    newest = max((s.epoch for s in found), default=0)
    farthest = sorted((s for s in found if s.epoch == newest), key=lambda s: -s.value)
    return tuple(s.subject for s in farthest)


def _rows_since(shift: EvidenceSeries, last: datetime | None, facts: Facts) -> float:
    """Rows from the first that moved to this one."""
    every = facts.target.row_seconds if facts.target else 0.0
    if last is None or shift.first_bad is None or every <= 0:
        return 0.0
    return (last - shift.first_bad).total_seconds() / every

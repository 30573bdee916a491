"""Has this deployment lost its status, and what was in it that must not be forgotten?"""

from collections.abc import Iterable
from datetime import datetime

from andon.api.deployment import ModelDeploymentStatus, Quarantined
from andon.api.quarantine import Conviction
from andon.core.deployment.decisions import KEPT_QUARANTINES


def is_lost(status: ModelDeploymentStatus) -> bool:
    """Nothing is known to have served: a new object, or an old one that was made anew, here or in a cluster that was rebuilt.

    The slots say nothing of that: those of a deleted object may be there for a while yet.
    """
    return status.effective is None and not status.history


def recalled(status: ModelDeploymentStatus, convictions: Iterable[Conviction], now: datetime) -> ModelDeploymentStatus:
    """The status with what others remember: each digest once, and what the status says itself goes before."""
    entries = {c.digest: _entry(c, now) for c in convictions} | {q.digest: q for q in status.quarantined}
    kept = sorted(entries.values(), key=lambda entry: entry.since)[-KEPT_QUARANTINES:]
    return status if kept == status.quarantined else status.model_copy(update={"quarantined": kept})


def recorded(status: ModelDeploymentStatus, decisions: frozenset[str]) -> ModelDeploymentStatus:
    """The status with what the registry has taken down since."""
    if not any(q.decision in decisions and not q.recorded for q in status.quarantined):
        return status
    entries = [q.model_copy(update={"recorded": q.recorded or q.decision in decisions}) for q in status.quarantined]
    return status.model_copy(update={"quarantined": entries})


def _entry(conviction: Conviction, now: datetime) -> Quarantined:
    return Quarantined(
        version=conviction.version, digest=conviction.digest, decision=conviction.decision, since=conviction.since or now
    )

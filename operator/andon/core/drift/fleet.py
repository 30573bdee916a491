"""How many deployments of the fleet are told the same at the same time? Many at once have one cause."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from andon.api.decision import Verdict
from andon.api.policy import DriftPolicyStatus


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everybody's recent verdicts. deployments: how many are watched. told: of how many each verdict was said lately."""

    deployments: int = 0
    told: Mapping[Verdict, int] = field(default_factory=dict)


def fleet(policies: Iterable[DriftPolicyStatus], window: timedelta, now: datetime) -> Fleet:
    """Counts what policies asked for, or would have but for a guard rail, within this time. One count serves all of them."""
    told: Counter[Verdict] = Counter()
    deployments = 0
    for status in policies:
        deployments += 1
        told.update(recent_verdicts(status, window, now))
    return Fleet(deployments, told)


def recent_verdicts(status: DriftPolicyStatus, window: timedelta, now: datetime) -> set[Verdict]:
    """What this policy asked for, or would have, within this time."""
    asked = [(d.verdict, d.since) for d in status.decisions] + [(h.verdict, h.since) for h in status.held]
    return {verdict for verdict, since in asked if now - since <= window}

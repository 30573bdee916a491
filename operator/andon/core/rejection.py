"""What has a person said no to?

A rejected decision is not carried out. Its policy keeps it open until its verdict clears, so that nobody is asked the same again.
The word outlives its annotation: who thinks better of it approves.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from andon.api.conditions import Claim, claim, following
from andon.api.decision import Decision, Rejection

KEPT: Final = 10


def rejected(before: Sequence[Rejection], said: Mapping[str, str], approved: Collection[str]) -> frozenset[str]:
    """Ids of what is not to be carried out. said: the annotation, id to username; it goes before an approval that stands, too."""
    return frozenset(said) | {r.decision for r in before if r.decision not in approved}


def recorded(
    before: Sequence[Rejection], said: Mapping[str, str], approved: Collection[str], asked: Iterable[Decision], now: datetime
) -> list[Rejection]:
    """For status: what was rejected and not approved since, and what of `asked` is rejected now; newest last."""
    kept = [r for r in before if r.decision in said or r.decision not in approved]
    known = {r.decision for r in kept}
    fresh = [Rejection(decision=d.id, by=said[d.id], since=now) for d in asked if d.id in said and d.id not in known]
    return [*kept, *fresh][-KEPT:]


def told(rejections: Sequence[Rejection], asked: Iterable[Decision]) -> list[Claim]:
    """One condition, as long as something that was rejected is asked for."""
    by = {r.decision: r.by for r in rejections}
    said = [f"{d.id} asks for a {d.action} ({d.verdict}), and {by[d.id]} rejected it." for d in asked if d.id in by]
    if not said:
        return []
    message = " ".join([*said, "It is not carried out. To have it all the same: andon approve DECISION"])
    return [following(claim("Rejected", True, "RejectedByPerson", message))]

"""What is worth telling when a status changes: a new reason for how ready it is, a decision, and what came of one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from andon.api.conditions import Condition, ConditionStatus, find
from andon.api.decision import ActedDecision, ActedState, Decision
from andon.api.deployment import ModelDeploymentStatus
from andon.api.types import short
from andon.controllers.informer import Object
from andon.controllers.objects import plain
from andon.ports.events import Note, Subject
from andon.ports.webhook import CloudEvent

RECEIPTS: Final = timedelta(hours=1)
"""How long the API server keeps Events, and so how old a decision may be of which one knows whether it was told."""

_AUTHORITY: Final = {
    "Act": "acted on without asking",
    "Confirm": "waiting for a person's approval",
    "Advise": "for people to act on",
}


def subject_of(obj: Object, kind: str) -> Subject:
    """Whom a note is about."""
    metadata = obj["metadata"]
    return Subject(kind, metadata["namespace"], metadata["name"], metadata["uid"])


def transition(subject: Subject, before: Sequence[Condition], after: Sequence[Condition], now: datetime) -> Note | None:
    """Ready has another reason than before."""
    was, is_ = find(before, "Ready"), find(after, "Ready")
    if is_ is None or (was is not None and (was.status, was.reason) == (is_.status, is_.reason)):
        return None
    trouble = is_.status is not ConditionStatus.TRUE and find(after, "Reconciling") is None
    return Note(subject, is_.reason, is_.message, now, occasion=now.isoformat(), warning=trouble)


def acted(subject: Subject, before: Sequence[ActedDecision], after: Sequence[ActedDecision], now: datetime) -> list[Note]:
    """What actors took over, and what came of it."""
    known = {(d.id, d.decided, d.state) for d in before}
    return [_acted(subject, d, now) for d in after if (d.id, d.decided, d.state) not in known]


def stepped(subject: Subject, before: ModelDeploymentStatus, after: ModelDeploymentStatus, now: datetime) -> list[Note]:
    """A version took a step of its rollout, began to serve, or left its rollout."""
    was, is_ = before.candidate, after.candidate
    told = []
    if is_ is not None and (was is None or (was.digest, was.index, was.step) != (is_.digest, is_.index, is_.step)):
        occasion = f"{short(is_.digest)}-{is_.index}-{is_.step}-{is_.since.timestamp():.0f}" if is_.since else now.isoformat()
        told.append(Note(subject, "StepBegun", f"Version {is_.version}: {is_.step}.", now, occasion=occasion))
    if after.effective is not None and after.effective != before.effective:
        served = next((s for s in after.history if s.digest == after.effective.digest), None)
        word = f", by the word of {served.by}" if served is not None and served.by else ""
        told.append(Note(subject, "Served", f"Version {after.effective.version} answers{word}.", now, occasion=now.isoformat()))
    return told


def untold(before: Sequence[Decision], after: Sequence[Decision], now: datetime) -> list[Decision]:
    """Decisions that are new, or so young that a predecessor may have been killed before it told of them."""
    known = {(d.id, d.since) for d in before}
    return [d for d in after if (d.id, d.since) not in known or now - d.since < RECEIPTS]


def decided(subject: Subject, decision: Decision) -> Note:
    """A policy asks for something."""
    see = f"andon explain {decision.id} -n {subject.namespace}"
    message = f"{decision.summary} {decision.id}, {_AUTHORITY[decision.authority.value]}. See: {see}"
    return Note(subject, f"{decision.action}Decided", message, decision.since, occasion=_occasion(decision), warning=True)


def cloud_event(subject: Subject, decision: Decision) -> CloudEvent:
    """The same for programs, with the whole decision."""
    return CloudEvent(
        id=_occasion(decision),
        source=f"/andon.dev/namespaces/{subject.namespace}/driftpolicies/{subject.name}",
        type="dev.andon.decision.opened",
        subject=f"{subject.namespace}/{decision.target}",
        time=decision.since,
        data=plain(decision),
    )


def _occasion(decision: Decision) -> str:
    """A rollback of the same revisions has the same id each time; when it was decided tells them apart."""
    return f"{decision.id}-{decision.since.timestamp():.0f}"


def _acted(subject: Subject, decision: ActedDecision, now: datetime) -> Note:
    message = f"{decision.id}: {decision.outcome or decision.summary}"
    occasion = f"{decision.id}-{decision.decided.timestamp():.0f}"
    trouble = decision.state in {ActedState.REFUSED, ActedState.EXPIRED}
    return Note(subject, f"{decision.action}{decision.state}", message, now, occasion=occasion, warning=trouble)

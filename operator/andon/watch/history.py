"""What has become of a deployment: which revisions answered, what was decided about it, on whose word, and in which commit?

It is told from statuses, which keep the newest ten of each; what is older is in git, whose commits carry the decision's id.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import to_jsonable_python
from rich.table import Table
from rich.text import Text

from andon.api.decision import ActedDecision, Decision, DecisionState
from andon.api.deployment import ModelDeploymentStatus, Served
from andon.api.policy import DriftPolicyStatus
from andon.api.types import StatusModel
from andon.watch.family import Snapshot, name_of, promotes, rejected, target_of
from andon.watch.standing import Object, clock

Status = TypeVar("Status", bound=StatusModel)


@dataclass(frozen=True, slots=True)
class Event:
    """One line. state: how far it is, or was. by: a person, an annotation, a policy. details: the same for programs."""

    at: datetime
    what: str
    state: str = ""
    by: str = ""
    commit: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For programs: absent fields left out."""
        own = {"at": self.at, "what": self.what, "state": self.state, "by": self.by, "commit": self.commit}
        said: dict[str, Any] = to_jsonable_python({**own, **self.details}, by_alias=True, exclude_none=True)
        return {key: value for key, value in said.items() if value != ""}


def history(snapshot: Snapshot, deployment: Object) -> list[Event]:
    """Oldest first."""
    status, name = _read(ModelDeploymentStatus, deployment.get("status", {})), name_of(deployment)
    acted = [*status.decisions, *_retrains(snapshot, name)]
    no = rejected(snapshot)
    known = {decision.id for decision in acted}
    published = [d for d in _published(snapshot, name) if d.id not in known]
    events = [
        *map(_served, status.history),
        *map(_acted, acted),
        *(_asked(decision, no.get(decision.id)) for decision in published),
    ]
    return sorted(events, key=lambda event: event.at)


def table(events: list[Event]) -> Table:
    """As a terminal shows it."""
    grid = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for head, overflow in (("WHEN", "ellipsis"), ("WHAT", "fold"), ("STATE", "fold"), ("BY", "fold"), ("COMMIT", "ellipsis")):
        grid.add_column(head, no_wrap=overflow == "ellipsis", overflow=overflow)  # type: ignore[arg-type]
    for event in events:
        cells = (clock(event.at), event.what, event.state, event.by, event.commit[:12])
        grid.add_row(*map(Text, cells))
    return grid


def _served(served: Served) -> Event:
    details = {"kind": "Served", "version": served.version, "digest": served.digest}
    what = f"version {served.version} ({served.digest[:13]}…) serves"
    return Event(served.since, what, by=served.by or "", details=details)


def _acted(decision: ActedDecision) -> Event:
    details = {"kind": "Decision", "policy": decision.policy, **_about(decision), "outcome": decision.outcome}
    outcome = f"{decision.state}: {decision.outcome}" if decision.outcome else decision.state.value
    by = decision.approved_by or f"DriftPolicy {decision.policy}"
    return Event(decision.decided, f"{decision.id} {words(decision)}", outcome, by, decision.commit or "", details)


def _asked(decision: Decision, no_by: str | None) -> Event:
    """What nobody acted on, or an actor that keeps no copy: its policy's word is all there is."""
    state = "Rejected" if no_by else "Open" if decision.state is DecisionState.OPEN else "Closed"
    details = {"kind": "Decision", **_about(decision), "subjects": decision.subjects or None}
    return Event(decision.since, f"{decision.id} {words(decision)}", state, no_by or "", details=details)


def _about(decision: Decision | ActedDecision) -> dict[str, Any]:
    about = {"id": decision.id, "action": decision.action, "verdict": decision.verdict}
    return about | {"from": decision.from_, "to": decision.to}


def words(decision: Decision | ActedDecision) -> str:
    """What it asks for, as `Rollback of version 4 to 3 for ModelRegression`."""
    subjects = decision.subjects if isinstance(decision, Decision) else []
    about = f"version {decision.from_.version}" if decision.from_ else ", ".join(subjects)
    back = f" to {decision.to.version}" if decision.to else ""
    return f"{decision.action} of {about}{back} for {decision.verdict}"


def _published(snapshot: Snapshot, deployment: str) -> Iterator[Decision]:
    for policy in snapshot.of("DriftPolicy"):
        if target_of(policy) == deployment:
            yield from _read(DriftPolicyStatus, policy.get("status", {})).decisions


def _retrains(snapshot: Snapshot, deployment: str) -> Iterator[ActedDecision]:
    for pipeline in snapshot.of("TrainingPipeline"):
        if promotes(pipeline) == deployment:
            documents = pipeline.get("status", {}).get("decisions", ())
            yield from (d for d in (_parsed(ActedDecision, document) for document in documents) if d is not None)


def _read(model: type[Status], document: object) -> Status:
    return _parsed(model, document) or model()


def _parsed(model: type[Status], document: object) -> Status | None:
    """None for what a newer operator wrote in a form that cannot be read here."""
    try:
        return model.model_validate(document)
    except ValidationError:
        return None

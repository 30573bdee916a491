"""What waits for a person's word in a namespace, and on which object is it said?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from andon.api.decision import Action, Authority, Decision, DecisionState
from andon.api.deployment import ModelDeploymentStatus
from andon.api.errors import UserError
from andon.api.policy import DriftPolicyStatus
from andon.api.types import StatusModel
from andon.core.approval import step_id
from andon.watch.family import Snapshot, name_of, promotes, rejected, sources_of
from andon.watch.history import words
from andon.watch.judging import FOR_PEOPLE, how_far, taken_over
from andon.watch.standing import Object

Status = TypeVar("Status", bound=StatusModel)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. id: of the decision or the step. kind, name: the object that acts on the answer. version: for a step."""

    id: str
    what: str
    kind: str
    name: str
    version: str | None = None

    def __str__(self) -> str:
        """As messages list it."""
        return f"{self.id} ({self.what})"


def asked(snapshot: Snapshot, wanted: str, namespace: str) -> Asked:
    """The question of this id. Raises UserError saying why nobody is asked that, and what else is."""
    found = next((question for question in _questions(snapshot) if question.id == wanted), None)
    if found is not None:
        return found
    raise UserError(_unasked(snapshot, wanted, namespace))


def waiting(snapshot: Snapshot) -> list[Asked]:
    """All that people are asked now and have not rejected, decisions first."""
    no = rejected(snapshot)
    return [question for question in _questions(snapshot) if question.id not in no]


def _questions(snapshot: Snapshot) -> Iterator[Asked]:
    taken = taken_over(snapshot)
    for decision in _published(snapshot):
        actor = _actor(snapshot, decision)
        if _is_asked(decision) and actor is not None and decision.id not in taken:
            yield Asked(decision.id, words(decision), actor[0], actor[1])
    for deployment in snapshot.of("ModelDeployment"):
        if (step := _step(deployment)) is not None:
            yield step


def status_of(model: type[Status], obj: Object) -> Status:
    """The status; empty where a newer operator wrote it in a form that cannot be read here."""
    try:
        return model.model_validate(obj.get("status", {}))
    except ValidationError:
        return model()


def _is_asked(decision: Decision) -> bool:
    return decision.state is DecisionState.OPEN and decision.authority is Authority.CONFIRM


def _actor(snapshot: Snapshot, decision: Decision) -> tuple[str, str] | None:
    """Kind and name of the object that would act; None where nobody does: a person acts on a Propose, and reads an Alert."""
    match decision.action:
        case Action.ROLLBACK:
            return "ModelDeployment", decision.target
        case Action.RETRAIN:
            pipelines = [p for p in snapshot.of("TrainingPipeline") if promotes(p) == decision.target]
            oldest = min(pipelines, key=lambda p: (p["metadata"].get("creationTimestamp", ""), name_of(p)), default=None)
            return ("TrainingPipeline", name_of(oldest)) if oldest is not None else None
        case Action.QUARANTINE:
            target = snapshot.named("ModelDeployment", decision.target)
            sources = sources_of(target) if target is not None else []
            return ("DataSource", sources[0]) if sources else None
    return None


def _step(deployment: Object) -> Asked | None:
    """The step that waits for a person, where one does."""
    candidate = status_of(ModelDeploymentStatus, deployment).candidate
    steps = deployment["spec"].get("rollout", {}).get("steps", ())
    begun = (candidate.begun or candidate.since) if candidate is not None else None
    if candidate is None or begun is None or candidate.index >= len(steps) or "approval" not in steps[candidate.index]:
        return None
    namespace, name = deployment["metadata"]["namespace"], name_of(deployment)
    word = step_id(namespace, name, candidate.digest, candidate.index, begun)
    what = f"step {candidate.index + 1} of {len(steps)} of version {candidate.version} of {name}"
    return Asked(word, what, "ModelDeployment", name, candidate.version)


def _published(snapshot: Snapshot) -> list[Decision]:
    return [d for policy in snapshot.of("DriftPolicy") for d in status_of(DriftPolicyStatus, policy).decisions]


def _unasked(snapshot: Snapshot, wanted: str, namespace: str) -> str:
    others = ", ".join(map(str, waiting(snapshot))) or "nothing"
    rest = f"Waiting for a person there: {others}."
    _, copy = taken_over(snapshot).get(wanted, (None, None))
    if copy is not None:
        return f"{wanted} of namespace {namespace} is not open: it {how_far(copy)}. {rest}"
    decision = next((d for d in _published(snapshot) if d.id == wanted), None)
    if decision is None:
        return f"there is no decision or step {wanted} in namespace {namespace}. {rest}"
    return f"{wanted} of namespace {namespace} is not for approval: {_why_not(decision)}. {rest}"


def _why_not(decision: Decision) -> str:
    if decision.state is not DecisionState.OPEN:
        return "it is closed"
    if decision.action in FOR_PEOPLE:
        return f"a {decision.action} is for people to act on, and Andon does nothing by itself"
    if decision.authority is not Authority.CONFIRM:
        return f"its policy has it done without asking (authority {decision.authority})"
    return f"nothing here would carry out a {decision.action} for {decision.target}"

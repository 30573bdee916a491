"""What does a policy say of the model and of the data, and what does it ask of people?"""

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError

from andon.api.decision import ActedDecision, ActedState, Action, Authority, Decision, DecisionState
from andon.api.policy import DriftPolicyStatus, HeldAction, TagFault
from andon.api.types import Revision
from andon.watch.family import Snapshot, rejected
from andon.watch.node import Node, Told
from andon.watch.standing import Mood, Object, clock

FOR_PEOPLE: Final = {Action.PROPOSE, Action.ALERT}
"""What Andon says and never does, so that there is nothing to approve, whatever the authority."""

_ASKED = {
    Authority.ACT: "is acted on",
    Authority.CONFIRM: "waits for a person's approval",
    Authority.ADVISE: "is for people to act on",
}
_TAKEN_OVER = {
    ActedState.ACTING: ("is being carried out", Mood.BUSY),
    ActedState.DONE: ("is done", Mood.GOOD),
    ActedState.REFUSED: ("was refused", Mood.BAD),
    ActedState.EXPIRED: ("has expired", Mood.WAITS),
}

_TOLD = ("action", "verdict", "authority", "from", "to", "subjects", "since")


def told(snapshot: Snapshot, policy: Object, status: DriftPolicyStatus) -> Told:
    """Its verdict, and as parts: faults, decisions that are open and actions that are held back."""
    namespace, no, taken = policy["metadata"]["namespace"], rejected(snapshot), taken_over(snapshot)
    opened = (
        _decision(d, _how(d, taken, no.get(d.id)), no.get(d.id), namespace)
        for d in status.decisions
        if d.state is DecisionState.OPEN
    )
    parts = (*map(_fault, status.data_faults), *opened, *map(_held, status.held))
    return Told(_words(status), {"verdict": status.verdict, "judged": status.judged}, parts)


def taken_over(snapshot: Snapshot) -> dict[str, tuple[Object, ActedDecision]]:
    """By id: the object that acts on a decision, and its own copy; without those that a newer operator wrote in another form."""
    actors = [*snapshot.of("ModelDeployment"), *snapshot.of("TrainingPipeline")]
    kept = ((actor, document) for actor in actors for document in actor.get("status", {}).get("decisions", ()))
    return {copy.id: (actor, copy) for actor, document in kept if (copy := _read(document)) is not None}


def how_far(copy: ActedDecision) -> str:
    """What its actor has made of it, and on whose word, as `is being carried out, approved by jane`."""
    return _TAKEN_OVER[copy.state][0] + (f", approved by {copy.approved_by}" if copy.approved_by else "")


def _read(document: object) -> ActedDecision | None:
    try:
        return ActedDecision.model_validate(document)
    except ValidationError:
        return None


def _how(decision: Decision, taken: Mapping[str, tuple[Object, ActedDecision]], no_by: str | None) -> tuple[str, Mood]:
    """What it waits for, or what became of it."""
    if decision.id in taken:
        copy = taken[decision.id][1]
        return how_far(copy), _TAKEN_OVER[copy.state][1]
    if no_by:
        return f"was rejected by {no_by}", Mood.WAITS
    authority = Authority.ADVISE if decision.action in FOR_PEOPLE else decision.authority
    return _ASKED[authority], Mood.BAD if authority is Authority.ACT else Mood.ASKS


def _words(status: DriftPolicyStatus) -> str:
    if status.verdict is None:
        return ""
    said = f"{status.verdict}{_of(status.judged)}"
    also = status.stable_verdict is not None and status.stable_judged != status.judged
    return f"{said}, {status.stable_verdict}{_of(status.stable_judged)}" if also else said


def _fault(fault: TagFault) -> Node:
    said = f"{fault.fault} since {clock(fault.since)}"
    return Node("fault", fault.tag, Mood.BAD, said, details={"fault": fault.fault, "since": fault.since})


def _decision(decision: Decision, stands: tuple[str, Mood], no_by: str | None, namespace: str) -> Node:
    about = f"version {decision.from_.version}" if decision.from_ else ", ".join(decision.subjects)
    to = f" to {decision.to.version}" if decision.to else ""
    how, mood = stands
    said = f"{decision.action} of {about}{to} for {decision.verdict}, {how}, since {clock(decision.since)}"
    frozen = decision.model_dump(mode="json", exclude_none=True)
    details = {key: frozen[key] for key in _TOLD if key in frozen} | ({"rejectedBy": no_by} if no_by else {})
    return Node("decision", decision.id, mood, said, f"See: andon explain {decision.id} -n {namespace}", details)


def _held(held: HeldAction) -> Node:
    said = f"for {held.verdict} is held back: {held.reason}"
    details = {"verdict": held.verdict, "reason": held.reason}
    return Node("held", held.action, Mood.WAITS, said, held.message, details)


def _of(revision: Revision | None) -> str:
    return f" of version {revision.version}" if revision else ""

"""What does a policy say of the model and of the data, and what does it ask of people?"""

from collections.abc import Mapping

from andon.api.decision import Authority, Decision, DecisionState
from andon.api.policy import DriftPolicyStatus, HeldAction, TagFault
from andon.api.types import Revision
from andon.watch.node import Node, Told
from andon.watch.standing import Mood, clock

_ASKED = {
    Authority.ACT: "is acted on",
    Authority.CONFIRM: "waits for a person's approval",
    Authority.ADVISE: "is for people to act on",
}

_TOLD = ("action", "verdict", "authority", "from", "to", "subjects", "since")


def told(status: DriftPolicyStatus, rejected: Mapping[str, str]) -> Told:
    """Its verdict, and as parts: faults, decisions that are open and actions that are held back.

    rejected: who said no to which decision.
    """
    opened = (_decision(d, rejected.get(d.id)) for d in status.decisions if d.state is DecisionState.OPEN)
    parts = (*map(_fault, status.data_faults), *opened, *map(_held, status.held))
    return Told(_words(status), {"verdict": status.verdict, "judged": status.judged}, parts)


def _words(status: DriftPolicyStatus) -> str:
    if status.verdict is None:
        return ""
    said = f"{status.verdict}{_of(status.judged)}"
    also = status.stable_verdict is not None and status.stable_judged != status.judged
    return f"{said}, {status.stable_verdict}{_of(status.stable_judged)}" if also else said


def _fault(fault: TagFault) -> Node:
    said = f"{fault.fault} since {clock(fault.since)}"
    return Node("fault", fault.tag, Mood.BAD, said, details={"fault": fault.fault, "since": fault.since})


def _decision(decision: Decision, no_by: str | None) -> Node:
    about = f"version {decision.from_.version}" if decision.from_ else ", ".join(decision.subjects)
    to = f" to {decision.to.version}" if decision.to else ""
    how = f"was rejected by {no_by}" if no_by else _ASKED[decision.authority]
    said = f"{decision.action} of {about}{to} for {decision.verdict}, {how}, since {clock(decision.since)}"
    mood = Mood.BAD if decision.authority is Authority.ACT else Mood.WAITS if no_by else Mood.ASKS
    frozen = decision.model_dump(mode="json", exclude_none=True)
    details = {key: frozen[key] for key in _TOLD if key in frozen} | ({"rejectedBy": no_by} if no_by else {})
    return Node("decision", decision.id, mood, said, f"See: andon explain {decision.id}", details)


def _held(held: HeldAction) -> Node:
    said = f"for {held.verdict} is held back: {held.reason}"
    details = {"verdict": held.verdict, "reason": held.reason}
    return Node("held", held.action, Mood.WAITS, said, held.message, details)


def _of(revision: Revision | None) -> str:
    return f" of version {revision.version}" if revision else ""

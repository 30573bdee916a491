"""What do the servers of a deployment hold: which revision answers, which is judged, and do the servers do as they are told?

Slots are told from the deployment's status, which is made from acknowledgements alone; each server speaks for itself beside it.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from andon.api.deployment import Candidate, ModelDeploymentStatus
from andon.api.slots import SLOTS_KEY, Ack, config_hash
from andon.api.types import Revision
from andon.watch.family import Snapshot, name_of
from andon.watch.node import Node, Told
from andon.watch.standing import Mood, Object

_USUAL_STEPS: Final[Sequence[Mapping[str, object]]] = ({"shadow": {}},)


def told(snapshot: Snapshot, obj: Object, status: ModelDeploymentStatus) -> Told:
    """What git wants of it, and as parts: slots and servers."""
    acks = _acks(snapshot, name_of(obj))
    orders = snapshot.configmaps.get(f"{name_of(obj)}-slots", {}).get(SLOTS_KEY)
    weight = max((ack.weight for ack in acks.values() if isinstance(ack, Ack)), default=0)
    slots = [*_stable(status, weight), *_candidate(obj, status.candidate, weight), *_reference(obj, status)]
    servers = [_server(pod, ack, config_hash(orders) if orders else None) for pod, ack in sorted(acks.items())]
    details = {"desired": status.desired, "step": status.step, "drift": status.drift, "url": status.url}
    return Told(_words(obj, status), details, (*slots, *servers))


def where_named(obj: Object) -> str:
    """Where a deployment's version stands: what nobody told of git may be in none."""
    return "git" if "git" in obj["spec"] else "the spec"


def _words(obj: Object, status: ModelDeploymentStatus) -> str:
    desired, effective = status.desired, status.effective
    if desired is None or effective is None or desired.digest == effective.digest:
        return ""
    return f"{where_named(obj)} names version {desired.version}"


def _stable(status: ModelDeploymentStatus, weight: int) -> list[Node]:
    if status.effective is None:
        return [Node("slot", "stable", Mood.UNKNOWN, "nothing answers yet")]
    answers = "answers" if weight == 0 else f"answers {100 - weight} %"
    details = {**status.effective.model_dump(), "weight": 100 - weight}
    return [Node("slot", "stable", Mood.GOOD, f"version {status.effective} {answers}", details=details)]


def _candidate(obj: Object, candidate: Candidate | None, weight: int) -> list[Node]:
    if candidate is None:
        return []
    steps = obj["spec"].get("rollout", {}).get("steps", _USUAL_STEPS)
    revision = Revision(version=candidate.version, digest=candidate.digest)
    share = f"answers {weight} %" if weight else "answers nobody"
    by_word = candidate.index < len(steps) and "approval" in steps[candidate.index]
    done = "" if by_word else f", {candidate.progress} done"
    said = f"version {revision} {share}, step {candidate.index + 1} of {len(steps)}: {candidate.step}{done}"
    details = {**candidate.model_dump(mode="json", exclude_none=True), "steps": len(steps), "weight": weight}
    return [Node("slot", "candidate", Mood.BUSY, said, details=details)]


def _reference(obj: Object, status: ModelDeploymentStatus) -> list[Node]:
    if status.reference is None:
        return []
    said = f"version {status.reference} {'scores in shadow' if 'inputs' in obj['spec'] else 'stays loaded, answers nobody'}"
    return [Node("slot", "reference", Mood.GOOD, said, details=status.reference.model_dump())]


def _server(pod: str, ack: Ack | str, wanted: str | None) -> Node:
    """One server in its own words. ack: text where it cannot be read. wanted: the hash of the newest orders, None if unknown."""
    if isinstance(ack, str):
        return Node("server", pod, Mood.UNKNOWN, ack)
    held = {"stable": ack.stable, "candidate": ack.candidate, "reference": ack.reference}
    said = ", ".join(f"{slot} {revision.version}" for slot, revision in held.items() if revision) or "holds nothing yet"
    current = wanted is None or ack.config_hash == wanted
    details = {**held, "weight": ack.weight, "current": current, "error": ack.error}
    if ack.error is not None:
        return Node("server", pod, Mood.BAD, f"{said}; {ack.error.reason}", ack.error.message, details)
    mood, late = (Mood.GOOD, "") if current else (Mood.BUSY, "; has not acted on the newest orders yet")
    return Node("server", pod, mood, said + late, details=details)


def _acks(snapshot: Snapshot, deployment: str) -> Mapping[str, Ack | str]:
    """Of servers that run: what others have said stands there for a while."""
    said = snapshot.configmaps.get(f"{deployment}-acks", {})
    return {pod: _ack(text) for pod, text in said.items() if snapshot.pods is None or pod in snapshot.pods}


def _ack(text: str) -> Ack | str:
    try:
        return Ack.model_validate_json(text)
    except ValidationError:
        return "its acknowledgement cannot be read by this version of andon"

"""What do the servers of a deployment hold: which revision answers, which is judged, and do the servers do as they are told?

Slots are told from the deployment's status, which is made from acknowledgements alone; each server speaks for itself beside it.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from andon.api.deployment import Candidate, ModelDeploymentStatus
from andon.api.slots import SLOTS_KEY, Ack, config_hash
from andon.api.types import Revision
from andon.watch.family import Snapshot, name_of
from andon.watch.node import Node, Told
from andon.watch.standing import Mood, Object


def told(snapshot: Snapshot, obj: Object, status: ModelDeploymentStatus) -> Told:
    """What git wants of it, and as parts: slots and servers."""
    acks = _acks(snapshot, name_of(obj))
    orders = snapshot.configmaps.get(f"{name_of(obj)}-slots", {}).get(SLOTS_KEY)
    weight = max((ack.weight for ack in acks.values() if isinstance(ack, Ack)), default=0)
    slots = [*_stable(status, weight), *_candidate(obj, status.candidate, weight), *_reference(status)]
    servers = [_server(pod, ack, config_hash(orders) if orders else None) for pod, ack in sorted(acks.items())]
    details = {"desired": _dumped(status.desired), "step": status.step, "drift": status.drift, "url": status.url}
    return Told(_words(status), details, (*slots, *servers))


def _words(status: ModelDeploymentStatus) -> str:
    desired, effective = status.desired, status.effective
    if desired is None or effective is None or desired.digest == effective.digest:
        return ""
    return f"git names version {desired.version}"


def _stable(status: ModelDeploymentStatus, weight: int) -> list[Node]:
    if status.effective is None:
        return [Node("slot", "stable", Mood.UNKNOWN, "nothing answers yet")]
    answers = "answers" if weight == 0 else f"answers {100 - weight} %"
    details = status.effective.model_dump() | {"weight": 100 - weight}
    return [Node("slot", "stable", Mood.GOOD, f"version {status.effective} {answers}", details=details)]


def _candidate(obj: Object, candidate: Candidate | None, weight: int) -> list[Node]:
    if candidate is None:
        return []
    steps = len(obj["spec"].get("rollout", {}).get("steps", [None]))
    revision = Revision(version=candidate.version, digest=candidate.digest)
    share = f"answers {weight} %" if weight else "answers nobody"
    step = f"step {candidate.index + 1} of {steps}: {candidate.step}, {candidate.progress} of its rows"
    details = candidate.model_dump(mode="json", exclude_none=True) | {"steps": steps, "weight": weight}
    return [Node("slot", "candidate", Mood.BUSY, f"version {revision} {share}, {step}", details=details)]


def _reference(status: ModelDeploymentStatus) -> list[Node]:
    if status.reference is None:
        return []
    said = f"version {status.reference} scores in shadow"
    return [Node("slot", "reference", Mood.GOOD, said, details=status.reference.model_dump())]


def _server(pod: str, ack: Ack | str, wanted: str | None) -> Node:
    """One server in its own words. ack: text where it cannot be read. wanted: the hash of the newest orders, None if unknown."""
    if isinstance(ack, str):
        return Node("server", pod, Mood.UNKNOWN, ack)
    held = {"stable": ack.stable, "candidate": ack.candidate, "reference": ack.reference}
    slots = ", ".join(f"{slot} {revision.version}" for slot, revision in held.items() if revision) or "holds nothing yet"
    details: dict[str, Any] = {slot: _dumped(revision) for slot, revision in held.items()} | {"weight": ack.weight}
    current = wanted is None or ack.config_hash == wanted
    details |= {"current": current, "error": ack.error.model_dump() if ack.error else None}
    if ack.error is not None:
        return Node("server", pod, Mood.BAD, f"{slots}; {ack.error.reason}", ack.error.message, details)
    mood, late = (Mood.GOOD, "") if current else (Mood.BUSY, "; has not acted on the newest orders yet")
    return Node("server", pod, mood, slots + late, details=details)


def _acks(snapshot: Snapshot, deployment: str) -> Mapping[str, Ack | str]:
    return {pod: _ack(text) for pod, text in snapshot.configmaps.get(f"{deployment}-acks", {}).items()}


def _ack(text: str) -> Ack | str:
    try:
        return Ack.model_validate_json(text)
    except ValidationError:
        return "its acknowledgement cannot be read by this version of andon"


def _dumped(revision: Revision | None) -> dict[str, Any] | None:
    return revision.model_dump() if revision else None

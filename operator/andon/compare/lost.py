"""Which decisions, and which words of people, would mean nothing any more?

Andon never edits a spec, and a person may always commit another one: here is said beforehand what that overrules.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from andon.api.decision import ActedState, Action, Decision, DecisionState
from andon.api.deployment import ModelDeploymentStatus
from andon.api.policy import DriftPolicyStatus
from andon.compare.change import Change
from andon.steer.asked import status_of
from andon.steer.word import said
from andon.watch.family import Snapshot, name_of, promotes, target_of
from andon.watch.history import words
from andon.watch.standing import Object


@dataclass(frozen=True, slots=True)
class Loss:
    """One consequence. rule: a stable word. about: the decision's or step's id, or the annotation. object: which loses it."""

    rule: str
    about: str
    object: str
    message: str

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"rule": self.rule, "about": self.about, "object": self.object, "message": self.message}


Check = Callable[[Change, Snapshot], Iterator[Loss]]


def losses(changes: list[Change], snapshot: Snapshot) -> list[Loss]:
    """All of them. snapshot: the namespace as it is; changes: of this namespace."""
    return [loss for change in changes if change.live is not None for check in _CHECKS for loss in check(change, snapshot)]


def _quarantined_again(change: Change, snapshot: Snapshot) -> Iterator[Loss]:
    """Git names what was rolled back: it is not served, and says so for as long as it is named."""
    del snapshot
    if change.kind.name != "ModelDeployment" or change.after is None or change.live is None:
        return
    before, after = _model(change.live), _model(change.after)
    for entry in status_of(ModelDeploymentStatus, change.live).quarantined:
        overrides = after.get("overrides") == entry.decision
        if overrides and before.get("overrides") != entry.decision:
            message = f"version {entry.version} is taken back, though {entry.decision} rolled it back"
            yield Loss("Overridden", entry.decision, str(change), message)
        elif not overrides and _version(after) == entry.version and (before != after):
            remedy = f"name another version, or set spec.model.overrides: {entry.decision}"
            message = f"version {entry.version} is named again, and {entry.decision} rolled it back: it will not serve; {remedy}"
            yield Loss("VersionQuarantined", entry.decision, str(change), message)


def _left_behind(change: Change, snapshot: Snapshot) -> Iterator[Loss]:
    """What was decided or said about a version that would not be named any more."""
    if change.kind.name != "ModelDeployment" or change.after is None or change.live is None:
        return
    old, new = _version(_model(change.live)), _version(_model(change.after))
    status = status_of(ModelDeploymentStatus, change.live)
    if old is None or old == new or (status.effective is not None and status.effective.version == old):
        return
    for decision in _open(snapshot, change.name):
        if decision.from_ is not None and decision.from_.version == old:
            message = f"{words(decision)} is open: version {old} leaves its rollout, and nobody answers it any more"
            yield Loss("Moot", decision.id, str(change), message)
    yield from _words_left_behind(change, change.live, old)


def _words_left_behind(change: Change, live: Object, old: str) -> Iterator[Loss]:
    for word in ("promote", "abort"):
        if said(live, word) == old:
            yield Loss("WordLost", f"andon.dev/{word}", str(change), f"it is about version {old}, and means nothing to another")
    step, _, who = said(live, "approve").partition("/")
    if step.startswith("r-"):
        yield Loss("ApprovalVoid", step, str(change), f"{who} approved a step of version {old}; another one is asked about anew")


def _steps_changed(change: Change, snapshot: Snapshot) -> Iterator[Loss]:
    """An approval is of one step at its place."""
    del snapshot
    if change.kind.name != "ModelDeployment" or change.after is None or change.live is None:
        return
    before, after = (obj["spec"].get("rollout", {}).get("steps") for obj in (change.live, change.after))
    step, _, who = said(change.live, "approve").partition("/")
    if step.startswith("r-") and before != after and _version(_model(change.live)) == _version(_model(change.after)):
        yield Loss("ApprovalVoid", step, str(change), f"{who} approved a step that is another now: it may be asked about anew")


def _gone(change: Change, snapshot: Snapshot) -> Iterator[Loss]:
    """With an object goes what is kept in its status."""
    if change.after is not None or change.live is None:
        return
    match change.kind.name:
        case "ModelDeployment":
            for decision in _open(snapshot, change.name):
                yield Loss("TargetGone", decision.id, str(change), f"{words(decision)} is open, and its target would be gone")
            for entry in status_of(ModelDeploymentStatus, change.live).quarantined:
                message = f"version {entry.version} was rolled back: only git's commits and the registry's tag would still know"
                yield Loss("TargetGone", entry.decision, str(change), message)
        case "DriftPolicy":
            for decision in _opened_by(change.live):
                yield Loss("PolicyGone", decision.id, str(change), f"{words(decision)} is open, and nobody would ask it any more")
        case "DataSource":
            for window in change.live.get("status", {}).get("quarantine", ()):
                message = f"{', '.join(window['tags'])} would be learned from: what was kept from training is kept here"
                yield Loss("SourceGone", window["decision"], str(change), message)
        case _:
            for decision in _retrains(change.live, snapshot):
                yield Loss("ActorGone", decision.id, str(change), f"{words(decision)} is open, and nobody would train")


def _unwatched(change: Change, snapshot: Snapshot) -> Iterator[Loss]:
    """A policy that looks elsewhere, or only says what it would do, closes what it has asked for."""
    del snapshot
    if change.kind.name != "DriftPolicy" or change.after is None or change.live is None:
        return
    elsewhere = target_of(change.live) != target_of(change.after)
    dry = change.after["spec"].get("dryRun") and not change.live["spec"].get("dryRun")
    for decision in _opened_by(change.live):
        if elsewhere:
            yield Loss("PolicyGone", decision.id, str(change), f"{words(decision)} is open, and its policy would watch another")
        elif dry and decision.action in {Action.ROLLBACK, Action.RETRAIN}:
            yield Loss("PolicyGone", decision.id, str(change), f"{words(decision)} is open, and dryRun would close it undone")


def _untrained(change: Change, snapshot: Snapshot) -> Iterator[Loss]:
    """A pipeline that trains for another deployment."""
    if change.kind.name != "TrainingPipeline" or change.after is None or change.live is None:
        return
    if promotes(change.live) != promotes(change.after):
        for decision in _retrains(change.live, snapshot):
            yield Loss("ActorGone", decision.id, str(change), f"{words(decision)} is open, and this would train for another")


def _half_way(change: Change, snapshot: Snapshot) -> Iterator[Loss]:
    """What is being carried out stops where it is."""
    del snapshot
    if change.after is None or change.live is None or not change.after["spec"].get("suspend"):
        return
    for decision in change.live.get("status", {}).get("decisions", ()):
        if decision.get("state") == ActedState.ACTING and not change.live["spec"].get("suspend"):
            yield Loss("HalfWay", decision["id"], str(change), "it is being carried out, and suspend would stop it half way")


_CHECKS: Final[tuple[Check, ...]] = (
    _quarantined_again,
    _left_behind,
    _steps_changed,
    _gone,
    _unwatched,
    _untrained,
    _half_way,
)


def _model(obj: Object) -> Any:
    return obj["spec"]["model"]


def _version(model: Any) -> str | None:
    place = model.get("mlflow") or model.get("file") or {}
    version: str | None = place.get("version")
    return version


def _open(snapshot: Snapshot, target: str) -> Iterator[Decision]:
    for policy in snapshot.of("DriftPolicy"):
        if target_of(policy) == target:
            yield from _opened_by(policy)


def _opened_by(policy: Object) -> list[Decision]:
    published = status_of(DriftPolicyStatus, policy).decisions if policy["kind"] == "DriftPolicy" else []
    return [decision for decision in published if decision.state is DecisionState.OPEN]


def _retrains(pipeline: Object, snapshot: Snapshot) -> list[Decision]:
    """Open ones that this pipeline would carry out."""
    others = [p for p in snapshot.of("TrainingPipeline") if name_of(p) != name_of(pipeline) and promotes(p) == promotes(pipeline)]
    target = promotes(pipeline)
    return [d for d in _open(snapshot, target) if d.action is Action.RETRAIN] if target and not others else []

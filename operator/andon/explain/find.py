"""Which decision has this id, and what became of it? Looked up in what the objects of a namespace say of themselves."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from andon.api.datasource import QuarantineWindow
from andon.api.decision import ActedDecision, ActedState, Action, Decision
from andon.api.errors import UserError
from andon.api.policy import EvidenceSpec
from andon.api.types import ApiModel
from andon.explain.case import Case, case_of
from andon.explain.certainty import USUAL

Object = Mapping[str, Any]
Model = TypeVar("Model", bound=ApiModel)

_ACTORS: Final = {"ModelDeployment": "modeldeployment", "TrainingPipeline": "trainingpipeline"}


@dataclass(frozen=True, slots=True)
class Found:
    """A decision with what became of it. revision: the digest it is about, if it is about one."""

    case: Case
    revision: str | None


@dataclass(frozen=True, slots=True)
class _Copy:
    """An actor's own copy of a decision."""

    actor: str
    target: str
    acted: ActedDecision


def find(wanted: str, objects: Iterable[Object], namespace: str) -> Found:
    """The decision of this id. Raises UserError listing the known ones when there is none."""
    everything = list(objects)
    copies = {copy.acted.id: copy for copy in _copies(everything)}
    published = {decision.id: (policy, decision) for policy, decision in _published(everything)}
    if wanted in published:
        policy, decision = published[wanted]
        case = _told(decision, policy, copies.get(wanted), everything, namespace)
        return Found(replace(case, faulty=_faulty(case, everything)), decision.from_.digest if decision.from_ else None)
    if wanted in copies:
        copy = copies[wanted]
        return Found(_told_by_the_actor(copy, everything, namespace), copy.acted.from_.digest)
    known = {i: copy.acted for i, copy in copies.items()} | {i: decision for i, (_, decision) in published.items()}
    raise UserError(_unknown(wanted, namespace, known))


def _published(objects: Iterable[Object]) -> Iterator[tuple[EvidenceSpec, Decision]]:
    for obj in _of_kind(objects, "DriftPolicy"):
        policy = _read(EvidenceSpec, obj["spec"].get("evidence", {})) or USUAL
        for document in obj.get("status", {}).get("decisions", ()):
            if (decision := _read(Decision, document)) is not None:
                yield policy, decision


def _copies(objects: Iterable[Object]) -> Iterator[_Copy]:
    for kind, plural in _ACTORS.items():
        for obj in _of_kind(objects, kind):
            name = obj["metadata"]["name"]
            target = obj["spec"].get("promotion", {}).get("deploymentRef", {}).get("name", name)
            for document in obj.get("status", {}).get("decisions", ()):
                if (acted := _read(ActedDecision, document)) is not None:
                    yield _Copy(f"{plural}/{name}", target, acted)


def _read(model: type[Model], document: object) -> Model | None:
    """None for one that a newer operator wrote in a form that cannot be read here."""
    try:
        return model.model_validate(document)
    except ValidationError:
        return None


def _told(decision: Decision, policy: EvidenceSpec, copy: _Copy | None, objects: list[Object], namespace: str) -> Case:
    no = _rejected(decision.id, objects)
    if decision.action is Action.QUARANTINE:
        held, source = _quarantined(decision.id, objects), _source_of(decision.target, objects)
        return case_of(decision, namespace, policy, taken=held, refused=None if held else no, actor=source)
    actor = copy.actor if copy else _pipeline_of(decision.target, objects) if decision.action is Action.RETRAIN else None
    taken = _carried_out(copy, objects)
    refused = None if taken else _refused(copy) or no
    case = case_of(decision, namespace, policy, taken=taken, refused=refused, actor=actor)
    return replace(case, outcome=copy.acted.outcome if copy else None)


def _carried_out(copy: _Copy | None, objects: Iterable[Object]) -> bool:
    """Whether it is done or being done. A rollback whose commit git refused was carried out: serving comes first."""
    if copy is None:
        return False
    quarantined = (q for d in _of_kind(objects, "ModelDeployment") for q in d.get("status", {}).get("quarantined", ()))
    locked_out = any(entry.get("decision") == copy.acted.id for entry in quarantined)
    return locked_out or copy.acted.state in {ActedState.ACTING, ActedState.DONE}


def _refused(copy: _Copy | None) -> str | None:
    if copy is None:
        return None
    return copy.acted.outcome or copy.acted.state.value


def _rejected(decision: str, objects: Iterable[Object]) -> str | None:
    """Who said no, in a sentence."""
    noted = (rejection for obj in objects for rejection in obj.get("status", {}).get("rejected", ()))
    return next((f"{r['by']} rejected it" for r in noted if r["decision"] == decision), None)


def _told_by_the_actor(copy: _Copy, objects: list[Object], namespace: str) -> Case:
    """The policy is gone, or has forgotten: the actor's copy has all but tags and checks."""
    acted, taken = copy.acted, _carried_out(copy, objects)
    return Case(
        verdict=acted.verdict.value,
        at=acted.decided,
        target=copy.target,
        namespace=namespace,
        id=acted.id,
        action=acted.action.value,
        taken=taken,
        refused=None if taken else _refused(copy),
        outcome=acted.outcome,
        found_at_fault=acted.from_.version,
        instead=acted.to.version if acted.to else None,
        summary=acted.summary,
        evidence=acted.evidence,
        actor=copy.actor,
    )


def _faulty(case: Case, objects: list[Object]) -> tuple[str, ...]:
    """Other tags that were not to be believed at that time."""
    tags = [tag for w in _windows(objects) if w.decision != case.id for tag in w.tags if w.covers(tag, case.at)]
    return tuple(dict.fromkeys(tag for tag in tags if tag not in case.subjects))


def _quarantined(decision: str, objects: list[Object]) -> bool:
    return any(window.decision == decision for window in _windows(objects))


def _windows(objects: Iterable[Object]) -> Iterator[QuarantineWindow]:
    for source in _of_kind(objects, "DataSource"):
        for document in source.get("status", {}).get("quarantine", ()):
            if (window := _read(QuarantineWindow, document)) is not None:
                yield window


def _source_of(target: str, objects: list[Object]) -> str | None:
    deployment = next((o for o in _of_kind(objects, "ModelDeployment") if o["metadata"]["name"] == target), None)
    refs = deployment["spec"].get("inputs", {}).get("sourceRefs", ()) if deployment else ()
    return f"datasource/{refs[0]['name']}" if refs else None


def _pipeline_of(target: str, objects: Iterable[Object]) -> str | None:
    for pipeline in _of_kind(objects, "TrainingPipeline"):
        if pipeline["spec"].get("promotion", {}).get("deploymentRef", {}).get("name") == target:
            return f"trainingpipeline/{pipeline['metadata']['name']}"
    return None


def _of_kind(objects: Iterable[Object], kind: str) -> list[Object]:
    return [obj for obj in objects if obj["kind"] == kind]


def _unknown(wanted: str, namespace: str, known: Mapping[str, Decision | ActedDecision]) -> str:
    if not known:
        others = "other namespaces are not looked in: name one with -n"
        return f"there is no decision {wanted} in namespace {namespace}, nor any other in it; {others}"
    newest = sorted(known.values(), key=_when, reverse=True)
    lines = (f"\n  {d.id}  {_when(d):%Y-%m-%d %H:%M:%S} UTC  {d.verdict}: {d.action}" for d in newest)
    return f"there is no decision {wanted} in namespace {namespace}. Known there, newest first:{''.join(lines)}"


def _when(decision: Decision | ActedDecision) -> datetime:
    return (decision.since if isinstance(decision, Decision) else decision.decided).astimezone(UTC)

"""Which decision has this id, and what became of it? Looked up in what the objects of a namespace say of themselves."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError

from andon.api.decision import ActedDecision, ActedState, Action, Decision
from andon.api.errors import UserError
from andon.explain.case import Case, beside, case_of

Object = Mapping[str, Any]

_ACTORS: Final = {"ModelDeployment": "modeldeployment", "TrainingPipeline": "trainingpipeline"}


@dataclass(frozen=True, slots=True)
class Found:
    """A decision with what became of it. policy: that made it. revision: the digest it is about, if it is about one."""

    case: Case
    policy: str
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
        case = _beside_the_others(_told(decision, copies.get(wanted), everything, namespace), published.values(), namespace)
        return Found(case, policy, decision.from_.digest if decision.from_ else None)
    if wanted in copies:
        copy = copies[wanted]
        return Found(_told_by_the_actor(copy, namespace), copy.acted.policy, copy.acted.from_.digest)
    raise UserError(_unknown(wanted, namespace, published, copies))


def _published(objects: Iterable[Object]) -> Iterator[tuple[str, Decision]]:
    for obj in _of_kind(objects, "DriftPolicy"):
        for document in obj.get("status", {}).get("decisions", ()):
            if (decision := _read(Decision, document)) is not None:
                yield obj["metadata"]["name"], decision


def _copies(objects: Iterable[Object]) -> Iterator[_Copy]:
    for kind, plural in _ACTORS.items():
        for obj in _of_kind(objects, kind):
            name = obj["metadata"]["name"]
            target = obj["spec"].get("promotion", {}).get("deploymentRef", {}).get("name", name)
            for document in obj.get("status", {}).get("decisions", ()):
                if (acted := _read(ActedDecision, document)) is not None:
                    yield _Copy(f"{plural}/{name}", target, acted)


def _read(model: Any, document: object) -> Any:
    """None for one that a newer operator wrote in a form that cannot be read here."""
    try:
        return model.model_validate(document)
    except ValidationError:
        return None


def _told(decision: Decision, copy: _Copy | None, objects: list[Object], namespace: str) -> Case:
    if decision.action is Action.QUARANTINE:
        return case_of(decision, namespace, taken=_quarantined(decision.id, objects), actor=_source_of(decision.target, objects))
    actor = copy.actor if copy else _pipeline_of(decision.target, objects) if decision.action is Action.RETRAIN else None
    taken = copy is not None and copy.acted.state in {ActedState.ACTING, ActedState.DONE}
    return case_of(decision, namespace, taken=taken, refused=_refused(copy), actor=actor)


def _refused(copy: _Copy | None) -> str | None:
    if copy is None or copy.acted.state in {ActedState.ACTING, ActedState.DONE}:
        return None
    return copy.acted.outcome or copy.acted.state.value


def _told_by_the_actor(copy: _Copy, namespace: str) -> Case:
    """The policy is gone, or has forgotten: the actor's copy has all but tags and checks."""
    acted = copy.acted
    return Case(
        verdict=acted.verdict.value,
        at=acted.decided,
        target=copy.target,
        namespace=namespace,
        id=acted.id,
        action=acted.action.value,
        taken=acted.state in {ActedState.ACTING, ActedState.DONE},
        refused=_refused(copy),
        found_at_fault=acted.from_.version,
        instead=acted.to.version if acted.to else None,
        summary=acted.summary,
        evidence=acted.evidence,
        actor=copy.actor,
    )


def _beside_the_others(case: Case, published: Iterable[tuple[str, Decision]], namespace: str) -> Case:
    """With the tags that were at fault at that time: those of quarantines of the same target, made before and open then."""
    others = [case_of(d, namespace) for _, d in published if d.action is Action.QUARANTINE and d.target == case.target]
    before = [other for other in others if other.at <= case.at and other.id != case.id]
    return replace(beside([*before, case])[-1], id=case.id)


def _quarantined(decision: str, objects: Iterable[Object]) -> bool:
    windows = (w for source in _of_kind(objects, "DataSource") for w in source.get("status", {}).get("quarantine", ()))
    return any(window.get("decision") == decision for window in windows)


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


def _unknown(wanted: str, namespace: str, published: Mapping[str, tuple[str, Decision]], copies: Mapping[str, _Copy]) -> str:
    when: dict[str, tuple[datetime, str]] = {
        i: (c.acted.decided, _line(c.acted.verdict, c.acted.action)) for i, c in copies.items()
    }
    when |= {i: (d.since, _line(d.verdict, d.action)) for i, (_, d) in published.items()}
    if not when:
        return f"there is no decision {wanted} in namespace {namespace}, nor any other; name another namespace with -n"
    newest = sorted(when.items(), key=lambda item: item[1][0], reverse=True)
    known = "".join(f"\n  {i}  {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC  {what}" for i, (at, what) in newest)
    return f"there is no decision {wanted} in namespace {namespace}. Known there, newest first:{known}"


def _line(verdict: str, action: str) -> str:
    return f"{verdict}: {action}"

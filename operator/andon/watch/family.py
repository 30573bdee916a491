"""Which objects belong together, by what they name of each other?

Rows come from a DataSource, a TrainingPipeline learns from them, a ModelDeployment serves what was learned, and a DriftPolicy
watches it. Whichever of them a person names, the same family is found.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from andon.watch.standing import Object


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one namespace holds. configmaps: data by name. pods: names of the servers that run; None: nobody can say.

    trouble: why it may be out of date, or is not whole.
    """

    objects: tuple[Object, ...] = ()
    configmaps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    trouble: str | None = None
    pods: frozenset[str] | None = None

    def of(self, kind: str) -> list[Object]:
        """All objects of a kind, by name."""
        return sorted((obj for obj in self.objects if obj["kind"] == kind), key=name_of)

    def named(self, kind: str, name: str) -> Object | None:
        """One object."""
        return next((obj for obj in self.objects if obj["kind"] == kind and name_of(obj) == name), None)


@dataclass(frozen=True, slots=True)
class Family:
    """Names, each once: those that others name, though they are not there, too."""

    sources: tuple[str, ...]
    pipelines: tuple[str, ...]
    deployments: tuple[str, ...]
    policies: tuple[str, ...]


def family(snapshot: Snapshot, name: str, kind: str | None = None) -> Family | None:
    """All that belongs to the object of this name: of this kind or, as it comes, a deployment, source, pipeline or policy."""
    for known in [kind] if kind else ["ModelDeployment", "DataSource", "TrainingPipeline", "DriftPolicy"]:
        start = snapshot.named(known, name)
        if start is not None:
            return _around(snapshot, start)
    return None


def _around(snapshot: Snapshot, start: Object) -> Family:
    name = name_of(start)
    match start["kind"]:
        case "ModelDeployment":
            return _of_deployments(snapshot, [name])
        case "DriftPolicy":
            return _of_deployments(snapshot, [target_of(start)], policies=[name])
        case "TrainingPipeline":
            return _of_deployments(snapshot, _served_from(snapshot, start), pipelines=[name])
        case _:
            pipelines = [p for p in snapshot.of("TrainingPipeline") if name in sources_of(p)]
            reading = [name_of(d) for d in snapshot.of("ModelDeployment") if name in sources_of(d)]
            served = [d for p in pipelines for d in _served_from(snapshot, p)]
            return _of_deployments(snapshot, [*reading, *served], pipelines=map(name_of, pipelines), sources=[name])


def _of_deployments(
    snapshot: Snapshot,
    deployments: Iterable[str],
    pipelines: Iterable[str] = (),
    policies: Iterable[str] = (),
    sources: Iterable[str] = (),
) -> Family:
    served = _once(deployments)
    trained = _once([*pipelines, *(p for d in served for p in _training(snapshot, d))])
    readers = [snapshot.named("TrainingPipeline", p) for p in trained] + [snapshot.named("ModelDeployment", d) for d in served]
    read = _once([*sources, *(s for reader in readers if reader for s in sources_of(reader))])
    watching = [name_of(p) for p in snapshot.of("DriftPolicy") if target_of(p) in served]
    return Family(read, trained, served, _once([*policies, *watching]))


def rejected(snapshot: Snapshot) -> dict[str, str]:
    """Decisions that a person has said no to, as the objects that would act have noted it: id to username."""
    noted = (rejection for obj in snapshot.objects for rejection in obj.get("status", {}).get("rejected", ()))
    return {rejection["decision"]: rejection["by"] for rejection in noted}


def sources_of(obj: Object) -> list[str]:
    """DataSources that a pipeline or a deployment reads."""
    spec = obj["spec"]
    reading: Mapping[str, Any] = spec.get("data") or spec.get("inputs") or {}
    return [ref["name"] for ref in reading.get("sourceRefs", ())]


def target_of(policy: Object) -> str:
    """The deployment that a policy watches."""
    return str(policy["spec"]["targetRef"]["name"])


def promotes(pipeline: Object) -> str | None:
    """The deployment that a pipeline names."""
    name: str | None = pipeline["spec"].get("promotion", {}).get("deploymentRef", {}).get("name")
    return name


def name_of(obj: Object) -> str:
    """Of an object, within its kind and namespace."""
    return str(obj["metadata"]["name"])


def trains(pipeline: Object, deployment: Object) -> bool:
    """Whether it names the deployment or, where it names none, the same registered model."""
    named = promotes(pipeline)
    if named is not None:
        return named == name_of(deployment)
    model = deployment["spec"]["model"].get("mlflow", {}).get("name")
    return model is not None and model == pipeline["spec"]["registry"].get("mlflow", {}).get("model")


def _training(snapshot: Snapshot, deployment: str) -> list[str]:
    obj = snapshot.named("ModelDeployment", deployment)
    pipelines = snapshot.of("TrainingPipeline")
    return [name_of(p) for p in pipelines if promotes(p) == deployment or (obj is not None and trains(p, obj))]


def _served_from(snapshot: Snapshot, pipeline: Object) -> list[str]:
    named = promotes(pipeline)
    return [named] if named else [name_of(d) for d in snapshot.of("ModelDeployment") if trains(pipeline, d)]


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))

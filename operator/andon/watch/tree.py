"""What hangs on what: from the machine's tags to the model's answers and the policy that watches them."""

from collections.abc import Iterable
from typing import TypeVar

from pydantic import ValidationError

from andon.api.datasource import DataSourceStatus, QuarantineWindow
from andon.api.deployment import ModelDeploymentStatus
from andon.api.pipeline import TrainingPipelineStatus
from andon.api.policy import DriftPolicyStatus
from andon.api.types import StatusModel
from andon.watch import judging, serving
from andon.watch.family import Family, Snapshot, name_of, promotes, sources_of, target_of, trains
from andon.watch.node import Node, Told
from andon.watch.standing import Mood, Object, clock, standing

Key = tuple[str, str]
"""Kind and name."""

Status = TypeVar("Status", bound=StatusModel)


def tree(snapshot: Snapshot, family: Family) -> tuple[Node, ...]:
    """The roots: sources, and what has none. Each object stands once, below the first that leads to it."""
    parents = _parents(snapshot, family)
    return tuple(_grown(snapshot, key, parents) for key, parent in parents.items() if parent is None)


def _parents(snapshot: Snapshot, family: Family) -> dict[Key, Key | None]:
    """Below what each member hangs; None for a root."""
    parents: dict[Key, Key | None] = {("DataSource", name): None for name in family.sources}
    for name in family.pipelines:
        read = _sources(snapshot.named("TrainingPipeline", name))
        parents["TrainingPipeline", name] = ("DataSource", read[0]) if read else None
    for name in family.deployments:
        parents["ModelDeployment", name] = _above(snapshot, family, name)
    for name in family.policies:
        policy = snapshot.named("DriftPolicy", name)
        parents["DriftPolicy", name] = ("ModelDeployment", target_of(policy)) if policy else None
    return parents


def _above(snapshot: Snapshot, family: Family, deployment: str) -> Key | None:
    """The pipeline that trains what it serves, or else the source that it scores rows of."""
    obj = snapshot.named("ModelDeployment", deployment)
    pipelines = (p for name in family.pipelines if (p := snapshot.named("TrainingPipeline", name)) is not None)
    trained_by = next((p for p in pipelines if promotes(p) == deployment or (obj is not None and trains(p, obj))), None)
    if trained_by is not None:
        return "TrainingPipeline", name_of(trained_by)
    read = _sources(obj)
    return ("DataSource", read[0]) if read else None


def _sources(obj: Object | None) -> list[str]:
    return sources_of(obj) if obj is not None else []


def _grown(snapshot: Snapshot, key: Key, parents: dict[Key, Key | None]) -> Node:
    kind, name = key
    obj = snapshot.named(kind, name)
    below = [_grown(snapshot, child, parents) for child, parent in parents.items() if parent == key]
    if obj is None:
        missing = f"There is no {kind} {name} in this namespace."
        return Node(kind, name, Mood.BAD, "is named, and not there", missing, children=tuple(below))
    return _object(snapshot, obj, below)


def _object(snapshot: Snapshot, obj: Object, below: Iterable[Node]) -> Node:
    stands = standing(obj)
    try:
        told = _told(snapshot, obj)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        told = Told(f"its status.{where} cannot be read by this version of andon")
    details = {"ready": stands.ready, "reason": stands.reason or None, **told.details}
    said = ", ".join(word for word in (stands.reason, told.said) if word)
    return Node(obj["kind"], name_of(obj), stands.mood, said, stands.message, details, (*told.parts, *below))


def _told(snapshot: Snapshot, obj: Object) -> Told:
    """Raises ValidationError for a status that a newer operator wrote in a form that cannot be read here."""
    match obj["kind"]:
        case "DataSource":
            return _source(obj, _status(DataSourceStatus, obj))
        case "TrainingPipeline":
            return _pipeline(obj, _status(TrainingPipelineStatus, obj))
        case "ModelDeployment":
            return serving.told(snapshot, obj, _status(ModelDeploymentStatus, obj))
        case _:
            return judging.told(snapshot, obj, _status(DriftPolicyStatus, obj))


def _status(model: type[Status], obj: Object) -> Status:
    return model.model_validate(obj.get("status", {}))


def _source(obj: Object, status: DataSourceStatus) -> Told:
    tags, asset = len(obj["spec"]["tags"]), obj["spec"]["asset"]
    lasting = tuple(_quarantine(window) for window in status.quarantine if window.until is None)
    return Told(f"{tags} tags of {asset}", {"asset": asset, "tags": tags, "rowsUrl": status.rows_url}, lasting)


def _quarantine(window: QuarantineWindow) -> Node:
    said = f"{window.fault}, kept from training since {clock(window.since)} ({window.decision})"
    details = {"tags": window.tags, "fault": window.fault, "since": window.since, "decision": window.decision}
    return Node("quarantine", ", ".join(window.tags), Mood.BAD, said, details=details)


def _pipeline(obj: Object, status: TrainingPipelineStatus) -> Told:
    model = obj["spec"]["registry"].get("mlflow", {}).get("model")
    trained = status.trained
    said = f"trained version {trained} of {model}" if trained else f"has not trained {model} yet"
    return Told(said, {"model": model, "trained": trained, "job": status.job})

"""Reading raw objects from the cluster as the API's models, and telling whether a child is as it should be."""

from typing import Any, TypeVar

from pydantic import ValidationError

from andon.api import API_VERSION
from andon.api.types import ApiModel, StatusModel
from andon.controllers.informer import Object
from andon.ports.cluster import Manifest
from andon.render.documents import RENDERED
from andon.render.workloads import Owner

Spec = TypeVar("Spec", bound=ApiModel)
Status = TypeVar("Status", bound=StatusModel)


def spec_of(obj: Object, model: type[Spec]) -> Spec | str:
    """The spec, or in plain words what is wrong with it: a CRD older than this operator lets through what the model refuses."""
    try:
        return model.model_validate(obj["spec"])
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in ("spec", *first["loc"]))
        return f"{field}: {first['msg']}. Correct it, or install the CRDs of this version."


def status_of(obj: Object, model: type[Status]) -> Status:
    """The status; one that a newer operator wrote and this one cannot read is raised as ValidationError rather than lost."""
    return model.model_validate(obj.get("status") or {})


def owner_of(obj: Object, kind: str) -> Owner:
    """Whom children belong to."""
    metadata = obj["metadata"]
    return Owner(kind, metadata["namespace"], metadata["name"], metadata["uid"])


def status_manifest(obj: Object, kind: str, status: StatusModel) -> Manifest | None:
    """What to write, or None when the cluster says it already. Written only onto the version it was decided from."""
    document = plain(status)
    if document == plain(type(status).model_validate(obj.get("status") or {})) and obj.get("status", {}).get("conditions"):
        return None
    metadata = {key: obj["metadata"][key] for key in ("namespace", "name", "resourceVersion")}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "status": document}


def plain(model: StatusModel) -> dict[str, Any]:
    """As it is written: absent fields left out."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def waiting_message(children: list[Object]) -> str:
    """Why the first pod is not ready, in Kubernetes' own words."""
    for pod in (c for c in children if c["kind"] == "Pod"):
        for container in pod.get("status", {}).get("containerStatuses", ()):
            waiting = container.get("state", {}).get("waiting")
            if waiting:
                return f"pod {pod['metadata']['name']}: {waiting.get('reason', '')} {waiting.get('message', '')}".strip()
        return f"pod {pod['metadata']['name']} is {pod.get('status', {}).get('phase', 'Pending')} and not ready"
    return "no pod yet"


def is_as_rendered(live: Object | None, rendered: Manifest) -> bool:
    """Whether applying would change nothing: it was rendered the same, and nobody has since changed a field of ours."""
    if live is None:
        return False
    same = live["metadata"].get("annotations", {}).get(RENDERED) == rendered["metadata"]["annotations"][RENDERED]
    return same and _covers(live, rendered)


def _covers(live: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        told = {key: value for key, value in wanted.items() if value not in ({}, [])}  # the API server drops what is empty
        return isinstance(live, dict) and all(_covers(live.get(key), value) for key, value in told.items())
    if isinstance(wanted, list):
        return (
            isinstance(live, list)
            and len(live) >= len(wanted)
            and all(_covers(*pair) for pair in zip(live, wanted, strict=False))
        )
    return bool(live == wanted)

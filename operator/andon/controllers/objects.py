"""Reading raw objects from the cluster as the API's models, and telling whether a child is as it should be."""

import logging
from collections.abc import Sequence
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from andon.api import API_VERSION, GROUP
from andon.api.types import ApiModel, StatusModel
from andon.controllers.informer import Object
from andon.core.approval import spoken
from andon.ports.cluster import Manifest
from andon.render.documents import RENDERED
from andon.render.workloads import Owner

Spec = TypeVar("Spec", bound=ApiModel)
Status = TypeVar("Status", bound=StatusModel)
Model = TypeVar("Model", bound=ApiModel)

log = logging.getLogger(__name__)

_NO_IMAGE: Final = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})


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


def parsed(text: str, model: type[Model]) -> Model | None:
    """What another process or a person wrote, or None when it makes no sense: it must not stop the one who reads it."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        log.warning("%s not understood, taken as not there: %s", model.__name__, error.errors(include_url=False)[0]["msg"])
        return None


def others_status(obj: Object, model: type[Status]) -> Status:
    """The status of an object of another controller; one that cannot be read says nothing, which stops nobody else."""
    try:
        return status_of(obj, model)
    except ValidationError:
        return model()


def is_alive(pod: Object) -> bool:
    """Whether a pod may still do something: evicted and ended ones can stay for weeks, as one on a lost node that is deleted."""
    return pod.get("status", {}).get("phase") not in {"Failed", "Succeeded"} and "deletionTimestamp" not in pod["metadata"]


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


def annotated(obj: Object, word: str) -> str:
    """What a person wrote as `andon.dev/<word>` on this object; empty: nothing."""
    return str((obj["metadata"].get("annotations") or {}).get(f"{GROUP}/{word}", ""))


def approvals(obj: Object) -> dict[str, str]:
    """Who approved which decision, or which step of a rollout, by `andon.dev/approve: WHAT/USERNAME`: at most one."""
    return _answered(obj, "approve")


def rejections(obj: Object) -> dict[str, str]:
    """Who rejected which decision, by `andon.dev/reject: DECISION/USERNAME`: at most one."""
    return _answered(obj, "reject")


def _answered(obj: Object, word: str) -> dict[str, str]:
    heard = spoken(annotated(obj, word))
    return dict([heard]) if heard else {}


def waiting_message(children: list[Object], secrets: Sequence[str] = ()) -> str:
    """Why the pod is not ready. Nothing in it counts or alternates, so that a status that carries it comes to rest.

    secrets: what it mounts. Andon may not read Secrets, so that one that is not there can only be suspected.
    """
    pods = [c for c in children if c["kind"] == "Pod" and is_alive(c)]
    pod = next((pod for pod in pods if not _is_ready(pod)), next(iter(pods), None))
    if pod is None:
        return "no pod yet"
    name, status = pod["metadata"]["name"], pod.get("status", {})
    unplaced = next((c for c in status.get("conditions", ()) if c["type"] == "PodScheduled" and c["status"] == "False"), None)
    if unplaced is not None:
        return f"pod {name} fits no node: {unplaced.get('message', '').rstrip('.')}"
    troubles = (_trouble(name, container) for container in status.get("containerStatuses", ()))
    said = next((t for t in troubles if t), f"pod {name} is {status.get('phase', 'Pending')} and not ready")
    begun = any("running" in container.get("state", {}) for container in status.get("containerStatuses", ()))
    needs = f"; it needs the Secrets {', '.join(secrets)}: `kubectl get secret {' '.join(secrets)}`" if secrets else ""
    return said if begun else f"{said}{needs}"


def _is_ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", ()))


def _trouble(pod: str, container: Object) -> str:
    waiting = container.get("state", {}).get("waiting") or {}
    if waiting.get("reason") in _NO_IMAGE:
        return f"pod {pod}: image {container.get('image')} cannot be pulled"
    if container.get("restartCount"):
        return f"pod {pod} ends and is started again: `kubectl logs --previous {pod}` says why"
    return f"pod {pod}: {waiting['reason']} {waiting.get('message', '')}".strip() if waiting.get("reason") else ""


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

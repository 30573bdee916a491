"""Who knows where a prediction comes from? The deployment's status, its slots, and the registry that they name."""

from pydantic import ValidationError

from andon.api.deployment import ModelDeploymentStatus
from andon.api.errors import UserError
from andon.api.missing import Missing
from andon.api.slots import SLOTS_KEY
from andon.ports.terminal import ApiServer, AwayError, NotFoundError, Place
from andon.watch.family import name_of
from andon.watch.standing import Object
from andon.watch.why.answer import Explained
from andon.watch.why.origin import Origin, origin
from andon.watch.why.registry import Registered, address_in, registered


def traced(api: ApiServer, obj: Object, told: Explained, mlflow: str | None) -> Origin:
    """All that is known; what cannot be asked is a remark. mlflow: its address, None for the one that the server was told."""
    remarks: list[str] = []
    try:
        status = ModelDeploymentStatus.model_validate(obj.get("status", {}))
    except ValidationError:
        status = ModelDeploymentStatus()
        remarks.append("The deployment's status cannot be read by this version of andon: people and commits are not told.")
    model = obj["spec"]["model"].get("mlflow", {}).get("name")
    found = _registered(mlflow or _address(api, obj), model, told.prediction.version) if model else Registered()
    if isinstance(found, Missing):
        remarks.append(f"The registry tells nothing: {found.detail}")
        found = Registered()
    return origin(told, model, status, found, tuple(remarks))


def _registered(mlflow: str | None, model: str, version: str) -> Registered | Missing:
    if mlflow is None:
        return Missing("NotFound", "nobody says where it is. Next: --mlflow ADDRESS.")
    return registered(mlflow, model, version)


def _address(api: ApiServer, obj: Object) -> str | None:
    """From the orders of its server, which name each model's files."""
    name, namespace = name_of(obj), obj["metadata"]["namespace"]
    place = Place(f"/api/v1/namespaces/{namespace}/configmaps/{name}-slots", f"configmap {name}-slots in namespace {namespace}")
    try:
        text = api.get(place)["data"][SLOTS_KEY]
    except (NotFoundError, AwayError, UserError, KeyError, TypeError):
        return None
    return address_in(text)

"""Which DriftPolicy watches which ModelDeployment, and which TrainingPipeline trains for it."""

from collections.abc import Iterable

from andon.controllers.informer import Informer, Object
from andon.controllers.queue import Key


def policies_for(informer: Informer, target: Key) -> list[Object]:
    """All that name this deployment, the oldest first: the first one watches it."""
    return _oldest_first(p for p in informer.all("DriftPolicy", target.namespace) if target_of(p) == target.name)


def watcher_of(informer: Informer, target: Key) -> Object | None:
    """The policy that watches this deployment."""
    return next(iter(policies_for(informer, target)), None)


def target_of(policy: Object) -> str:
    """The name of the deployment that a policy names."""
    return str(policy["spec"].get("targetRef", {}).get("name", ""))


def pipelines_for(informer: Informer, target: Key) -> list[Object]:
    """All that train for this deployment, the oldest first: the first one acts on what is decided about it."""
    return _oldest_first(p for p in informer.all("TrainingPipeline", target.namespace) if promotes_to(p) == target.name)


def trainer_of(informer: Informer, target: Key) -> str | None:
    """The name of the pipeline that acts on what is decided about this deployment."""
    return next((str(p["metadata"]["name"]) for p in pipelines_for(informer, target)), None)


def promotes_to(pipeline: Object) -> str:
    """The name of the deployment that uses a pipeline's model; empty if none is named."""
    return str((pipeline["spec"].get("promotion") or {}).get("deploymentRef", {}).get("name", ""))


def _oldest_first(found: Iterable[Object]) -> list[Object]:
    return sorted(found, key=lambda p: (p["metadata"]["creationTimestamp"], p["metadata"]["name"]))

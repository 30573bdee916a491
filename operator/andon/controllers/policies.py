"""Which DriftPolicy watches which ModelDeployment."""

from andon.controllers.informer import Informer, Object
from andon.controllers.queue import Key


def policies_for(informer: Informer, target: Key) -> list[Object]:
    """All that name this deployment, the oldest first: the first one watches it."""
    found = [p for p in informer.all("DriftPolicy", target.namespace) if target_of(p) == target.name]
    return sorted(found, key=lambda p: (p["metadata"]["creationTimestamp"], p["metadata"]["name"]))


def watcher_of(informer: Informer, target: Key) -> Object | None:
    """The policy that watches this deployment."""
    return next(iter(policies_for(informer, target)), None)


def target_of(policy: Object) -> str:
    """The name of the deployment that a policy names."""
    return str(policy["spec"].get("targetRef", {}).get("name", ""))

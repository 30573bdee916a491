"""What every kind's controller has in common: reading its object, writing status and children only when they differ."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from andon.api.conditions import not_ready, stalled, summarise
from andon.api.config import OperatorConfig
from andon.api.types import StatusModel
from andon.controllers.informer import Informer, Object
from andon.controllers.objects import is_as_rendered, status_manifest
from andon.controllers.queue import Key
from andon.ports.clock import Clock
from andon.ports.cluster import Cluster, Manifest
from andon.ports.metrics import Metrics
from andon.ports.registry import Registry
from andon.ports.repository import Repository

log = logging.getLogger(__name__)

S = TypeVar("S", bound=StatusModel)


@dataclass(frozen=True, slots=True)
class Outside:
    """Everything a controller may touch."""

    config: OperatorConfig
    informer: Informer
    cluster: Cluster
    metrics: Metrics
    registry: Registry
    repository: Repository
    clock: Clock


class Controller(Protocol):
    """One kind's: gather facts, decide, perform."""

    async def reconcile(self, key: Key) -> float | None:
        """Make this object true. Seconds until it wants to be looked at again, if nothing happens before."""
        ...


async def write_status(outside: Outside, kind: str, obj: Object, status: StatusModel) -> bool:
    """Write what is new to say. True if something was. Raises ClusterError."""
    manifest = status_manifest(obj, kind, status)
    if manifest is None:
        return False
    await outside.cluster.write_status(manifest, manager=f"andon-{kind.lower()}")
    _tell(kind, manifest)
    return True


async def apply_children(outside: Outside, kind: str, key: Key, rendered: Iterable[Manifest]) -> None:
    """Apply, in order, the children that are not as rendered. Raises ClusterError."""
    live = {(c["kind"], c["metadata"]["name"]): c for c in outside.informer.children(kind, key.namespace, key.name)}
    for manifest in rendered:
        if not is_as_rendered(live.get((manifest["kind"], manifest["metadata"]["name"])), manifest):
            await outside.cluster.apply(manifest, manager=f"andon-{kind.lower()}")


async def refuse(outside: Outside, kind: str, obj: Object, status: S, why: str) -> None:
    """A spec that cannot be understood: said in the status, nothing touched. Raises ClusterError."""
    now, generation = outside.clock.now(), obj["metadata"]["generation"]
    claims = [not_ready("InvalidSpec", why), stalled("InvalidSpec", why)]
    await write_status(outside, kind, obj, _with_conditions(status, claims, generation, now))


def _with_conditions(status: S, claims: list[Any], generation: int, now: datetime) -> S:
    before = getattr(status, "conditions")  # noqa: B009 - each kind's status has them, their common base has not
    conditions = summarise(claims, before, generation, now)
    return status.model_copy(update={"conditions": conditions, "observed_generation": generation})


def _tell(kind: str, manifest: Manifest) -> None:
    metadata, status = manifest["metadata"], manifest["status"]
    said: dict[str, Any] = next((c for c in status.get("conditions", ()) if c["type"] == "Ready"), {})
    log.info("%s %s/%s: %s %s", kind, metadata["namespace"], metadata["name"], said.get("reason", ""), said.get("message", ""))

"""Reconcile, for every kind: gather, decide, perform. And what they share: writing status and children only when they differ."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from andon.api.conditions import Condition, not_ready, stalled, summarise, without_readiness
from andon.api.config import OperatorConfig
from andon.api.decision import ActedDecision
from andon.api.kinds import Kind
from andon.api.types import ApiModel, StatusModel
from andon.controllers import notes
from andon.controllers.herald import Herald
from andon.controllers.informer import Informer, Object
from andon.controllers.objects import annotated, is_as_rendered, spec_of, status_manifest, status_of
from andon.controllers.queue import Key
from andon.ports.clock import Clock
from andon.ports.cluster import Cluster, Manifest, RefusedError
from andon.ports.git.repository import Repository
from andon.ports.metrics import Metrics
from andon.ports.registry import Registry

log = logging.getLogger(__name__)

Spec = TypeVar("Spec", bound=ApiModel)
Status = TypeVar("Status", bound=StatusModel)
F = TypeVar("F")
P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Outside:
    """Everything a controller may touch."""

    config: OperatorConfig
    informer: Informer
    cluster: Cluster
    metrics: Metrics
    registry: Registry
    repository: Repository
    herald: Herald
    clock: Clock


@dataclass(frozen=True, slots=True)
class Seen(Generic[Spec, Status]):
    """An object as it was when this reconcile began."""

    obj: Object
    spec: Spec
    status: Status

    @property
    def generation(self) -> int:
        """Of the spec that is seen."""
        return int(self.obj["metadata"]["generation"])


class Reconciler(ABC, Generic[Spec, Status, F, P]):
    """One kind's controller."""

    def __init__(self, outside: Outside, kind: Kind, spec: type[Spec], status: type[Status]) -> None:
        self.outside = outside
        self.kind = kind.name
        self._spec, self._status = spec, status
        self._refused: dict[Key, str] = {}

    async def reconcile(self, key: Key) -> float | None:
        """Make this object true. Seconds until it wants to be looked at again, if nothing happens before. Raises ClusterError."""
        obj = self.outside.informer.get(self.kind, *key)
        if obj is None:
            self._refused.pop(key, None)
            self.gone(key)
            return None
        spec, status = spec_of(obj, self._spec), status_of(obj, self._status)
        if isinstance(spec, str):
            await self._refuse(obj, status, spec)
            return None
        seen = Seen(obj, spec, status)
        facts = await self.gather(key, seen)
        plan = self.decide(facts, self.outside.clock.now())
        try:
            wait = await self.perform(key, seen, facts, plan)
        except RefusedError as error:
            self._refused[key] = str(error)
            raise
        return wait if self._refused.pop(key, None) is None else 0.0

    @abstractmethod
    async def gather(self, key: Key, seen: Seen[Spec, Status]) -> F:
        """Reads only. A port that failed is a fact, not an exception."""

    @abstractmethod
    def decide(self, facts: F, now: datetime) -> P:
        """Pure."""

    @abstractmethod
    async def perform(self, key: Key, seen: Seen[Spec, Status], facts: F, plan: P) -> float | None:
        """Status first, each write only if something changed; then seconds until the next look. Raises ClusterError."""

    def gone(self, key: Key) -> None:
        """The object was deleted; its children go by their owner references."""

    async def write_status(self, obj: Object, status: Status) -> None:
        """Write what is new to say; above all, what the API server refused at the last try. Raises ClusterError.

        Whatever is said, it says which andon.dev/reconcile was seen.
        """
        why = self._refused.get(Key(obj["metadata"]["namespace"], obj["metadata"]["name"]))
        if why is not None:
            said = without_readiness(_conditions(status))
            status = self._stuck(
                obj, status, "ApplyRefused", f"{why}. Correct the spec, or the operator's rights. Retried.", said
            )
        handled = annotated(obj, "reconcile")[:512] or None
        manifest = status_manifest(obj, self.kind, status.model_copy(update={"last_handled_reconcile_at": handled}))
        if manifest is not None:
            await self.outside.cluster.write_status(manifest, manager=self._manager)
            _log(manifest)
            self.tell(obj, status)

    async def apply_children(self, key: Key, rendered: Iterable[Manifest]) -> None:
        """Apply, in order, the children that are not as rendered. Raises ClusterError."""
        children = self.outside.informer.children(self.kind, *key)
        live = {(c["kind"], c["metadata"]["name"]): c for c in children}
        for manifest in rendered:
            if not is_as_rendered(live.get((manifest["kind"], manifest["metadata"]["name"])), manifest):
                await self.outside.cluster.apply(manifest, manager=self._manager)

    async def take_away(self, key: Key, api_version: str, kind: str, rendered: Iterable[Manifest]) -> None:
        """Delete the children of this kind that are rendered no more. Raises ClusterError."""
        wanted = {m["metadata"]["name"] for m in rendered if m["kind"] == kind}
        for child in self.outside.informer.children(self.kind, *key):
            name = child["metadata"]["name"]
            if child["kind"] == kind and name not in wanted and "deletionTimestamp" not in child["metadata"]:
                metadata = {"namespace": key.namespace, "name": name}
                await self.outside.cluster.delete({"apiVersion": api_version, "kind": kind, "metadata": metadata})

    def tell(self, obj: Object, status: Status) -> None:
        """Who looks at the object's Events."""
        subject, before, now = notes.subject_of(obj, self.kind), status_of(obj, self._status), self.outside.clock.now()
        said = notes.transition(subject, _conditions(before), _conditions(status), now)
        if said is not None:
            self.outside.herald.transition(said)
        for note in notes.acted(subject, _acted(before), _acted(status), now):
            self.outside.herald.decision(note)

    @property
    def _manager(self) -> str:
        return f"andon-{self.kind.lower()}"

    async def _refuse(self, obj: Object, status: Status, why: str) -> None:
        """A spec that cannot be understood: said in the status, nothing touched."""
        await self.write_status(obj, self._stuck(obj, status, "InvalidSpec", why))

    def _stuck(self, obj: Object, status: Status, reason: str, why: str, others: Sequence[Condition] = ()) -> Status:
        """The same status, with these other conditions, waiting for a person."""
        claims, generation = [not_ready(reason, why), stalled(reason, why)], obj["metadata"]["generation"]
        before = _conditions(status_of(obj, self._status))
        conditions = [*others, *summarise(claims, before, generation, self.outside.clock.now())]
        update = {"conditions": sorted(conditions, key=lambda c: c.type), "observed_generation": generation}
        return status.model_copy(update=update)


def _conditions(status: StatusModel) -> list[Condition]:
    """Every kind's status has them, its base has not."""
    conditions: list[Condition] = getattr(status, "conditions")  # noqa: B009 - as said
    return conditions


def _acted(status: StatusModel) -> list[ActedDecision]:
    """The decisions that this kind acts on; a policy's own are none."""
    return [d for d in getattr(status, "decisions", ()) if isinstance(d, ActedDecision)]


def _log(manifest: Manifest) -> None:
    metadata, status = manifest["metadata"], manifest["status"]
    said: dict[str, Any] = next((c for c in status.get("conditions", ()) if c["type"] == "Ready"), {})
    where = f"{manifest['kind']} {metadata['namespace']}/{metadata['name']}"
    log.info("%s: %s %s", where, said.get("reason", ""), said.get("message", ""))

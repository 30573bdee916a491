"""DataSource: a collector, and the windows of its tags that are not to be believed."""

from datetime import datetime

from andon.api.conditions import find
from andon.api.datasource import DataSourceSpec, DataSourceStatus
from andon.api.decision import Decision
from andon.api.kinds import DATA_SOURCE
from andon.api.policy import DriftPolicyStatus
from andon.controllers.informer import Object
from andon.controllers.objects import approvals, others_status, owner_of, rejections, waiting_message
from andon.controllers.policies import target_of
from andon.controllers.queue import Key
from andon.controllers.reconciler import Outside, Reconciler, Seen
from andon.core.datasource.plan import Collector, Facts, Plan, decide
from andon.core.drift.plan import WATCHING
from andon.render.workloads import collector


class DataSourceController(Reconciler[DataSourceSpec, DataSourceStatus, Facts, Plan]):
    """Orders for a collector, from the spec and from what policies decided about its tags."""

    def __init__(self, outside: Outside) -> None:
        super().__init__(outside, DATA_SOURCE, DataSourceSpec, DataSourceStatus)

    async def gather(self, key: Key, seen: Seen[DataSourceSpec, DataSourceStatus]) -> Facts:
        """The collector's pods and its own word, and the decisions of policies."""
        children = self.outside.informer.children(self.kind, *key)
        workload = next((c for c in children if c["kind"] == "StatefulSet"), None)
        available = workload is not None and workload.get("status", {}).get("availableReplicas", 0) > 0
        return Facts(
            namespace=key.namespace,
            name=key.name,
            generation=seen.generation,
            spec=seen.spec,
            status=seen.status,
            collector=Collector(
                available=available,
                message="" if available else waiting_message(children),
                connection=None if available else await self.outside.metrics.source_state(*key),
            ),
            decisions=self._decisions(key),
            seeing=self._seeing(key),
            approved=frozenset(approvals(seen.obj)),
            rejected=rejections(seen.obj),
        )

    def decide(self, facts: Facts, now: datetime) -> Plan:
        """Pure."""
        return decide(facts, now)

    async def perform(self, key: Key, seen: Seen[DataSourceSpec, DataSourceStatus], facts: Facts, plan: Plan) -> float | None:
        """Status, then the collector and its orders."""
        await self.write_status(seen.obj, plan.status)
        if plan.touch:
            owner, images = owner_of(seen.obj, self.kind), self.outside.config.images
            await self.apply_children(key, collector(owner, seen.spec, plan.status.quarantine, images))
        return None if facts.collector.available else 5.0

    def _decisions(self, key: Key) -> tuple[tuple[str, Decision], ...]:
        """Of every policy whose deployment reads this source."""
        readers = {
            d["metadata"]["name"] for d in self.outside.informer.all("ModelDeployment", key.namespace) if reads(d, key.name)
        }
        policies = [p for p in self.outside.informer.all("DriftPolicy", key.namespace) if target_of(p) in readers]
        return tuple((p["metadata"]["name"], d) for p in policies for d in others_status(p, DriftPolicyStatus).decisions)

    def _seeing(self, key: Key) -> frozenset[str]:
        """The policies of this namespace that watch and are not blind."""
        policies = self.outside.informer.all("DriftPolicy", key.namespace)
        said = ((p["metadata"]["name"], find(others_status(p, DriftPolicyStatus).conditions, "Ready")) for p in policies)
        return frozenset(name for name, ready in said if ready is not None and ready.reason == WATCHING)


def reads(deployment: Object, source: str) -> bool:
    """Whether a deployment scores the rows of this DataSource."""
    return source in sources_of(deployment)


def sources_of(deployment: Object) -> list[str]:
    """The DataSources whose rows a deployment scores."""
    return [str(ref.get("name")) for ref in (deployment["spec"].get("inputs") or {}).get("sourceRefs", ())]

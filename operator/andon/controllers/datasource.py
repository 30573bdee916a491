"""DataSource: a collector, and the windows of its tags that are not to be believed."""

from andon.api.datasource import DataSourceSpec, DataSourceStatus
from andon.api.decision import Decision
from andon.api.policy import DriftPolicyStatus
from andon.controllers.deployment import waiting_message
from andon.controllers.informer import Object
from andon.controllers.objects import owner_of, spec_of, status_of
from andon.controllers.policies import target_of
from andon.controllers.queue import Key
from andon.controllers.reconciler import Outside, apply_children, refuse, write_status
from andon.core.datasource.plan import Collector, Facts, decide
from andon.render.workloads import collector

KIND = "DataSource"


class DataSourceController:
    """Gather, decide, perform."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def reconcile(self, key: Key) -> float | None:
        """See reconciler.Controller."""
        obj = self._outside.informer.get(KIND, *key)
        if obj is None:
            return None
        spec, status = spec_of(obj, DataSourceSpec), status_of(obj, DataSourceStatus)
        if isinstance(spec, str):
            await refuse(self._outside, KIND, obj, status, spec)
            return None
        facts = await self._gather(key, obj, spec, status)
        plan = decide(facts, self._outside.clock.now())
        await write_status(self._outside, KIND, obj, plan.status)
        if plan.touch:
            rendered = collector(owner_of(obj, KIND), spec, plan.status.quarantine, self._outside.config.images)
            await apply_children(self._outside, KIND, key, rendered)
        return None if facts.collector.available else 5.0

    async def _gather(self, key: Key, obj: Object, spec: DataSourceSpec, status: DataSourceStatus) -> Facts:
        children = self._outside.informer.children(KIND, *key)
        workload = next((c for c in children if c["kind"] == "StatefulSet"), None)
        available = workload is not None and workload.get("status", {}).get("availableReplicas", 0) > 0
        return Facts(
            namespace=key.namespace,
            name=key.name,
            generation=obj["metadata"]["generation"],
            spec=spec,
            status=status,
            collector=Collector(
                available=available,
                message="" if available else waiting_message(children),
                connection=None if available else await self._outside.metrics.source_state(*key),
            ),
            decisions=self._decisions(key),
        )

    def _decisions(self, key: Key) -> tuple[tuple[str, Decision], ...]:
        """Of every policy whose deployment reads this source."""
        readers = {
            d["metadata"]["name"] for d in self._outside.informer.all("ModelDeployment", key.namespace) if reads(d, key.name)
        }
        policies = [p for p in self._outside.informer.all("DriftPolicy", key.namespace) if target_of(p) in readers]
        return tuple((p["metadata"]["name"], d) for p in policies for d in status_of(p, DriftPolicyStatus).decisions)


def reads(deployment: Object, source: str) -> bool:
    """Whether a deployment scores the rows of this DataSource."""
    return source in sources_of(deployment)


def sources_of(deployment: Object) -> list[str]:
    """The DataSources whose rows a deployment scores."""
    return [str(ref.get("name")) for ref in (deployment["spec"].get("inputs") or {}).get("sourceRefs", ())]

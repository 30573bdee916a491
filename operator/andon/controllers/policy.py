"""DriftPolicy: read the evidence, judge, publish."""

from dataclasses import replace
from datetime import datetime

from andon.api.deployment import ModelDeploymentSpec, ModelDeploymentStatus
from andon.api.evidence import EvidenceSeries
from andon.api.missing import Missing
from andon.api.policy import DriftPolicySpec, DriftPolicyStatus
from andon.api.types import seconds
from andon.controllers.informer import Object
from andon.controllers.objects import spec_of, status_of
from andon.controllers.policies import watcher_of
from andon.controllers.queue import Key
from andon.controllers.reconciler import Outside, refuse, write_status
from andon.core.drift.facts import Facts, Target, absence
from andon.core.drift.plan import decide

KIND = "DriftPolicy"


class PolicyController:
    """Gather, decide, perform. It remembers since when it has been blind: a restart begins that patience anew."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._blind_since: dict[Key, datetime] = {}

    async def reconcile(self, key: Key) -> float | None:
        """See reconciler.Controller."""
        obj = self._outside.informer.get(KIND, *key)
        if obj is None:
            self._blind_since.pop(key, None)
            return None
        spec, status = spec_of(obj, DriftPolicySpec), status_of(obj, DriftPolicyStatus)
        if isinstance(spec, str):
            await refuse(self._outside, KIND, obj, status, spec)
            return None
        facts = await self._gather(key, obj, spec, status)
        await write_status(self._outside, KIND, obj, decide(facts, self._outside.clock.now()))
        return seconds(spec.interval)

    async def _gather(self, key: Key, obj: Object, spec: DriftPolicySpec, status: DriftPolicyStatus) -> Facts:
        target = Key(key.namespace, spec.target_ref.name)
        watcher = watcher_of(self._outside.informer, target)
        rival = watcher["metadata"]["name"] if watcher is not None else key.name
        facts = Facts(
            namespace=key.namespace,
            name=key.name,
            generation=obj["metadata"]["generation"],
            spec=spec,
            status=status,
            target=self._target(target),
            series=_about(await self._outside.metrics.evidence(), target),
            rival=None if rival == key.name else rival,
        )
        return self._with_patience(key, facts)

    def _with_patience(self, key: Key, facts: Facts) -> Facts:
        now = self._outside.clock.now()
        if absence(facts, now) is None:
            self._blind_since.pop(key, None)
            return facts
        return replace(facts, blind_since=self._blind_since.setdefault(key, now))

    def _target(self, key: Key) -> Target | None:
        obj = self._outside.informer.get("ModelDeployment", *key)
        if obj is None:
            return None
        spec = spec_of(obj, ModelDeploymentSpec)
        return None if isinstance(spec, str) else Target(spec, status_of(obj, ModelDeploymentStatus))


def _about(series: tuple[EvidenceSeries, ...] | Missing, target: Key) -> tuple[EvidenceSeries, ...] | Missing:
    if isinstance(series, Missing):
        return series
    return tuple(s for s in series if (s.namespace, s.deployment) == target)

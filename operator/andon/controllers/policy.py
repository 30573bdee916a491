"""DriftPolicy: read the evidence, judge, publish."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from andon.api.deployment import ModelDeploymentSpec, ModelDeploymentStatus
from andon.api.evidence import EvidenceSeries
from andon.api.kinds import DRIFT_POLICY
from andon.api.missing import Missing
from andon.api.policy import DriftPolicySpec, DriftPolicyStatus
from andon.api.types import seconds
from andon.controllers.objects import spec_of, status_of
from andon.controllers.policies import watcher_of
from andon.controllers.queue import Key
from andon.controllers.reconciler import Outside, Reconciler, Seen
from andon.controllers.telemetry import Telemetry
from andon.core.drift.facts import Facts, Target, absence
from andon.core.drift.plan import decide

_SHORTEST: Final = 0.5
"""Seconds for which one answer of Prometheus serves everybody: to look more often would show nothing new."""


class PolicyController(Reconciler[DriftPolicySpec, DriftPolicyStatus, Facts, DriftPolicyStatus]):
    """It remembers since when it has been blind: a restart begins that patience anew."""

    def __init__(self, outside: Outside, telemetry: Telemetry) -> None:
        super().__init__(outside, DRIFT_POLICY, DriftPolicySpec, DriftPolicyStatus)
        self._telemetry = telemetry
        self._blind_since: dict[Key, datetime] = {}

    async def gather(self, key: Key, seen: Seen[DriftPolicySpec, DriftPolicyStatus]) -> Facts:
        """The evidence about the target, and how the target is."""
        target = Key(key.namespace, seen.spec.target_ref.name)
        watcher = watcher_of(self.outside.informer, target)
        rival = watcher["metadata"]["name"] if watcher is not None else key.name
        evidence = await self.outside.metrics.evidence()
        self._telemetry.saw(evidence)
        facts = Facts(
            namespace=key.namespace,
            name=key.name,
            generation=seen.generation,
            spec=seen.spec,
            status=seen.status,
            target=self._target(target),
            series=_about(evidence, target),
            rival=None if rival == key.name else rival,
        )
        return self._with_patience(key, facts)

    def decide(self, facts: Facts, now: datetime) -> DriftPolicyStatus:
        """Pure."""
        return decide(facts, now)

    async def perform(
        self, key: Key, seen: Seen[DriftPolicySpec, DriftPolicyStatus], facts: Facts, plan: DriftPolicyStatus
    ) -> float | None:
        """A policy only ever speaks; who owns the effect acts."""
        await self.write_status(seen.obj, plan)
        known = {d.id for d in seen.status.decisions}
        self._telemetry.decided(d for d in plan.decisions if d.id not in known)
        return max(_SHORTEST, seconds(seen.spec.interval))

    def gone(self, key: Key) -> None:
        """Its patience goes with it."""
        self._blind_since.pop(key, None)

    def _with_patience(self, key: Key, facts: Facts) -> Facts:
        now = self.outside.clock.now()
        if absence(facts, now) is None:
            self._blind_since.pop(key, None)
            return facts
        return replace(facts, blind_since=self._blind_since.setdefault(key, now))

    def _target(self, key: Key) -> Target | None:
        obj = self.outside.informer.get("ModelDeployment", *key)
        if obj is None:
            return None
        spec = spec_of(obj, ModelDeploymentSpec)
        return None if isinstance(spec, str) else Target(spec, status_of(obj, ModelDeploymentStatus))


def _about(series: tuple[EvidenceSeries, ...] | Missing, target: Key) -> tuple[EvidenceSeries, ...] | Missing:
    if isinstance(series, Missing):
        return series
    return tuple(s for s in series if (s.namespace, s.deployment) == target)

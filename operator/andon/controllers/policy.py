"""DriftPolicy: read the evidence and the signals, judge, publish, tell."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from andon.api.decision import ActedDecision
from andon.api.deployment import ModelDeploymentSpec, ModelDeploymentStatus
from andon.api.evidence import EvidenceSeries
from andon.api.kinds import DRIFT_POLICY
from andon.api.missing import Missing
from andon.api.pipeline import TrainingPipelineStatus
from andon.api.policy import DriftPolicySpec, DriftPolicyStatus
from andon.api.types import seconds
from andon.controllers import notes
from andon.controllers.fleet import FleetView
from andon.controllers.objects import spec_of, status_of
from andon.controllers.policies import trainer_of, watcher_of
from andon.controllers.queue import Key
from andon.controllers.reconciler import Outside, Reconciler, Seen
from andon.controllers.statuses import Statuses
from andon.controllers.telemetry import Telemetry
from andon.core.drift.facts import Facts, Heard, Target, absence
from andon.core.drift.plan import decide
from andon.core.drift.signals import heard

_SHORTEST: Final = 0.5
"""Seconds for which one answer of Prometheus serves everybody: to look more often would show nothing new."""


class PolicyController(Reconciler[DriftPolicySpec, DriftPolicyStatus, Facts, DriftPolicyStatus]):
    """It remembers since when it has been blind, and the last readings of signals: a restart begins both anew."""

    def __init__(self, outside: Outside, telemetry: Telemetry) -> None:
        super().__init__(outside, DRIFT_POLICY, DriftPolicySpec, DriftPolicyStatus)
        self._telemetry = telemetry
        self._statuses = Statuses()
        self._fleet = FleetView(outside.informer, self._statuses, outside.config.limits.circuit_breaker)
        self._blind_since: dict[Key, datetime] = {}
        self._heard: dict[Key, dict[str, Heard]] = {}
        self._told: dict[Key, set[tuple[str, datetime]]] = {}

    async def gather(self, key: Key, seen: Seen[DriftPolicySpec, DriftPolicyStatus]) -> Facts:
        """The evidence about the target, the user's own signals, how the target is, and what was done for it and beside it."""
        target = Key(key.namespace, seen.spec.target_ref.name)
        watcher = watcher_of(self.outside.informer, target)
        rival = watcher["metadata"]["name"] if watcher is not None else key.name
        evidence, said = await asyncio.gather(self.outside.metrics.evidence(), self._signals(key, seen.spec))
        self._telemetry.saw(evidence)
        trainer = trainer_of(self.outside.informer, target)
        facts = Facts(
            namespace=key.namespace,
            name=key.name,
            generation=seen.generation,
            spec=seen.spec,
            status=seen.status,
            target=self._target(target),
            series=_about(evidence, target),
            rival=None if rival == key.name else rival,
            signals=said,
            acted=self._retrains(key.namespace, trainer),
            namespace_acted=self._acted(key.namespace),
            pipelines=(trainer,) if trainer else (),
            fleet=self._fleet.now(self.outside.clock.now()),
            limits=self.outside.config.limits,
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
        before = {(h.action, h.verdict, h.reason) for h in seen.status.held}
        self._telemetry.refused(h for h in plan.held if (h.action, h.verdict, h.reason) not in before)
        self._herald(key, seen, plan)
        return max(_SHORTEST, seconds(seen.spec.interval))

    def gone(self, key: Key) -> None:
        """Its memory goes with it."""
        for memory in (self._blind_since, self._heard, self._told):
            memory.pop(key, None)

    def _herald(self, key: Key, seen: Seen[DriftPolicySpec, DriftPolicyStatus], plan: DriftPolicyStatus) -> None:
        """Each decision once; after a restart also those that a killed predecessor may not have told of."""
        subject, told = notes.subject_of(seen.obj, self.kind), self._told.get(key, set())
        for decision in notes.untold(seen.status.decisions, plan.decisions, self.outside.clock.now()):
            if (decision.id, decision.since) not in told:
                self.outside.herald.decision(notes.decided(subject, decision), notes.cloud_event(subject, decision))
        self._told[key] = {(d.id, d.since) for d in plan.decisions}

    def _with_patience(self, key: Key, facts: Facts) -> Facts:
        now = self.outside.clock.now()
        if absence(facts, now) is None:
            self._blind_since.pop(key, None)
            return facts
        return replace(facts, blind_since=self._blind_since.setdefault(key, now))

    async def _signals(self, key: Key, spec: DriftPolicySpec) -> Mapping[str, Heard]:
        """What each signal says and said. Another query under the same name begins anew."""
        asked = [signal.promql for signal in spec.signals if signal.promql is not None]
        answers = await asyncio.gather(*(self.outside.metrics.signal(signal.query) for signal in asked))
        before = self._heard.get(key, {})
        self._heard[key] = {s.query: heard(before.get(s.query, Heard()), a) for s, a in zip(asked, answers, strict=True)}
        return {s.name: self._heard[key][s.query] for s in asked}

    def _target(self, key: Key) -> Target | None:
        obj = self.outside.informer.get("ModelDeployment", *key)
        if obj is None:
            return None
        spec = spec_of(obj, ModelDeploymentSpec)
        return None if isinstance(spec, str) else Target(spec, status_of(obj, ModelDeploymentStatus))

    def _retrains(self, namespace: str, trainer: str | None) -> tuple[ActedDecision, ...]:
        obj = self.outside.informer.get("TrainingPipeline", namespace, trainer) if trainer else None
        return tuple(self._statuses.of(obj, TrainingPipelineStatus).decisions) if obj is not None else ()

    def _acted(self, namespace: str) -> tuple[ActedDecision, ...]:
        """By everybody in the namespace: budgets are counted from what was done."""
        deployments = self.outside.informer.all("ModelDeployment", namespace)
        pipelines = self.outside.informer.all("TrainingPipeline", namespace)
        rollbacks = (d for obj in deployments for d in self._statuses.of(obj, ModelDeploymentStatus).decisions)
        retrains = (d for obj in pipelines for d in self._statuses.of(obj, TrainingPipelineStatus).decisions)
        return (*rollbacks, *retrains)


def _about(series: tuple[EvidenceSeries, ...] | Missing, target: Key) -> tuple[EvidenceSeries, ...] | Missing:
    if isinstance(series, Missing):
        return series
    return tuple(s for s in series if (s.namespace, s.deployment) == target)

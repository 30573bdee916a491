"""TrainingPipeline: one Job per spec, when enough has landed."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from andon.api.datasource import DataSourceSpec
from andon.api.kinds import TRAINING_PIPELINE
from andon.api.missing import Missing
from andon.api.pipeline import TrainingPipelineSpec, TrainingPipelineStatus
from andon.api.types import Revision
from andon.controllers.informer import Object
from andon.controllers.objects import owner_of, spec_of
from andon.controllers.queue import Key
from andon.controllers.reconciler import Outside, Reconciler, Seen
from andon.core.training.plan import Facts, Job, Plan, decide
from andon.ports.cluster import Manifest
from andon.render.workloads import training_run


class PipelineController(Reconciler[TrainingPipelineSpec, TrainingPipelineStatus, Facts, Plan]):
    """When to train, and what has come of it."""

    def __init__(self, outside: Outside) -> None:
        super().__init__(outside, TRAINING_PIPELINE, TrainingPipelineSpec, TrainingPipelineStatus)

    async def gather(self, key: Key, seen: Seen[TrainingPipelineSpec, TrainingPipelineStatus]) -> Facts:
        """The source, how much has landed, and how the Job of this spec is."""
        source = self._source(key, seen.spec)
        tags = {tag.name for tag in source.tags} if source else set()
        facts = Facts(
            namespace=key.namespace,
            name=key.name,
            generation=seen.generation,
            spec=seen.spec,
            status=seen.status,
            source=source,
            unknown_tags=tuple(t for t in (seen.spec.data.target, *(f.tag for f in seen.spec.features)) if t not in tags),
            labelled=await self._labelled(key, seen.spec),
        )
        return _with_job(facts, self.outside.informer.children(self.kind, *key))

    def decide(self, facts: Facts, now: datetime) -> Plan:
        """Pure."""
        return decide(facts, now)

    async def perform(
        self, key: Key, seen: Seen[TrainingPipelineSpec, TrainingPipelineStatus], facts: Facts, plan: Plan
    ) -> float | None:
        """Status, then the Job; a Job that is there is never applied again, its template cannot change."""
        await self.write_status(seen.obj, plan.status)
        if plan.run and facts.source is not None and facts.job is None:
            await self.apply_children(key, self._job(seen, facts, facts.source))
        waits = not plan.run and facts.status.trained_spec != facts.fingerprint
        return 5.0 if waits else None

    def _job(
        self, seen: Seen[TrainingPipelineSpec, TrainingPipelineStatus], facts: Facts, source: DataSourceSpec
    ) -> tuple[Manifest, ...]:
        config = self.outside.config
        return training_run(
            owner_of(seen.obj, self.kind),
            facts.spec,
            source,
            job=facts.job_name,
            fingerprint=facts.fingerprint,
            mlflow=config.mlflow.url,
            images=config.images,
        )

    async def _labelled(self, key: Key, spec: TrainingPipelineSpec) -> int | Missing:
        landed = await self.outside.metrics.landing_records()
        if isinstance(landed, Missing):
            return landed
        count = landed.get((key.namespace, spec.data.source_refs[0].name, spec.data.target))
        return 0 if count is None else count if isinstance(count, Missing) else count.records

    def _source(self, key: Key, spec: TrainingPipelineSpec) -> DataSourceSpec | None:
        obj = self.outside.informer.get("DataSource", key.namespace, spec.data.source_refs[0].name)
        source = spec_of(obj, DataSourceSpec) if obj is not None else None
        return None if isinstance(source, str) else source


def _with_job(facts: Facts, children: list[Object]) -> Facts:
    job = next((c for c in children if c["kind"] == "Job" and c["metadata"]["name"] == facts.job_name), None)
    return facts if job is None else replace(facts, job=_job(job, children))


def _job(job: Object, children: list[Object]) -> Job:
    said = {c["type"] for c in job.get("status", {}).get("conditions", ()) if c["status"] == "True"}
    outcome = _outcome(job["metadata"]["name"], children)
    return Job(
        succeeded="Complete" in said,
        failed="Failed" in said,
        outcome=Revision(version=outcome["version"], digest=outcome["digest"]) if "digest" in outcome else None,
        reason=outcome.get("reason", ""),
        message=outcome.get("message", ""),
    )


def _outcome(job: str, children: list[Object]) -> dict[str, Any]:
    """What the newest pod of this Job left as its last words."""
    pods = [
        c for c in children if c["kind"] == "Pod" and c["metadata"].get("labels", {}).get("batch.kubernetes.io/job-name") == job
    ]
    for pod in sorted(pods, key=lambda p: p["metadata"]["creationTimestamp"], reverse=True):
        for container in pod.get("status", {}).get("containerStatuses", ()):
            message = container.get("state", {}).get("terminated", {}).get("message", "")
            if message.strip().startswith("{"):
                words: dict[str, Any] = json.loads(message)
                return words
    return {}

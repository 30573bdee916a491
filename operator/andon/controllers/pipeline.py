"""TrainingPipeline: one Job per spec, when enough has landed."""

import json
from dataclasses import replace
from typing import Any

from andon.api.datasource import DataSourceSpec
from andon.api.missing import Missing
from andon.api.pipeline import TrainingPipelineSpec, TrainingPipelineStatus
from andon.api.types import Revision
from andon.controllers.informer import Object
from andon.controllers.objects import owner_of, spec_of, status_of
from andon.controllers.queue import Key
from andon.controllers.reconciler import Outside, apply_children, refuse, write_status
from andon.core.training.plan import Facts, Job, decide
from andon.render.workloads import training_run

KIND = "TrainingPipeline"


class PipelineController:
    """Gather, decide, perform."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    async def reconcile(self, key: Key) -> float | None:
        """See reconciler.Controller."""
        obj = self._outside.informer.get(KIND, *key)
        if obj is None:
            return None
        spec, status = spec_of(obj, TrainingPipelineSpec), status_of(obj, TrainingPipelineStatus)
        if isinstance(spec, str):
            await refuse(self._outside, KIND, obj, status, spec)
            return None
        source = self._source(key, spec)
        facts = await self._gather(key, obj, spec, status, source)
        plan = decide(facts, self._outside.clock.now())
        await write_status(self._outside, KIND, obj, plan.status)
        if plan.run and source is not None and facts.job is None:
            await self._run(key, obj, facts, source)
        return None if plan.run or facts.status.trained_spec == facts.fingerprint else 5.0

    async def _gather(
        self, key: Key, obj: Object, spec: TrainingPipelineSpec, status: TrainingPipelineStatus, source: DataSourceSpec | None
    ) -> Facts:
        tags = {tag.name for tag in source.tags} if source else set()
        facts = Facts(
            namespace=key.namespace,
            name=key.name,
            generation=obj["metadata"]["generation"],
            spec=spec,
            status=status,
            source=spec.data.source_refs[0].name if source else None,
            unknown_tags=tuple(t for t in (spec.data.target, *(f.tag for f in spec.features)) if t not in tags),
            labelled=await self._labelled(key, spec),
        )
        return _with_job(facts, self._outside.informer.children(KIND, *key))

    async def _labelled(self, key: Key, spec: TrainingPipelineSpec) -> int | Missing:
        landed = await self._outside.metrics.landing_records()
        if isinstance(landed, Missing):
            return landed
        count = landed.get((key.namespace, spec.data.source_refs[0].name, spec.data.target))
        return 0 if count is None else count if isinstance(count, Missing) else count.records

    def _source(self, key: Key, spec: TrainingPipelineSpec) -> DataSourceSpec | None:
        obj = self._outside.informer.get("DataSource", key.namespace, spec.data.source_refs[0].name)
        source = spec_of(obj, DataSourceSpec) if obj is not None else None
        return None if isinstance(source, str) else source

    async def _run(self, key: Key, obj: Object, facts: Facts, source: DataSourceSpec) -> None:
        config = self._outside.config
        rendered = training_run(
            owner_of(obj, KIND),
            facts.spec,
            source,
            job=facts.job_name,
            fingerprint=facts.fingerprint,
            mlflow=config.mlflow.url,
            images=config.images,
        )
        await apply_children(self._outside, KIND, key, rendered)


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

"""TrainingPipeline: one Job per spec, when enough has landed, and one more for each Retrain that a policy decides."""

from dataclasses import replace
from datetime import datetime

from andon.api.datasource import DataSourceSpec
from andon.api.deployment import ModelDeploymentStatus
from andon.api.kinds import TRAINING_PIPELINE
from andon.api.missing import Missing
from andon.api.pipeline import TrainingPipelineSpec, TrainingPipelineStatus
from andon.api.policy import DriftPolicyStatus
from andon.api.types import Revision, StatusModel, Word
from andon.controllers.informer import Object
from andon.controllers.objects import approvals, others_status, owner_of, parsed, rejections, spec_of
from andon.controllers.policies import trainer_of, watcher_of
from andon.controllers.queue import Key
from andon.controllers.reconciler import Outside, Reconciler, Seen
from andon.core.training.facts import Facts, Job, Target
from andon.core.training.plan import Plan, decide
from andon.ports.cluster import Manifest
from andon.render.workloads import training_run


class PipelineController(Reconciler[TrainingPipelineSpec, TrainingPipelineStatus, Facts, Plan]):
    """When to train, and what has come of it."""

    def __init__(self, outside: Outside) -> None:
        super().__init__(outside, TRAINING_PIPELINE, TrainingPipelineSpec, TrainingPipelineStatus)

    async def gather(self, key: Key, seen: Seen[TrainingPipelineSpec, TrainingPipelineStatus]) -> Facts:
        """The source, how much has landed, what is asked for, and how the Job of this run is."""
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
            target=self._target(key, seen),
            approvals=approvals(seen.obj),
            rejected=rejections(seen.obj),
        )
        facts = _with_job(facts, self.outside.informer.children(self.kind, *key))
        lost = facts.job is not None and facts.job.succeeded and facts.job.outcome is None
        return await self._with_version(facts) if lost else facts

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
        unread = facts.job is not None and isinstance(facts.job.outcome, Missing)
        waits = not plan.run and (facts.retrain is not None or not facts.spec_is_trained)
        return 5.0 if waits or unread else None

    async def _with_version(self, facts: Facts) -> Facts:
        """What the Job trained, as the registry knows it: the pod that could have said so is gone."""
        target, registry = facts.spec.registry.mlflow, self.outside.registry
        model = target.model if target else ""
        version = await registry.find_version(model, facts.fingerprint)
        found = version if isinstance(version, Missing) else await registry.resolve(model, version)
        outcome = found if isinstance(found, Missing) else found.revision
        return facts if facts.job is None else replace(facts, job=replace(facts.job, outcome=outcome))

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
            decision=facts.retrain.id if facts.retrain else None,
        )

    def _target(self, key: Key, seen: Seen[TrainingPipelineSpec, TrainingPipelineStatus]) -> Target | None:
        """The deployment that uses the model, and what its policy decides about it."""
        name = seen.spec.promotion.deployment_ref.name if seen.spec.promotion else ""
        deployment = self.outside.informer.get("ModelDeployment", key.namespace, name) if name else None
        if deployment is None:
            return None
        target = Key(key.namespace, name)
        policy, trainer = watcher_of(self.outside.informer, target), trainer_of(self.outside.informer, target)
        published = others_status(policy, DriftPolicyStatus).decisions if policy is not None else ()
        return Target(
            name=name,
            effective=others_status(deployment, ModelDeploymentStatus).effective,
            decisions=tuple((policy["metadata"]["name"], d) for d in published) if policy is not None else (),
            rival=None if trainer in {None, key.name} else trainer,
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
        outcome=outcome if isinstance(outcome, Revision) else None,
        reason=outcome.reason if isinstance(outcome, _Failure) else "",
        message=outcome.message if isinstance(outcome, _Failure) else "",
    )


class _Failure(StatusModel):
    """The last words of a run that registered nothing."""

    reason: Word
    message: str


def _outcome(job: str, children: list[Object]) -> Revision | _Failure | None:
    """What the newest pod of this Job left as its last words; a pod that was killed leaves the end of its log, or nothing."""
    pods = [
        c for c in children if c["kind"] == "Pod" and c["metadata"].get("labels", {}).get("batch.kubernetes.io/job-name") == job
    ]
    for pod in sorted(pods, key=lambda p: p["metadata"]["creationTimestamp"], reverse=True):
        for container in pod.get("status", {}).get("containerStatuses", ()):
            message = container.get("state", {}).get("terminated", {}).get("message", "")
            if message.strip().startswith("{"):
                return parsed(message, Revision) if '"digest"' in message else parsed(message, _Failure)
    return None

"""ModelDeployment: serving first, git second."""

from datetime import datetime
from typing import Literal

from andon.api.datasource import DataSourceSpec, DataSourceStatus
from andon.api.decision import ActedState, DecisionState
from andon.api.deployment import ModelDeploymentSpec, ModelDeploymentStatus
from andon.api.evidence import LOSS, PAIRED
from andon.api.kinds import MODEL_DEPLOYMENT
from andon.api.missing import Missing
from andon.api.policy import DriftPolicySpec, DriftPolicyStatus
from andon.api.slots import SLOTS_KEY, Ack, LabelSource, SlotModel, Slots
from andon.api.types import Revision, number, short
from andon.controllers.committer import Committer
from andon.controllers.informer import Object
from andon.controllers.objects import approvals, is_alive, others_status, owner_of, parsed, spec_of, waiting_message
from andon.controllers.policies import watcher_of
from andon.controllers.queue import Key
from andon.controllers.reconciler import Outside, Reconciler, Seen
from andon.core.deployment.facts import Facts, PolicyView, Workload
from andon.core.deployment.plan import Plan, decide
from andon.render.workloads import server


class DeploymentController(Reconciler[ModelDeploymentSpec, ModelDeploymentStatus, Facts, Plan]):
    """What serves, what is judged, and what git is told."""

    def __init__(self, outside: Outside, committer: Committer) -> None:
        super().__init__(outside, MODEL_DEPLOYMENT, ModelDeploymentSpec, ModelDeploymentStatus)
        self._committer = committer

    async def gather(self, key: Key, seen: Seen[ModelDeploymentSpec, ModelDeploymentStatus]) -> Facts:
        """The registry's word, the servers' acknowledgements, the policy's decisions, and how git took it."""
        spec, status = seen.spec, seen.status
        children = self.outside.informer.children(self.kind, *key)
        held = _held(children, key.name)
        known = {slot.digest: slot for slot in ((held.stable, held.candidate) if held else ()) if slot is not None}
        wanted = await self._wanted(spec, known)
        if held is None and status.effective is not None:
            known |= await self._remembered(spec, status.effective.version)
        policy = watcher_of(self.outside.informer, key)
        for revision in _to_go_back_to(_view(policy), status):
            known |= {} if revision.digest in known else await self._remembered(spec, revision.version)
        rows = self._rows_url(key, spec)
        return Facts(
            namespace=key.namespace,
            name=key.name,
            generation=seen.generation,
            spec=spec,
            status=status,
            wanted=wanted,
            held=held,
            known=known,
            acks=_acks(children, key.name),
            workload=_workload(children),
            policy=_view(policy),
            rows_url=rows,
            labels=self._labels(key, spec, rows),
            paired_rows=await self._paired_rows(key, wanted) if held and held.candidate else 0,
            margin=_margin(policy),
            repository=self._repository_access(key, spec),
            outcomes=self._committer.outcomes(key),
            approved=frozenset(approvals(seen.obj)),
        )

    def decide(self, facts: Facts, now: datetime) -> Plan:
        """Pure."""
        return decide(facts, now)

    async def perform(
        self, key: Key, seen: Seen[ModelDeploymentSpec, ModelDeploymentStatus], facts: Facts, plan: Plan
    ) -> float | None:
        """The intent into status, then slots and workload, then git: serving first, git second."""
        await self.write_status(seen.obj, plan.status)
        if plan.slots is not None:
            owner, images = owner_of(seen.obj, self.kind), self.outside.config.images
            await self.apply_children(key, server(owner, seen.spec, plan.slots, images))
        entry = self.outside.config.repository(plan.git.repository, key.namespace) if plan.git else None
        if plan.git is not None and entry is not None:
            self._committer.start(key, plan.git, entry)
        self._committer.forget(key, but=_acting(facts.status) | _acting(plan.status))
        return _look_again(facts, plan)

    def gone(self, key: Key) -> None:
        """There is no line in git to change any more."""
        self._committer.forget(key, but=frozenset())

    async def _wanted(self, spec: ModelDeploymentSpec, known: dict[str, SlotModel]) -> SlotModel | Missing:
        """A version never changes its content, so what a slot holds need not be asked for again."""
        version = spec.model.mlflow.version if spec.model.mlflow else ""
        name = spec.model.mlflow.name if spec.model.mlflow else ""
        held = next((slot for slot in known.values() if (slot.name, slot.version) == (name, version)), None)
        return held or await self._resolve(spec, version)

    async def _remembered(self, spec: ModelDeploymentSpec, version: str) -> dict[str, SlotModel]:
        """What served before the slots were lost."""
        slot = await self._resolve(spec, version)
        return {} if isinstance(slot, Missing) else {slot.digest: slot}

    async def _resolve(self, spec: ModelDeploymentSpec, version: str) -> SlotModel | Missing:
        name = spec.model.mlflow.name if spec.model.mlflow else ""
        return await self.outside.registry.resolve(name, version)

    async def _paired_rows(self, key: Key, wanted: SlotModel | Missing) -> int:
        series = await self.outside.metrics.evidence()
        if isinstance(series, Missing) or isinstance(wanted, Missing):
            return 0
        mine = [
            s
            for s in series
            if (s.namespace, s.deployment, s.revision) == (*key, short(wanted.digest)) and s.question in {PAIRED, LOSS}
        ]
        return max((s.rows for s in mine), default=0)

    def _rows_url(self, key: Key, spec: ModelDeploymentSpec) -> str | Missing | None:
        """By the Service's address rather than its name: an edge box may have no DNS."""
        if spec.inputs is None:
            return None
        name = spec.inputs.source_refs[0].name
        source = self.outside.informer.get("DataSource", key.namespace, name)
        if source is None:
            return Missing(
                "NotFound", f"There is no DataSource {name} in this namespace: commit it, or correct spec.inputs.sourceRefs."
            )
        services = [c for c in self.outside.informer.children("DataSource", key.namespace, name) if c["kind"] == "Service"]
        url = others_status(source, DataSourceStatus).rows_url
        if not services or url is None:
            return Missing("NotFound", f"DataSource {name} has no collector yet: `kubectl describe datasource {name}` says why.")
        return f"http://{services[0]['spec']['clusterIP']}:8080/rows"

    def _labels(self, key: Key, spec: ModelDeploymentSpec, rows: str | Missing | None) -> LabelSource | None:
        """From the same collector, where its source has any."""
        name = spec.inputs.source_refs[0].name if spec.inputs else ""
        obj = self.outside.informer.get("DataSource", key.namespace, name) if isinstance(rows, str) else None
        source = spec_of(obj, DataSourceSpec) if obj is not None else None
        if not isinstance(source, DataSourceSpec) or source.labels is None:
            return None
        return LabelSource(url=f"{str(rows).removesuffix('/rows')}/labels", delay=source.labels.delay)

    def _repository_access(self, key: Key, spec: ModelDeploymentSpec) -> Literal["Granted", "NotGranted", "None"]:
        if spec.git is None:
            return "None"
        entry = self.outside.config.repository(spec.git.repository_ref, key.namespace)
        return "NotGranted" if entry is None else "Granted"


def _acting(status: ModelDeploymentStatus) -> frozenset[str]:
    return frozenset(d.id for d in status.decisions if d.state is ActedState.ACTING)


def _look_again(facts: Facts, plan: Plan) -> float | None:
    """What no watch tells of: the registry's weather, and how far the candidate's rows are."""
    if isinstance(facts.wanted, Missing) or (plan.slots is None and not facts.spec.suspend):
        return 10.0
    return 2.0 if facts.held is not None and facts.held.candidate is not None else None


def _held(children: list[Object], name: str) -> Slots | None:
    slots = next((c for c in children if c["kind"] == "ConfigMap" and c["metadata"]["name"] == f"{name}-slots"), None)
    return parsed(slots["data"][SLOTS_KEY], Slots) if slots and SLOTS_KEY in slots.get("data", {}) else None


def _acks(children: list[Object], name: str) -> dict[str, Ack]:
    """Of pods that live: a pod that is gone serves nobody."""
    pods = {c["metadata"]["name"] for c in children if c["kind"] == "Pod" and is_alive(c)}
    acks = next((c for c in children if c["kind"] == "ConfigMap" and c["metadata"]["name"] == f"{name}-acks"), None)
    said = {pod: parsed(text, Ack) for pod, text in (acks or {}).get("data", {}).items() if pod in pods}
    return {pod: ack for pod, ack in said.items() if ack is not None}


def _workload(children: list[Object]) -> Workload:
    deployment = next((c for c in children if c["kind"] == "Deployment"), None)
    if deployment is None:
        return Workload()
    available = deployment.get("status", {}).get("availableReplicas", 0) > 0
    return Workload(available, "" if available else waiting_message(children))


def _view(policy: Object | None) -> PolicyView | None:
    if policy is None:
        return None
    status = others_status(policy, DriftPolicyStatus)
    return PolicyView(
        name=policy["metadata"]["name"],
        verdict=status.verdict,
        judged=status.judged,
        faulty_tags=tuple(f.tag for f in status.data_faults),
        decisions=tuple(status.decisions),
    )


def _to_go_back_to(view: PolicyView | None, status: ModelDeploymentStatus) -> list[Revision]:
    """Usually what serves; what served before, should the convicted revision have been promoted meanwhile."""
    published = [d.to for d in view.decisions if d.state is DecisionState.OPEN] if view else []
    taken_over = [d.to for d in status.decisions if d.state is ActedState.ACTING]
    return [revision for revision in (*published, *taken_over) if revision is not None]


def _margin(policy: Object | None) -> float:
    spec = spec_of(policy, DriftPolicySpec) if policy is not None else ""
    return 0.10 if isinstance(spec, str) else number(spec.evidence.margin)

"""ModelDeployment: serving first, git second."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from andon.api.conditions import ConditionStatus, find
from andon.api.datasource import DataSourceSpec, DataSourceStatus
from andon.api.decision import ActedState, DecisionState, WriteBackMode
from andon.api.deployment import ModelDeploymentSpec, ModelDeploymentStatus, ModelFile
from andon.api.evidence import LOSS, PAIRED, Counted
from andon.api.kinds import MODEL_DEPLOYMENT
from andon.api.missing import Missing
from andon.api.policy import DriftPolicySpec, DriftPolicyStatus
from andon.api.slots import SLOTS_KEY, LabelSource, SlotModel, Slots
from andon.api.types import Revision, number, seconds, short
from andon.controllers import notes
from andon.controllers.acks import acknowledged, departed, server_manager, unsaid
from andon.controllers.committer import Committer
from andon.controllers.informer import Object
from andon.controllers.memory import Memory
from andon.controllers.objects import (
    annotated,
    approvals,
    is_alive,
    others_status,
    owner_of,
    parsed,
    rejections,
    spec_of,
    status_of,
    waiting_message,
)
from andon.controllers.policies import watcher_of
from andon.controllers.preflight import Preflights
from andon.controllers.queue import Key
from andon.controllers.reconciler import Outside, Reconciler, Seen
from andon.core.deployment.facts import Facts, GitOutcome, People, PolicyView, Workload
from andon.core.deployment.first import is_due
from andon.core.deployment.history import is_lost, recalled, recorded
from andon.core.deployment.insync import has_line
from andon.core.deployment.people import is_version
from andon.core.deployment.plan import Plan, decide
from andon.core.deployment.readiness import LOADED
from andon.ports.registry import ALIAS_FRESH
from andon.render.workloads import secrets_of, server


class DeploymentController(Reconciler[ModelDeploymentSpec, ModelDeploymentStatus, Facts, Plan]):
    """What serves, what is judged, and what git is told."""

    def __init__(self, outside: Outside, committer: Committer) -> None:
        super().__init__(outside, MODEL_DEPLOYMENT, ModelDeploymentSpec, ModelDeploymentStatus)
        self._committer = committer
        self._memory = Memory(outside.config, outside.registry, outside.repository)
        self._preflights = Preflights(outside.repository, committer.on_outcome)

    async def gather(self, key: Key, seen: Seen[ModelDeploymentSpec, ModelDeploymentStatus]) -> Facts:
        """The registry's word, the servers' acknowledgements, the policy's decisions, people's, and how git took it."""
        spec, status = seen.spec, seen.status
        children = self.outside.informer.children(self.kind, *key)
        held = _held(children, key.name)
        known = _in_slots(held)
        wanted = await self._wanted(spec, status, known)
        status, unread = await self._remembering(key, spec, status)
        policy = watcher_of(self.outside.informer, key)
        view = _view(policy)
        known |= await self._remembered(spec, _needed(held, status, view), known)
        people = _people(seen.obj)
        source, rows = self._source(key, spec), self._rows_url(key, spec)
        asked = await self._asked(key, spec, wanted, held) if policy is None else None
        requests = asked.scored if asked else None
        facts = Facts(
            namespace=key.namespace,
            name=key.name,
            generation=seen.generation,
            spec=spec,
            status=status,
            wanted=wanted,
            held=held,
            known=known,
            acks=acknowledged(children, key.name),
            workload=workload(children, spec),
            policy=view,
            rows_url=rows,
            asset=source.asset if source else None,
            labels=_labels(source, rows),
            paired_rows=await self._paired_rows(key, wanted, held) if spec.inputs or policy else requests,
            asked=asked,
            margin=_margin(policy),
            repository=self._repository_access(key, spec),
            outcomes=self._committer.outcomes(key),
            approved=approvals(seen.obj),
            rejected=rejections(seen.obj),
            people=people,
            pinned=await self._version(spec, people.pin, known) if is_version(people.pin) else None,
            unread=unread,
            preflight=self._preflight(key, seen, view),
        )
        return replace(facts, counted=await self._counted(key, facts.stable)) if facts.stable and is_due(facts) else facts

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
            rendered = server(owner, seen.spec, plan.slots, images)
            await self.apply_children(key, rendered)
            await self.take_away(key, "policy/v1", "PodDisruptionBudget", rendered)
            await self._forget_servers(key)
        entry = self.outside.config.repository(plan.git.repository, key.namespace) if plan.git else None
        if plan.git is not None and entry is not None:
            self._committer.start(key, plan.git, entry)
        self._committer.forget(key, but=_acting(facts.status) | _acting(plan.status))
        told = None if plan.slots is None else await self._memory.record(key, seen.spec, plan.status)
        waits = (told, self._preflights.look_again(key), _look_again(facts, plan))
        return min((wait for wait in waits if wait is not None), default=None)

    async def _forget_servers(self, key: Key) -> None:
        """What pods that are long gone have acknowledged is of no use to anybody."""
        for pod in departed(self.outside.informer.children(self.kind, *key), key.name):
            await self.outside.cluster.apply(unsaid(*key), manager=server_manager(pod))

    def gone(self, key: Key) -> None:
        """There is no line in git to change any more."""
        self._committer.forget(key, but=frozenset())
        self._memory.forget(key)
        self._preflights.forget(key)

    def tell(self, obj: Object, status: ModelDeploymentStatus) -> None:
        """Also how far a version is."""
        super().tell(obj, status)
        subject, before = notes.subject_of(obj, self.kind), status_of(obj, ModelDeploymentStatus)
        for note in notes.stepped(subject, before, status, self.outside.clock.now()):
            self.outside.herald.decision(note)

    async def _remembering(
        self,
        key: Key,
        spec: ModelDeploymentSpec,
        status: ModelDeploymentStatus,
    ) -> tuple[ModelDeploymentStatus, Missing | None]:
        """The status as it would be had it not been lost, or why that cannot be said."""
        if not is_lost(status):
            return recorded(status, self._memory.recorded(key)), None
        told = await self._memory.recall(key, spec)
        if isinstance(told, Missing):
            return status, told
        return recalled(status, told, self.outside.clock.now()), None

    async def _wanted(
        self, spec: ModelDeploymentSpec, status: ModelDeploymentStatus, known: Mapping[str, SlotModel]
    ) -> SlotModel | Missing:
        """What git names, from one place or the other."""
        if spec.model.file is not None:
            return _file_slot(spec.model.file)
        named = await self._named(spec, status)
        return named if isinstance(named, Missing) else await self._version(spec, named, known)

    async def _named(self, spec: ModelDeploymentSpec, status: ModelDeploymentStatus) -> str | Missing:
        """The version that git names, or its alias: while MLflow is away, the one that the alias named last."""
        model = spec.model.mlflow
        if model is None or model.alias is None:
            return (model.version if model is not None else None) or ""
        said = await self.outside.registry.aliased(model.name, model.alias)
        away = isinstance(said, Missing) and said.reason != "NotFound"
        return status.desired.version if away and status.desired is not None else said

    async def _version(self, spec: ModelDeploymentSpec, version: str, known: Mapping[str, SlotModel]) -> SlotModel | Missing:
        """A version never changes its content, so what a slot holds need not be asked for again."""
        name = spec.model.mlflow.name if spec.model.mlflow else None
        held = next((slot for slot in known.values() if (slot.name, slot.version) == (name, version)), None)
        if held is not None:
            return held
        if name is None:
            return Missing("NotFound", f"version {version} is in no slot, and spec.model.file names one file only.")
        return await self.outside.registry.resolve(name, version)

    async def _remembered(
        self, spec: ModelDeploymentSpec, needed: Iterable[Revision], known: Mapping[str, SlotModel]
    ) -> dict[str, SlotModel]:
        """Revisions that must be found although no slot holds them."""
        found = [await self._version(spec, revision.version, known) for revision in needed if revision.digest not in known]
        return {slot.digest: slot for slot in found if isinstance(slot, SlotModel)}

    async def _paired_rows(self, key: Key, wanted: SlotModel | Missing, held: Slots | None) -> int | None:
        """Rows that the wanted revision was judged on beside the stable: none yet where only others are spoken of."""
        if isinstance(wanted, Missing) or held is None or held.stable is None or held.stable.digest == wanted.digest:
            return 0
        series = await self.outside.metrics.evidence()
        mine = [] if isinstance(series, Missing) else [s for s in series if (s.namespace, s.deployment) == key]
        if not mine:
            return None
        paired = (s.rows for s in mine if s.revision == short(wanted.digest) and s.question in {PAIRED, LOSS})
        return max(paired, default=0)

    async def _asked(
        self, key: Key, spec: ModelDeploymentSpec, wanted: SlotModel | Missing, held: Slots | None
    ) -> Counted | None:
        """Rows or requests that were the wanted revision's since it was loaded; None where nobody counts them."""
        if isinstance(wanted, Missing) or wanted.digest not in _in_slots(held):
            return None
        if spec.inputs:
            return await self._counted(key, wanted)
        counted = await self.outside.metrics.requests_counted(*key, short(wanted.digest))
        return None if isinstance(counted, Missing) else counted

    async def _counted(self, key: Key, slot: SlotModel) -> Counted | None:
        counted = await self.outside.metrics.rows_counted(*key, short(slot.digest))
        return None if isinstance(counted, Missing) else counted

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

    def _source(self, key: Key, spec: ModelDeploymentSpec) -> DataSourceSpec | None:
        """Whose rows are scored, as far as it can be understood."""
        obj = self.outside.informer.get("DataSource", key.namespace, spec.inputs.source_refs[0].name) if spec.inputs else None
        source = spec_of(obj, DataSourceSpec) if obj is not None else None
        return source if isinstance(source, DataSourceSpec) else None

    def _preflight(
        self, key: Key, seen: Seen[ModelDeploymentSpec, ModelDeploymentStatus], policy: PolicyView | None
    ) -> GitOutcome | None:
        """Only where a rollback would change a line, and as it would be told."""
        git = seen.spec.git if has_line(seen.spec) else None
        entry = self.outside.config.repository(git.repository_ref, key.namespace) if git is not None else None
        if entry is None:
            return None
        return self._preflights.trouble(key, seen.generation, entry, policy.write_back if policy else WriteBackMode.COMMIT)

    def _repository_access(self, key: Key, spec: ModelDeploymentSpec) -> Literal["Granted", "NotGranted", "None"]:
        if spec.git is None:
            return "None"
        entry = self.outside.config.repository(spec.git.repository_ref, key.namespace)
        return "NotGranted" if entry is None else "Granted"


def _acting(status: ModelDeploymentStatus) -> frozenset[str]:
    return frozenset(d.id for d in status.decisions if d.state is ActedState.ACTING)


def _look_again(facts: Facts, plan: Plan) -> float | None:
    """What no watch tells of: the registry's weather, how far rows are, and times that run out."""
    if facts.spec.suspend:
        return None
    loaded = find(plan.status.conditions, LOADED)
    if plan.status.candidate is not None or is_due(facts):
        return 2.0
    if loaded is not None and loaded.status is ConditionStatus.FALSE:
        return min(10.0, seconds(facts.spec.rollout.progress_deadline))
    away = any(isinstance(asked, Missing) for asked in (facts.wanted, facts.pinned))
    if away or plan.slots is None:
        return 10.0
    return ALIAS_FRESH if facts.alias is not None else None


def _held(children: list[Object], name: str) -> Slots | None:
    slots = next((c for c in children if c["kind"] == "ConfigMap" and c["metadata"]["name"] == f"{name}-slots"), None)
    return parsed(slots["data"][SLOTS_KEY], Slots) if slots and SLOTS_KEY in slots.get("data", {}) else None


def _file_slot(file: ModelFile) -> SlotModel:
    return SlotModel(
        version=file.version, digest=file.digest, model=file.uri, profile=file.profile, profile_digest=file.profile_digest
    )


def _in_slots(held: Slots | None) -> dict[str, SlotModel]:
    slots = (held.stable, held.candidate, held.reference) if held else ()
    return {slot.digest: slot for slot in slots if slot is not None}


def _labels(source: DataSourceSpec | None, rows: str | Missing | None) -> LabelSource | None:
    """From the same collector, where its source has any."""
    if source is None or source.labels is None or not isinstance(rows, str):
        return None
    return LabelSource(url=f"{rows.removesuffix('/rows')}/labels", delay=source.labels.delay)


def _people(obj: Object) -> People:
    return People(**{word: annotated(obj, word) for word in ("pin", "promote", "abort", "approve", "reject")})


def workload(children: list[Object], spec: ModelDeploymentSpec) -> Workload:
    """What Kubernetes says of the servers' Deployment and its pods."""
    deployment = next((c for c in children if c["kind"] == "Deployment"), None)
    if deployment is None:
        return Workload()
    status = deployment.get("status", {})
    available = status.get("availableReplicas", 0) >= max(1, spec.replicas)
    message = "" if available else waiting_message(children, secrets_of(spec))
    pods = (c for c in children if c["kind"] == "Pod" and is_alive(c))
    running = frozenset(pod["metadata"]["name"] for pod in pods if pod.get("status", {}).get("phase") == "Running")
    return Workload(available, message, replicas=status.get("replicas", 0), running=running)


def _view(policy: Object | None) -> PolicyView | None:
    if policy is None:
        return None
    status, spec = others_status(policy, DriftPolicyStatus), spec_of(policy, DriftPolicySpec)
    return PolicyView(
        name=policy["metadata"]["name"],
        verdict=status.verdict,
        judged=status.judged,
        faulty_tags=tuple(f.tag for f in status.data_faults),
        decisions=tuple(status.decisions),
        write_back=WriteBackMode.COMMIT if isinstance(spec, str) else spec.write_back.rollback,
    )


def _needed(held: Slots | None, status: ModelDeploymentStatus, view: PolicyView | None) -> list[Revision]:
    """To go back to: usually what serves, else what served before. And, where the slots are lost, all that was in them."""
    published = [d.to for d in view.decisions if d.state is DecisionState.OPEN] if view else []
    taken_over = [d.to for d in status.decisions if d.state is ActedState.ACTING]
    lost = [status.effective, status.reference] if held is None else []
    return [revision for revision in (*published, *taken_over, *lost, _last_sound(held, status)) if revision is not None]


def _last_sound(held: Slots | None, status: ModelDeploymentStatus) -> Revision | None:
    """What served last and was not convicted, asked for only where what serves was."""
    convicted = {entry.digest for entry in status.quarantined}
    if held is None or held.stable is None or held.stable.digest not in convicted:
        return None
    sound = (served for served in reversed(status.history) if served.digest not in convicted)
    return next((Revision(version=served.version, digest=served.digest) for served in sound), None)


def _margin(policy: Object | None) -> float:
    spec = spec_of(policy, DriftPolicySpec) if policy is not None else ""
    return 0.10 if isinstance(spec, str) else number(spec.evidence.margin)

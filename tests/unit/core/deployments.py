"""Deployments as sentences: what a row of a table says is what the facts are."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from andon.api.decision import Action, Decision, Evidence, Verdict, rollback_id
from andon.api.deployment import Candidate, ModelDeploymentSpec, ModelDeploymentStatus, Quarantined
from andon.api.missing import Missing
from andon.api.slots import Ack, SlotModel, Slots, config_hash
from andon.api.types import Revision
from andon.core.deployment.facts import Facts, PolicyView, Workload
from andon.core.deployment.plan import Plan, decide

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
POLICY = "watch"


def digest(version: str) -> str:
    """Versions differ in the first twelve digits already, as metric labels have them."""
    return "sha256:" + f"{int(version):012x}".ljust(64, "0")


def revision(version: str) -> Revision:
    return Revision(version=version, digest=digest(version))


def slot(version: str) -> SlotModel:
    return SlotModel(version=version, digest=digest(version), model=f"http://registry/{version}/model.onnx")


def spec(version: str, **more: Any) -> ModelDeploymentSpec:
    document: dict[str, Any] = {
        "model": {"mlflow": {"name": "m", "version": version}},
        "rollout": {"steps": [{"shadow": {"minRows": 60}}]},
        "git": {"repositoryRef": "plant"},
    }
    document["model"].update(more.pop("model", {}))
    return ModelDeploymentSpec.model_validate(document | more)


def ack(stable: str | None, candidate: str | None, told: Slots) -> Ack:
    return Ack(
        config_hash=config_hash(told.text()),
        stable=revision(stable) if stable else None,
        candidate=revision(candidate) if candidate else None,
        since=NOW,
    )


def nothing(version: str = "1") -> Facts:
    """A fresh object: nothing serves, the registry knows the version."""
    return Facts(
        namespace="plant-a",
        name="soft-sensor",
        generation=1,
        spec=spec(version),
        status=ModelDeploymentStatus(),
        wanted=slot(version),
        policy=PolicyView(POLICY),
        repository="Granted",
    )


def serving(version: str, *, named: str | None = None, candidate: str | None = None) -> Facts:
    """The server answers with this version. named: what git names, if another. candidate: what it judges beside."""
    named = named or candidate or version
    told = Slots(
        namespace="plant-a", deployment="soft-sensor", stable=slot(version), candidate=slot(candidate) if candidate else None
    )
    judged = None
    if candidate is not None:
        judged = Candidate(version=candidate, digest=digest(candidate), step="Shadow", since=NOW, begun=NOW)
    return replace(
        nothing(named),
        held=told,
        acks={"pod-1": ack(version, candidate, told)},
        workload=Workload(available=True, message=""),
        status=ModelDeploymentStatus(effective=revision(version), desired=revision(named), candidate=judged),
    )


def convicted(facts: Facts, bad: str, good: str) -> Facts:
    """The policy has an open decision to roll back."""
    return says(facts, Verdict.MODEL_REGRESSION, bad, decisions=(decision(bad, good, facts.spec.model.overrides),))


def says(facts: Facts, verdict: Verdict, about: str, **more: Any) -> Facts:
    return replace(facts, policy=PolicyView(POLICY, verdict, revision(about), **more))


def decision(bad: str, good: str, override: str | None = None) -> Decision:
    return Decision(
        id=rollback_id("plant-a", "soft-sensor", digest(bad), digest(good), override),
        target="soft-sensor",
        action=Action.ROLLBACK,
        verdict=Verdict.MODEL_REGRESSION,
        from_=revision(bad),
        to=revision(good),
        since=NOW,
        evidence=Evidence(question="paired", rows=60, value="1.8 times the stable's error", limit="1.1", scraped=NOW),
        summary=f"Version {bad} was rolled back to {good}.",
    )


def quarantined(facts: Facts, version: str, by: str) -> Facts:
    entry = Quarantined(version=version, digest=digest(version), decision=by, since=NOW)
    return replace(facts, status=facts.status.model_copy(update={"quarantined": [entry]}))


def registry_away(facts: Facts) -> Facts:
    return replace(facts, wanted=Missing("Unreachable", "MLflow cannot be reached."))


def followed(facts: Facts, plan: Plan) -> Facts:
    """The facts after the plan was performed and the server has acknowledged it."""
    told = plan.slots or facts.held
    acks = facts.acks
    if told is not None and told.stable is not None:
        acks = {"pod-1": ack(told.stable.version, told.candidate.version if told.candidate else None, told)}
    return replace(facts, status=plan.status, held=told, acks=acks, workload=Workload(available=True, message=""))


def settled(facts: Facts, rounds: int = 5) -> tuple[Facts, Plan]:
    """Reconcile until nothing changes."""
    plan = decide(facts, NOW)
    for _ in range(rounds):
        facts = followed(facts, plan)
        plan = decide(facts, NOW)
    return facts, plan


def condition(plan: Plan, type_: str) -> str | None:
    """Status and reason of a condition, as `True/Serving`."""
    found = next((c for c in plan.status.conditions if c.type == type_), None)
    return f"{found.status.value}/{found.reason}" if found else None


def message(plan: Plan, type_: str) -> str:
    """What a condition says; empty where it is not there."""
    return next((c.message for c in plan.status.conditions if c.type == type_), "")

"""What a policy is decided from: signals heard, what was done around it, and the fleet."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from andon.api.config import OperatorConfig
from andon.api.decision import ActedDecision, ActedState, Action, Decision, DecisionState, Evidence, Verdict
from andon.api.deployment import ModelDeploymentStatus
from andon.api.evidence import Reading
from andon.api.missing import Missing
from andon.api.pipeline import TrainingPipelineStatus
from andon.api.policy import DriftPolicyStatus, HeldAction
from andon.api.types import Revision
from andon.controllers.objects import plain, spec_of, status_of
from andon.controllers.policy import PolicyController
from andon.controllers.queue import Key
from andon.controllers.reconciler import Outside, Seen
from andon.controllers.telemetry import Telemetry

from .test_telemetry import text
from .test_wiring import Cluster

NOW = datetime(2026, 1, 2, tzinfo=UTC)
KEY = Key("p", "watch")
SERVED = Revision(version="1", digest="sha256:" + "1" * 64)
EVIDENCE = Evidence(question="error", rows=400, value="3", limit="1.1", scraped=NOW)
CONFIG = OperatorConfig.model_validate({"prometheus": {"url": "http://p"}, "mlflow": {"url": "http://m"}})


class Prometheus:
    """Answers signals by their query, and is blind otherwise."""

    def __init__(self, **answers: Reading | Missing) -> None:
        self.answers = answers

    async def evidence(self) -> Missing:
        return Missing("NoSeries", "")

    async def signal(self, query: str) -> Reading | Missing:
        return self.answers[query]


class Clock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


class Herald:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def transition(self, note: Any) -> None:
        pass

    def decision(self, note: Any, event: Any = None) -> None:
        self.told.append(event)


class ApiServer:
    """Takes every status."""

    async def write_status(self, manifest: Any, manager: str) -> None:
        pass


class Everywhere(Cluster):
    """Objects of one namespace and of all."""

    def everywhere(self, kind: str) -> list[Any]:
        return self.objects.get(kind, [])


def obj(name: str, spec: dict[str, Any] | None = None, status: Any = None, namespace: str = "p") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "uid": f"{namespace}/{name}", "resourceVersion": "1", "generation": 1}
    metadata |= {"creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"metadata": metadata, "spec": spec or {}, "status": plain(status) if status else {}}


def acted(id_: str, action: Action) -> ActedDecision:
    return ActedDecision(
        id=id_, policy="watch", action=action, verdict=Verdict.CONCEPT_DRIFT, from_=SERVED, summary="", evidence=EVIDENCE,
        decided=NOW, state=ActedState.DONE,
    )  # fmt: skip


def decision(id_: str = "d-1", since: datetime = NOW) -> Decision:
    return Decision(
        id=id_, target="d", action=Action.RETRAIN, verdict=Verdict.CONCEPT_DRIFT, from_=SERVED, since=since,
        evidence=EVIDENCE, summary="It errs more.",
    )  # fmt: skip


DEPLOYMENT = {"model": {"mlflow": {"name": "m", "version": "1"}}}
PROMOTES = {"promotion": {"deploymentRef": {"name": "d"}}}
SIGNALS = [
    {"promql": {"name": name, "query": query, "fire": "0.5", "clear": "0.3"}}
    for name, query in (("scrap", "scrap_share"), ("waste", "waste_share"))
]
SPEC = {"targetRef": {"name": "d"}, "signals": SIGNALS}


def controller(prometheus: Prometheus | None = None, **objects: list[Any]) -> tuple[PolicyController, Telemetry, Clock, Herald]:
    policies = [obj("watch", SPEC), *objects.pop("others", [])]
    cluster = Everywhere(DriftPolicy=policies, **objects)
    clock, herald, telemetry = Clock(), Herald(), Telemetry(dict, lambda: cluster.everywhere("DriftPolicy"))
    silent = Missing("NoSeries", "")
    metrics = prometheus or Prometheus(scrap_share=silent, waste_share=silent)
    outside = Outside(CONFIG, cluster, ApiServer(), metrics, None, None, herald, clock)  # type: ignore[arg-type]
    return PolicyController(outside, telemetry), telemetry, clock, herald


def seen(of: PolicyController, status: DriftPolicyStatus | None = None) -> Any:
    policy = obj("watch", SPEC, status)
    return Seen(policy, spec_of(policy, of._spec), status_of(policy, DriftPolicyStatus))


async def test_signals_are_remembered_and_a_missing_one_keeps_its_past():
    first, second = Reading(0.4, NOW), Reading(0.6, NOW + timedelta(seconds=1))
    prometheus = Prometheus(scrap_share=first, waste_share=Missing("ManySeries", "two"))
    policies, *_ = controller(prometheus)
    await policies.gather(KEY, seen(policies))
    prometheus.answers |= {"scrap_share": second, "waste_share": Reading(0.1, NOW)}
    await policies.gather(KEY, seen(policies))
    prometheus.answers |= {"scrap_share": Missing("Timeout", "slow")}
    heard = (await policies.gather(KEY, seen(policies))).signals
    assert (heard["scrap"].readings, heard["scrap"].missing) == ((first, second), Missing("Timeout", "slow"))
    assert (heard["waste"].readings, heard["waste"].missing) == ((Reading(0.1, NOW),), None)


async def test_what_was_done_is_counted_from_the_actors_and_not_from_the_policy():
    mine = obj("trainer", PROMOTES, TrainingPipelineStatus(decisions=[acted("d-mine", Action.RETRAIN)]))
    other = obj("other", {}, TrainingPipelineStatus(decisions=[acted("d-other", Action.RETRAIN)]))
    away = obj("d", DEPLOYMENT, ModelDeploymentStatus(decisions=[acted("d-away", Action.ROLLBACK)]), namespace="q")
    target = obj("d", DEPLOYMENT, ModelDeploymentStatus(decisions=[acted("d-back", Action.ROLLBACK)]))
    policies, *_ = controller(ModelDeployment=[target, away], TrainingPipeline=[mine, other])
    facts = await policies.gather(KEY, seen(policies))
    assert (facts.pipelines, [d.id for d in facts.acted], [d.id for d in facts.done]) == (
        ("trainer",), ["d-mine"], ["d-back", "d-mine"],
    )  # fmt: skip
    assert {d.id for d in facts.namespace_acted} == {"d-back", "d-mine", "d-other"}


async def test_the_fleet_is_everybody_in_every_namespace_within_the_window():
    told = DriftPolicyStatus(decisions=[decision()])
    held = HeldAction(action=Action.ROLLBACK, verdict=Verdict.MODEL_REGRESSION, reason="DryRun", message="", since=NOW)
    policies, _, clock, _ = controller(
        others=[obj("a", status=told, namespace="q"), obj("b", status=DriftPolicyStatus(held=[held]), namespace="r")]
    )
    fleet = (await policies.gather(KEY, seen(policies))).fleet
    assert fleet is not None
    assert (fleet.deployments, dict(fleet.told)) == (3, {Verdict.CONCEPT_DRIFT: 1, Verdict.MODEL_REGRESSION: 1})
    clock.at += timedelta(hours=2)
    later = (await policies.gather(KEY, seen(policies))).fleet
    assert later is not None
    assert dict(later.told) == {}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param([], [decision()], 1, id="new: told"),
        pytest.param([decision()], [decision()], 1, id="published by a predecessor a moment ago: its Event will tell"),
        pytest.param([decision(since=NOW - timedelta(hours=3))], [decision(since=NOW - timedelta(hours=3))], 0, id="old"),
    ],
)
async def test_a_decision_is_told_once(before, after, told):
    policies, _, _, herald = controller(ModelDeployment=[obj("d", DEPLOYMENT)])
    facts = await policies.gather(KEY, seen(policies))
    for _ in range(3):
        await policies.perform(
            KEY, seen(policies, DriftPolicyStatus(decisions=before)), facts, DriftPolicyStatus(decisions=after)
        )
    assert len(herald.told) == told


async def test_a_refusal_is_counted_when_it_begins():
    policies, telemetry, _, _ = controller(ModelDeployment=[obj("d", DEPLOYMENT)])
    facts = await policies.gather(KEY, seen(policies))
    held = HeldAction(action=Action.ROLLBACK, verdict=Verdict.MODEL_REGRESSION, reason="BudgetSpent", message="", since=NOW)
    now = DriftPolicyStatus(held=[held])
    for before in (DriftPolicyStatus(), now, now):
        await policies.perform(KEY, seen(policies, before), facts, now)
    assert 'andon_actions_refused_total{reason="BudgetSpent"} 1.0' in text(telemetry)


def test_open_decisions_are_a_metric_and_closed_ones_are_none():
    closed = decision("d-2").model_copy(update={"state": DecisionState.CLOSED})
    _, telemetry, _, _ = controller(others=[obj("a", status=DriftPolicyStatus(decisions=[decision(), closed]), namespace="q")])
    line = 'andon_decision_open{action="Retrain",namespace="q",policy="a",verdict="ConceptDrift"} 1.0'
    assert [said for said in text(telemetry).splitlines() if said.startswith("andon_decision_open")] == [line]

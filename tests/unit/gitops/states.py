"""Every state that a controller can leave an object in, made by the controllers' own code, and what others are to make of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any, Literal

from andon.api import API_VERSION
from andon.api.evidence import Counted
from andon.api.missing import Missing
from andon.api.slots import LoadError
from andon.api.types import ApiModel, StatusModel
from andon.core.datasource.plan import Collector
from andon.core.datasource.plan import decide as decide_source
from andon.core.deployment.facts import Facts as Deployment
from andon.core.deployment.facts import GitOutcome, People
from andon.core.deployment.plan import decide as decide_deployment
from andon.core.drift.plan import decide as decide_policy
from andon.core.training.facts import Job
from andon.core.training.plan import decide as decide_training
from support.kstatus import Status
from unit.core import deployments, policies, test_datasource, test_retrain, test_training
from unit.core.deployments import NOW, convicted, nothing, quarantined, registry_away, serving, settled, slot, spec

Health = Literal["Healthy", "Progressing", "Degraded", "Suspended"]
AWAY = Missing("Unreachable", "MLflow cannot be reached at http://mlflow:5000. Next: check its address.")
ROWS = {"sourceRefs": [{"name": "reactor"}], "every": "3s"}


@dataclass(frozen=True)
class State:
    """kind and name: of the object. kstatus, argo: how Flux and Argo CD are to see it. made: spec, status and generation."""

    kind: str
    name: str
    kstatus: Status
    argo: Health
    made: Callable[[], tuple[ApiModel, StatusModel | Mapping[str, Any], int]]

    @property
    def file(self) -> str:
        return f"{self.kind.lower()}-{self.name}.yaml"

    def document(self) -> dict[str, Any]:
        """The object as the API server would hand it out."""
        wanted, status, generation = self.made()
        name = {"DriftPolicy": "watch", "DataSource": "reactor"}.get(self.kind, "soft-sensor")
        return {
            "apiVersion": API_VERSION,
            "kind": self.kind,
            "metadata": {"name": name, "namespace": "plant-a", "generation": generation},
            "spec": wanted.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True),
            "status": dict(status) if isinstance(status, Mapping) else _plain(status),
        }


def _plain(status: StatusModel) -> dict[str, Any]:
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)


def deployment(name: str, kstatus: Status, argo: Health, facts: Callable[[], Deployment]) -> State:
    """Decided upon once: what is in the facts is what is there."""

    def made() -> tuple[ApiModel, StatusModel, int]:
        given = facts()
        return given.spec, decide_deployment(given, NOW).status, given.generation

    return State("ModelDeployment", name, kstatus, argo, made)


def fresh(kind: str, wanted: ApiModel) -> State:
    """As the API server makes it, from the CRD's default."""
    return State(kind, "fresh", "InProgress", "Progressing", lambda: (wanted, {"observedGeneration": -1}, 1))


def edited(kind: str, wanted: ApiModel, made: Callable[[], StatusModel]) -> State:
    """git names something else since, and nobody has looked."""
    return State(kind, "edited", "InProgress", "Progressing", lambda: (wanted, made(), 2))


@cache
def _rolled_back() -> Deployment:
    facts, _ = settled(convicted(serving("1", candidate="2"), "2", "1"))
    (decision,) = facts.status.decisions
    told = replace(facts, outcomes={decision.id: GitOutcome("Committed", commit="c0ffee0" + "0" * 33)})
    return replace(told, status=decide_deployment(told, NOW).status, outcomes={})


def _healed() -> Deployment:
    """The commit has been synced."""
    return replace(_rolled_back(), generation=2, spec=spec("1"), wanted=slot("1"))


def _first(**counted: int) -> Deployment:
    _, plan = settled(replace(nothing(), spec=spec("1", inputs=ROWS), rows_url="http://rows"))
    first = replace(
        serving("1"), spec=spec("1", inputs=ROWS), rows_url="http://rows", held=plan.slots, status=plan.status, counted=None
    )
    assert plan.slots is not None
    acks = {"pod-1": deployments.ack("1", None, plan.slots)}
    return replace(first, acks=acks, counted=Counted(**counted) if counted else None)


def _overdue() -> Deployment:
    waiting = replace(serving("1"), acks={})
    early = decide_deployment(waiting, NOW - timedelta(minutes=11)).status
    return replace(waiting, status=early)


def _refused() -> Deployment:
    judged = serving("1", candidate="2")
    error = LoadError(
        digest=deployments.digest("2"), reason="DigestMismatch", message="version 2 has other bytes than registered."
    )
    return replace(judged, acks={pod: a.model_copy(update={"error": error}) for pod, a in judged.acks.items()})


def _no_way_back() -> Deployment:
    return quarantined(replace(serving("2", named="2"), wanted=slot("2"), known={}), "2", "d-0123456789")


def _people(facts: Deployment, **words: str) -> Deployment:
    return replace(facts, people=People(**words), pinned=slot(words["pin"]) if "pin" in words else None)


_CHAMPION = spec("1", model={"mlflow": {"name": "m", "alias": "champion"}})

DEPLOYMENTS = (
    fresh("ModelDeployment", spec("1")),
    edited("ModelDeployment", spec("2"), lambda: decide_deployment(serving("1"), NOW).status),
    deployment("starting", "InProgress", "Progressing", nothing),
    deployment("loading", "InProgress", "Progressing", lambda: replace(serving("1"), acks={})),
    deployment("serving", "Current", "Healthy", lambda: serving("1")),
    deployment("judged", "InProgress", "Progressing", lambda: serving("1", candidate="2")),
    deployment("rolling-back", "Failed", "Degraded", lambda: convicted(serving("1", candidate="2"), "2", "1")),
    deployment("rolled-back", "Failed", "Degraded", _rolled_back),
    deployment("reverted-in-git", "Current", "Healthy", _healed),
    deployment("registry-away", "InProgress", "Progressing", lambda: registry_away(serving("1", named="2"))),
    deployment("history-unread", "InProgress", "Progressing", lambda: replace(nothing(), unread=AWAY)),
    deployment("remembered", "Failed", "Degraded", lambda: quarantined(nothing("2"), "2", "d-0123456789")),
    deployment("aliased", "Current", "Healthy", lambda: replace(serving("1"), spec=_CHAMPION)),
    deployment("alias-rolled-back", "Failed", "Degraded", lambda: replace(_rolled_back(), spec=_CHAMPION)),
    deployment("first-judged", "InProgress", "Progressing", lambda: _first(scored=10, failed=0)),
    deployment("error-budget-spent", "Failed", "Degraded", lambda: _first(scored=400, failed=40)),
    deployment("too-slow", "Failed", "Degraded", _overdue),
    deployment("refused-by-server", "Failed", "Degraded", _refused),
    deployment("no-way-back", "Failed", "Degraded", _no_way_back),
    deployment("aborted", "Failed", "Degraded", lambda: _people(serving("1", candidate="2"), abort="2")),
    deployment("pinned", "Current", "Healthy", lambda: settled(_people(serving("1", candidate="2"), pin="1"))[0]),
    deployment("scaled-to-zero", "Failed", "Degraded", lambda: replace(serving("1"), spec=spec("1", replicas=0), acks={})),
    deployment("suspended", "Current", "Suspended", lambda: replace(serving("1"), spec=spec("1", suspend=True))),
    deployment("suspended-before", "Failed", "Suspended", lambda: replace(nothing(), spec=spec("1", suspend=True))),
)


def source(name: str, kstatus: Status, argo: Health, **more: Any) -> State:
    facts = replace(test_datasource.COLLECTING, **more)
    return State("DataSource", name, kstatus, argo, lambda: (facts.spec, decide_source(facts, NOW).status, 1))


_STOPPED = test_datasource.SPEC.model_copy(update={"suspend": True})

SOURCES = (
    fresh("DataSource", test_datasource.SPEC),
    edited("DataSource", _STOPPED, lambda: decide_source(test_datasource.COLLECTING, NOW).status),
    source("starting", "InProgress", "Progressing", collector=Collector()),
    source("collecting", "Current", "Healthy"),
    source("unreachable", "InProgress", "Progressing", collector=Collector(connection="EndpointUnreachable")),
    source("tag-unknown", "Failed", "Degraded", collector=Collector(connection="TagUnknown")),
    source("quarantined", "Current", "Healthy", decisions=(test_datasource.fault(),)),
    source("suspended", "Current", "Suspended", spec=_STOPPED),
    source("suspended-before", "Failed", "Suspended", spec=_STOPPED, collector=Collector()),
)


def pipeline(name: str, kstatus: Status, argo: Health, facts: Any) -> State:
    return State("TrainingPipeline", name, kstatus, argo, lambda: (facts.spec, decide_training(facts, NOW).status, 1))


_READY, _TRAINED = test_training.READY, test_training.TRAINED
_PAUSED = test_training.SPEC.model_copy(update={"suspend": True})

PIPELINES = (
    fresh("TrainingPipeline", test_training.SPEC),
    edited("TrainingPipeline", _PAUSED, lambda: decide_training(_TRAINED, NOW).status),
    pipeline("source-missing", "InProgress", "Progressing", replace(_READY, source=None)),
    pipeline("tag-missing", "Failed", "Degraded", replace(_READY, unknown_tags=("xmeas_8",))),
    pipeline("waiting-for-rows", "InProgress", "Progressing", replace(_READY, labelled=5)),
    pipeline("rows-uncounted", "InProgress", "Progressing", replace(_READY, labelled=AWAY)),
    pipeline("training", "InProgress", "Progressing", replace(_READY, job=Job())),
    pipeline("version-unread", "InProgress", "Progressing", replace(_READY, job=Job(succeeded=True, outcome=AWAY))),
    pipeline(
        "gate-failed", "Failed", "Degraded",
        replace(_READY, job=Job(failed=True, reason="GateFailed", message="rmse 0.03, limit 0.02")),
    ),
    pipeline("trained", "Current", "Healthy", _TRAINED),
    pipeline("retraining", "Current", "Healthy", replace(test_retrain.ACTING, job=Job())),
    pipeline("suspended", "Current", "Suspended", replace(_TRAINED, spec=_PAUSED)),
    pipeline("suspended-before", "Failed", "Suspended", replace(_READY, spec=_PAUSED)),
)  # fmt: skip


def policy(name: str, kstatus: Status, argo: Health, facts: Any) -> State:
    return State("DriftPolicy", name, kstatus, argo, lambda: (facts.spec, decide_policy(facts, NOW), 1))


_BLIND = {"series": AWAY, "blind_since": NOW - timedelta(minutes=1)}

POLICIES = (
    fresh("DriftPolicy", policies.policy()),
    edited("DriftPolicy", policies.policy(suspend=True), lambda: decide_policy(policies.sees(), NOW)),
    policy("watching", "Current", "Healthy", policies.sees()),
    policy("convicting", "Current", "Healthy", policies.judging(policies.BAD)),
    policy("blind", "InProgress", "Progressing", replace(policies.sees(), **_BLIND)),
    policy("target-missing", "InProgress", "Progressing", policies.sees(target=None)),
    policy("target-taken", "Failed", "Degraded", policies.sees(rival="older")),
    policy("suspended", "Current", "Suspended", policies.sees(spec=policies.policy(suspend=True))),
)

STATES: tuple[State, ...] = (*DEPLOYMENTS, *SOURCES, *PIPELINES, *POLICIES)

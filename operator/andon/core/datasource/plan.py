"""From what the collector says and what policies decided to the status of a DataSource and its collector's orders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from andon.api.conditions import Claim, claim, following, not_ready, ready, reconciling, stalled, summarise
from andon.api.datasource import DataSourceSpec, DataSourceStatus, QuarantineWindow
from andon.api.decision import Action, Authority, Decision, DecisionState
from andon.api.missing import Missing
from andon.core.approval import awaiting_approval
from andon.core.rejection import recorded, rejected, told

KEPT_WINDOWS: Final = 100


@dataclass(frozen=True, slots=True)
class Collector:
    """The collector as Kubernetes and Prometheus see it. connection: the reason word it exports, `Connected` when all is well."""

    available: bool = False
    message: str = "no pod yet"
    connection: str | Missing | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one DataSource.

    decisions: (policy, decision) of every policy whose target reads this source. seeing: the policies of the namespace that
    have evidence before them now. approved: ids of the decisions that a person has approved on this source. rejected: likewise,
    with who it was.
    """

    namespace: str
    name: str
    generation: int
    spec: DataSourceSpec
    status: DataSourceStatus
    collector: Collector = Collector()
    decisions: tuple[tuple[str, Decision], ...] = ()
    seeing: frozenset[str] = frozenset()
    approved: frozenset[str] = frozenset()
    rejected: Mapping[str, str] = field(default_factory=dict)

    def may_act(self, decision: Decision) -> bool:
        """Whether the policy may have this done unasked, or a person has approved it."""
        return decision.authority is Authority.ACT or decision.id in self.approved


@dataclass(frozen=True, slots=True)
class Plan:
    """Status first, then the collector's orders. touch: False leaves every child alone."""

    status: DataSourceStatus
    touch: bool = True


def decide(facts: Facts, now: datetime) -> Plan:
    """Pure."""
    if facts.spec.suspend:
        return Plan(_status(facts, _suspended(facts), list(facts.status.quarantine), now), touch=False)
    return Plan(_status(facts, _readiness(facts), quarantine(facts, now), now))


def quarantine(facts: Facts, now: datetime) -> list[QuarantineWindow]:
    """The windows after this look at the decisions: opened, ended, or kept though the policy is gone."""
    said = {d.id: (policy, d) for policy, d in facts.decisions if d.action is Action.QUARANTINE}
    before = [_ended(w, now) if w.until is None and _is_over(w, facts, said) else w for w in facts.status.quarantine]
    fresh = [_window(*entry) for entry in _unrejected(facts) if facts.may_act(entry[1])]
    return [*before, *fresh][-KEPT_WINDOWS:]


def _asked_for(facts: Facts) -> list[tuple[str, Decision]]:
    """Open decisions that have no window yet."""
    known = {w.decision for w in facts.status.quarantine}
    return [
        (policy, d)
        for policy, d in facts.decisions
        if d.action is Action.QUARANTINE and d.state is DecisionState.OPEN and d.id not in known
    ]


def _unrejected(facts: Facts) -> list[tuple[str, Decision]]:
    no = rejected(facts.status.rejected, facts.rejected, facts.approved)
    return [(policy, d) for policy, d in _asked_for(facts) if d.id not in no]


def _is_over(window: QuarantineWindow, facts: Facts, said: Mapping[str, tuple[str, Decision]]) -> bool:
    """Closed by its policy; or its policy sees and speaks of it no more, having been recreated or read another source since."""
    if window.decision in said:
        return said[window.decision][1].state is DecisionState.CLOSED
    return window.policy in facts.seeing


def _ended(window: QuarantineWindow, now: datetime) -> QuarantineWindow:
    return window.model_copy(update={"until": now})


def _window(policy: str, decision: Decision) -> QuarantineWindow:
    """From the first row that counted against the tag: the fault is older than its discovery."""
    since = decision.evidence.first_bad_row or decision.since
    return QuarantineWindow(
        decision=decision.id, policy=policy, tags=decision.subjects, fault=decision.fault or "Unknown", since=since
    )


def _readiness(facts: Facts) -> list[Claim]:
    collector, connection = facts.collector, facts.collector.connection
    if connection == "EndpointUnreachable":
        endpoint = facts.spec.opcua.endpoint if facts.spec.opcua else ""
        return [
            not_ready(
                "EndpointUnreachable",
                f"No OPC UA server answers at {endpoint}: check spec.opcua.endpoint and the network. Retried with back-off.",
            )
        ]
    if connection == "TagUnknown":
        message = "The server does not know a node of spec.tags; the collector's log names it. The other tags are collected."
        return [not_ready("TagUnknown", message), stalled("TagUnknown", message)]
    if not collector.available:
        return [
            following(not_ready("CollectorStarting", f"The collector is not ready: {collector.message}.")),
            reconciling("CollectorStarting", "The collector starts."),
        ]
    return [ready("Collecting", f"{len(facts.spec.tags)} tags of {facts.spec.asset} are collected.")]


def _suspended(facts: Facts) -> list[Claim]:
    """Where no collector runs, none will: whoever waits for it should not."""
    message = "spec.suspend is true: nothing is touched until it is false."
    if facts.collector.available:
        return [ready("Suspended", message)]
    return [not_ready("Suspended", message), stalled("Suspended", message)]


def _status(facts: Facts, claims: list[Claim], windows: list[QuarantineWindow], now: datetime) -> DataSourceStatus:
    if any(w.until is None for w in windows):
        tags = ", ".join(sorted({t for w in windows if w.until is None for t in w.tags}))
        said = claim("Quarantined", True, "TagsNotBelieved", f"Kept from training and model evidence: {tags}.")
        claims = [*claims, following(said)]
    asked = [d for _, d in _asked_for(facts)]
    rejections = recorded(facts.status.rejected, facts.rejected, facts.approved, asked, now)
    claims = [*claims, *told(rejections, asked)]
    waiting = next((d for _, d in _unrejected(facts) if d.authority is Authority.CONFIRM and not facts.may_act(d)), None)
    if waiting is not None:
        claims = [*claims, awaiting_approval(waiting, "datasource", facts.namespace, facts.name)]
    return DataSourceStatus(
        observed_generation=facts.generation,
        conditions=summarise(claims, facts.status.conditions, facts.generation, now),
        rows_url=f"http://{facts.name}-collect.{facts.namespace}.svc:8080/rows",
        quarantine=windows,
        rejected=rejections,
    )

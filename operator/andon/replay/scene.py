"""What stands around a decision? A deployment with its revisions, played: what it serves, judges and has been made to do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from andon.api.decision import ActedDecision, ActedState, Action, Authority, Decision
from andon.api.deployment import Candidate, Inputs, MlflowModel, Model, ModelDeploymentSpec, ModelDeploymentStatus
from andon.api.evidence import EvidenceSeries
from andon.api.policy import DriftPolicyStatus
from andon.api.types import NamedRef, Revision, short
from andon.core.drift.facts import Facts, Target
from andon.core.drift.plan import decide
from andon.replay.policyfile import PLAYED, Policy
from andon.stats.blocks import Evidence

STABLE: Final = "1"
CANDIDATE: Final = "2"
"""The versions that the two models are told of as: files have none."""
KEPT: Final = 10
"""Decisions that a deployment's status remembers."""


@dataclass(slots=True)
class Scene:
    """One deployment and the policy that watches it. stable, profile: digests. every: the clock of the rows, as a Duration.

    status: what the policy said last. facts: what it knew when it said so.
    """

    policy: Policy
    stable: str
    profile: str
    every: str
    status: DriftPolicyStatus = field(default_factory=DriftPolicyStatus)
    target: Target = field(init=False)
    facts: Facts = field(init=False)

    def __post_init__(self) -> None:
        spec = ModelDeploymentSpec(
            model=Model(mlflow=MlflowModel(name=PLAYED, version=STABLE)),
            inputs=Inputs(source_refs=[NamedRef(name=PLAYED)], every=self.every),
        )
        served = Revision(version=STABLE, digest=self.stable)
        self.target = Target(spec, ModelDeploymentStatus(desired=served, effective=served))

    @property
    def candidate(self) -> Revision | None:
        """Who is judged beside the stable."""
        return self.target.candidate

    @property
    def judges(self) -> bool:
        """Whether the policy looked at the model at all, the last time."""
        return any(condition.type == "StableHealthy" for condition in self.status.conditions)

    def judge(self, digest: str | None) -> None:
        """A candidate comes, or goes."""
        candidate = Candidate(version=CANDIDATE, digest=digest, step="Shadow") if digest else None
        self._becomes(candidate=candidate)

    def decide(self, evidence: Iterable[Evidence], now: datetime) -> DriftPolicyStatus:
        """What the policy says of this evidence, as the operator would have it say at that time."""
        self.facts = Facts(
            namespace=self.policy.namespace,
            name=self.policy.name,
            generation=1,
            spec=self.policy.spec,
            status=self.status,
            target=self.target,
            series=tuple(self._scraped(evidence, now)),
            namespace_acted=tuple(self.target.status.decisions),
            pipelines=(PLAYED,),
        )
        self.status = decide(self.facts, now)
        return self.status

    def act(self, decision: Decision) -> bool:
        """Do what is asked for, where that needs nobody's word; whether it was done. Nobody is there to approve."""
        if decision.action is Action.ALERT:
            return True
        if decision.authority is not Authority.ACT:
            return False
        if decision.action in {Action.ROLLBACK, Action.RETRAIN}:
            done = ActedDecision.of(decision, self.policy.name, ActedState.DONE)
            acted = [*self.target.status.decisions, done][-KEPT:]
            self._becomes(decisions=acted)
        if decision.action is Action.ROLLBACK and decision.from_ == self.candidate:
            self.judge(None)
        return True

    def _becomes(self, **changes: object) -> None:
        self.target = Target(self.target.spec, self.target.status.model_copy(update=changes))

    def _scraped(self, evidence: Iterable[Evidence], now: datetime) -> Iterator[EvidenceSeries]:
        """As Prometheus would have brought it, scraped at once."""
        stable, profile = short(self.stable), short(self.profile)[:8]
        candidate = short(self.candidate.digest) if self.candidate else ""
        for one in evidence:
            yield EvidenceSeries(
                namespace=self.policy.namespace,
                deployment=self.policy.spec.target_ref.name,
                revision=candidate if one.subject == "candidate" else stable,
                profile=profile,
                question=one.question,
                subject=one.subject,
                log_e=one.log_e,
                rows=one.rows,
                block=one.block,
                epoch=int(one.epoch),
                value=one.value,
                first_bad=_instant(one.first_bad),
                last_row=_instant(one.last_row),
                scraped=now,
            )


def _instant(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

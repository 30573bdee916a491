"""What is known about one DriftPolicy when it is decided upon."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from andon.api.config import Limits
from andon.api.decision import ActedDecision
from andon.api.deployment import ModelDeploymentSpec, ModelDeploymentStatus
from andon.api.evidence import EvidenceSeries, Reading
from andon.api.missing import Missing
from andon.api.policy import DriftPolicySpec, DriftPolicyStatus
from andon.api.types import Revision, seconds, short
from andon.core.drift.fleet import Fleet

PATIENCE: Final = 3
"""Intervals without signals before a status says so."""


@dataclass(frozen=True, slots=True)
class Target:
    """The ModelDeployment that is watched."""

    spec: ModelDeploymentSpec
    status: ModelDeploymentStatus

    @property
    def candidate(self) -> Revision | None:
        """What is being judged beside the stable."""
        candidate = self.status.candidate
        return Revision(version=candidate.version, digest=candidate.digest) if candidate else None

    @property
    def stable(self) -> Revision | None:
        """What answers now."""
        return self.status.effective

    @property
    def reference(self) -> Revision | None:
        """What the stable replaced, and which scores the same rows ever since."""
        return self.status.reference

    @property
    def row_seconds(self) -> float:
        """The clock of the rows; 0 where the model scores none by itself."""
        return seconds(self.spec.inputs.every) if self.spec.inputs else 0.0

    def holds(self, revision: Revision) -> bool:
        """Whether this revision is served or judged now."""
        return revision in (self.status.effective, self.candidate)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a signal of a user's own said lately. readings: newest last, each of another time. missing: why there is no newer."""

    readings: tuple[Reading, ...] = ()
    missing: Missing | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the chains may look at.

    rival: an older policy of the same target. blind_since: when signals were last seen missing without a gap.
    signals: by name of spec.signals; see `signals.heard`.
    acted: what actors did for this target, besides what is in its status: Retrains of TrainingPipelines.
    namespace_acted: what all actors of the namespace did. pipelines: those that act on a Retrain for this target.
    fleet: what is said of all deployments, where that is known. limits: the platform team's.
    faulty: tags at fault now, most responsible first; found by the data's own track before the model's chains are read.
    promoted: what serves is looked at as the candidate that it was, beside what it replaced.
    """

    namespace: str
    name: str
    generation: int
    spec: DriftPolicySpec
    status: DriftPolicyStatus
    target: Target | None
    series: tuple[EvidenceSeries, ...] | Missing
    rival: str | None = None
    blind_since: datetime | None = None
    signals: Mapping[str, Heard] = field(default_factory=dict)
    acted: tuple[ActedDecision, ...] = ()
    namespace_acted: tuple[ActedDecision, ...] = ()
    pipelines: tuple[str, ...] = ()
    fleet: Fleet | None = None
    limits: Limits = field(default_factory=Limits)
    faulty: tuple[str, ...] = ()
    promoted: bool = False

    @property
    def stable(self) -> Revision | None:
        """What serves, as far as anything does."""
        return self.target.stable if self.target else None

    @property
    def candidate(self) -> Revision | None:
        """What is judged beside it."""
        if self.promoted:
            return self.stable
        return self.target.candidate if self.target else None

    def before(self, revision: Revision) -> Revision | None:
        """What would serve instead of this one: the stable, or instead of that one what it replaced."""
        if revision != self.stable:
            return self.stable
        return self.target.reference if self.target else None

    def about(self, revision: Revision | None, question: str) -> EvidenceSeries | None:
        """The newest answer to a question about a revision."""
        if revision is None:
            return None
        wanted = short(revision.digest)
        found = [s for s in self.seen if s.question == question and s.revision == wanted]
        return max(found, key=lambda s: s.epoch, default=None)

    @property
    def seen(self) -> tuple[EvidenceSeries, ...]:
        """The series whose numbers can be used."""
        return () if isinstance(self.series, Missing) else tuple(s for s in self.series if s.missing is None)

    @property
    def done(self) -> tuple[ActedDecision, ...]:
        """What actors did for this target, oldest first."""
        known = {d.id: d for d in (*(self.target.status.decisions if self.target else ()), *self.acted)}
        return tuple(sorted(known.values(), key=lambda d: d.decided))

    @property
    def limit(self) -> float:
        """Seconds without signals that are borne without a word."""
        return PATIENCE * seconds(self.spec.interval)


def absence(facts: Facts, now: datetime) -> Missing | None:
    """Why there is nothing to judge by, if so: a failed query, no series at all, or only old ones."""
    if isinstance(facts.series, Missing):
        return facts.series
    if not facts.series:
        return Missing(
            "NoSeries", "Prometheus answers but has no evidence of this deployment: is its server running and scraped?"
        )
    if not facts.seen:
        return facts.series[0].missing
    age = (now - max(s.scraped for s in facts.seen)).total_seconds()
    if age > facts.limit:
        return Missing("Stale", f"the newest evidence is older than {facts.limit:.0f} s: is the server running and scraped?")
    return None

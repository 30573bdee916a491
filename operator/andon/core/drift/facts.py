"""What is known about one DriftPolicy when it is decided upon."""

from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import Final

from andon.api.deployment import ModelDeploymentSpec, ModelDeploymentStatus
from andon.api.evidence import EvidenceSeries
from andon.api.missing import Missing
from andon.api.policy import DriftPolicySpec, DriftPolicyStatus
from andon.api.types import Revision, seconds, short

CONVICT: Final = log(1000)
"""Log e-value at which a model or a tag is convicted: by Ville's inequality at most one sound one in 1,000 ever gets there."""
ACQUIT: Final = log(20)
"""Log e-value at which a candidate counts as equal: promotion is reversible, so less is asked."""
CLEAR: Final = 0.0
"""Log e-value below which a tag that was at fault is believed again."""
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

    def holds(self, revision: Revision) -> bool:
        """Whether this revision is served or judged now."""
        return revision in (self.status.effective, self.candidate)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the chains may look at. blind_since: when signals were last seen missing without a gap."""

    namespace: str
    name: str
    generation: int
    spec: DriftPolicySpec
    status: DriftPolicyStatus
    target: Target | None
    series: tuple[EvidenceSeries, ...] | Missing
    rival: str | None = None
    blind_since: datetime | None = None

    def about(self, revision: Revision, question: str) -> EvidenceSeries | None:
        """The newest answer to a question about a revision."""
        wanted = short(revision.digest)
        found = [s for s in self.seen if s.revision == wanted and s.question == question]
        return max(found, key=lambda s: s.epoch, default=None)

    @property
    def seen(self) -> tuple[EvidenceSeries, ...]:
        """The series whose numbers can be used."""
        return () if isinstance(self.series, Missing) else tuple(s for s in self.series if s.missing is None)

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

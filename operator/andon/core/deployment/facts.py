"""What is known about one ModelDeployment when it is decided upon."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from andon.api.decision import Authority, Decision, Verdict
from andon.api.deployment import ModelDeploymentSpec, ModelDeploymentStatus, Quarantined
from andon.api.missing import Missing
from andon.api.slots import Ack, LabelSource, SlotModel, Slots
from andon.api.types import Revision


@dataclass(frozen=True, slots=True)
class PolicyView:
    """What the policy that watches this deployment says now. judged: the revision its verdict is about."""

    name: str
    verdict: Verdict | None = None
    judged: Revision | None = None
    faulty_tags: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class GitOutcome:
    """What came of telling git about a decision. commit: full hash, for Committed and AlreadySo where it is known."""

    state: Literal["Committed", "AlreadySo", "Refused", "Away"]
    reason: str = ""
    message: str = ""
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """The server's pods as Kubernetes sees them."""

    available: bool = False
    message: str = "no pod yet"


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything `rollout` may look at. A port that failed is a fact (Missing), not an exception.

    approved: ids of the decisions that a person has approved on this deployment.
    """

    namespace: str
    name: str
    generation: int
    spec: ModelDeploymentSpec
    status: ModelDeploymentStatus
    wanted: SlotModel | Missing
    held: Slots | None = None
    known: Mapping[str, SlotModel] = field(default_factory=dict)
    acks: Mapping[str, Ack] = field(default_factory=dict)
    workload: Workload = Workload()
    policy: PolicyView | None = None
    rows_url: str | Missing | None = None
    labels: LabelSource | None = None
    paired_rows: int = 0
    margin: float = 0.10
    repository: Literal["Granted", "NotGranted", "None"] = "None"
    outcomes: Mapping[str, GitOutcome] = field(default_factory=dict)
    approved: frozenset[str] = frozenset()

    @property
    def stable(self) -> SlotModel | None:
        """What the server was last told to answer with."""
        if self.held is not None:
            return self.held.stable
        return self.known.get(self.status.effective.digest) if self.status.effective else None

    @property
    def quarantine(self) -> Quarantined | None:
        """The entry that keeps the wanted revision out, unless the spec overrides exactly that decision."""
        if isinstance(self.wanted, Missing):
            return None
        digest = self.wanted.digest
        return next((q for q in self.status.quarantined if q.digest == digest and not self.overrides(q.decision)), None)

    @property
    def judged(self) -> SlotModel | None:
        """What the server was last told to judge."""
        return self.held.candidate if self.held is not None else None

    @property
    def candidate_loaded(self) -> bool:
        """Whether every server holds the wanted revision as its candidate."""
        acks = self.acks.values()
        digests = {ack.candidate.digest if ack.candidate else None for ack in acks}
        return not isinstance(self.wanted, Missing) and digests == {self.wanted.digest}

    def may_act(self, decision: Decision) -> bool:
        """Whether the policy may have this done unasked, or a person has approved it."""
        return decision.authority is Authority.ACT or decision.id in self.approved

    def overrides(self, decision: str) -> bool:
        """Whether a person takes back the revision that this decision convicted."""
        return self.spec.model.overrides == decision

    def holds(self, revision: Revision) -> bool:
        """Whether this revision is in one of the server's slots, as far as it was told."""
        slots = (self.held.stable, self.held.candidate) if self.held else ()
        return any(slot is not None and slot.digest == revision.digest for slot in slots)

"""What is known about one ModelDeployment when it is decided upon."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from andon.api.decision import Authority, Decision, Verdict, WriteBackMode
from andon.api.deployment import ModelDeploymentSpec, ModelDeploymentStatus, Quarantined
from andon.api.evidence import Counted
from andon.api.missing import Missing
from andon.api.slots import Ack, LabelSource, SlotModel, Slots
from andon.api.types import Revision
from andon.core.rejection import rejected


@dataclass(frozen=True, slots=True)
class PolicyView:
    """What the policy that watches this deployment says now.

    judged: the revision its verdict is about. write_back: how git is to be told of a rollback.
    """

    name: str
    verdict: Verdict | None = None
    judged: Revision | None = None
    faulty_tags: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    write_back: WriteBackMode = WriteBackMode.COMMIT

    def is_about(self, version: SlotModel) -> bool:
        """Whether its verdict is about this revision."""
        return self.judged is not None and self.judged.digest == version.digest


@dataclass(frozen=True, slots=True)
class GitOutcome:
    """What came of telling git about a decision. commit: full hash, for Committed and AlreadySo where it is known."""

    state: Literal["Committed", "AlreadySo", "Refused", "Away"]
    reason: str = ""
    message: str = ""
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """The servers' pods as Kubernetes sees them. available: as many as are wanted. replicas: all there are.

    running: names of those whose process runs, whether it has said anything yet or not.
    """

    available: bool = False
    message: str = "no pod yet"
    replicas: int = 0
    running: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class People:
    """What people have annotated, as it stands there; empty: nothing. See `people` for what of it means something."""

    pin: str = ""
    promote: str = ""
    abort: str = ""
    approve: str = ""
    reject: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything `rollout` may look at. A port that failed is a fact (Missing), not an exception.

    known: revisions that can be served, by digest. pinned: the version that a person has pinned. paired_rows: which the wanted
    revision was judged on beside the stable, with neither rows nor policy its own requests; None while nobody can say.
    counted: rows so far, asked for only of a first version. asked: its rows or requests, asked for only without a policy.
    unread: the status is lost, and so is for now what was quarantined. preflight: why git would not be told of a rollback.
    approved: what a person has approved on this deployment (a decision or a step), and who. rejected: likewise, decisions.
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
    asset: str | None = None
    labels: LabelSource | None = None
    paired_rows: int | None = 0
    counted: Counted | None = None
    asked: Counted | None = None
    margin: float = 0.10
    repository: Literal["Granted", "NotGranted", "None"] = "None"
    outcomes: Mapping[str, GitOutcome] = field(default_factory=dict)
    approved: Mapping[str, str] = field(default_factory=dict)
    rejected: Mapping[str, str] = field(default_factory=dict)
    people: People = People()
    pinned: SlotModel | Missing | None = None
    unread: Missing | None = None
    preflight: GitOutcome | None = None

    @property
    def named(self) -> str:
        """The version that git names, or the alias that git names; empty while nobody can say."""
        model = self.spec.model
        said = model.mlflow.version if model.mlflow else model.file.version if model.file else None
        resolved = self.wanted if isinstance(self.wanted, SlotModel) else self.status.desired
        return said or (resolved.version if resolved is not None else "")

    @property
    def alias(self) -> str | None:
        """The alias that git names in place of a version."""
        return self.spec.model.mlflow.alias if self.spec.model.mlflow else None

    @property
    def where_named(self) -> str:
        """Where the version stands: what nobody told of git may be in none."""
        return "the spec" if self.spec.git is None else "git"

    @property
    def who_names(self) -> str:
        """Whom a person has to ask for another version."""
        return self.where_named if self.alias is None else f"alias {self.alias}"

    @property
    def stable(self) -> SlotModel | None:
        """What the server was last told to answer with."""
        if self.held is not None:
            return self.held.stable
        return self.known.get(self.status.effective.digest) if self.status.effective else None

    @property
    def reference(self) -> SlotModel | None:
        """What served before the stable, as far as it is still scored."""
        if self.held is not None:
            return self.held.reference
        return self.known.get(self.status.reference.digest) if self.status.reference else None

    @property
    def quarantine(self) -> Quarantined | None:
        """The entry that keeps the wanted revision out, unless the spec overrides exactly that decision."""
        return None if isinstance(self.wanted, Missing) else self.convicted(self.wanted.digest)

    @property
    def judged(self) -> SlotModel | None:
        """What the server was last told to judge."""
        return self.held.candidate if self.held is not None else None

    @property
    def silent(self) -> frozenset[str]:
        """Servers that run and have acknowledged nothing."""
        return self.workload.running - self.acks.keys()

    @property
    def candidate_loaded(self) -> bool:
        """Whether every server that runs holds the wanted revision as its candidate."""
        if self.silent:
            return False
        acks = self.acks.values()
        digests = {ack.candidate.digest if ack.candidate else None for ack in acks}
        return not isinstance(self.wanted, Missing) and digests == {self.wanted.digest}

    def convicted(self, digest: str) -> Quarantined | None:
        """The entry that keeps this revision from serving, unless the spec overrides exactly that decision."""
        return next((q for q in self.status.quarantined if q.digest == digest and not self.overrides(q.decision)), None)

    @property
    def step_approvals(self) -> Mapping[str, str]:
        """Who approved which step: now, or before and taken off since."""
        said = self.status.candidate
        return {**((said.approvals if said else None) or {}), **self.approved}

    def may_act(self, decision: Decision) -> bool:
        """Whether the policy may have this done unasked, or a person has approved it."""
        return decision.authority is Authority.ACT or decision.id in self.approved

    def rejects(self, decision: str) -> bool:
        """Whether a person has said no to it."""
        return decision in rejected(self.status.rejected, self.rejected, self.approved)

    def overrides(self, decision: str) -> bool:
        """Whether a person takes back the revision that this decision convicted."""
        return self.spec.model.overrides == decision

    def holds(self, revision: Revision) -> bool:
        """Whether this revision is in one of the server's slots, as far as it was told."""
        slots = (self.held.stable, self.held.candidate) if self.held else ()
        return any(slot is not None and slot.digest == revision.digest for slot in slots)

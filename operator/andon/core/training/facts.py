"""What is known about one TrainingPipeline when it is decided upon."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from andon.api.datasource import DataSourceSpec
from andon.api.decision import ActedDecision, ActedState, Action, Authority, Decision, DecisionState
from andon.api.missing import Missing
from andon.api.pipeline import TrainingPipelineSpec, TrainingPipelineStatus
from andon.api.types import Revision
from andon.core.rejection import rejected


@dataclass(frozen=True, slots=True)
class Job:
    """The Job of the run at hand. outcome: what it trained, once it succeeded. reason, message: of the last failed pod."""

    succeeded: bool = False
    failed: bool = False
    outcome: Revision | Missing | None = None
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """The ModelDeployment that spec.promotion names.

    effective: what it serves. decisions: open ones about it, each with the name of its policy. rival: an older pipeline that
    trains for it too, and so acts instead.
    """

    name: str
    effective: Revision | None = None
    decisions: tuple[tuple[str, Decision], ...] = ()
    rival: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one TrainingPipeline.

    labelled: landed values of the target. source: if it exists. target: where the model is used, if that is known. approvals:
    who approved which decision here, by its id. rejected: likewise.
    """

    namespace: str
    name: str
    generation: int
    spec: TrainingPipelineSpec
    status: TrainingPipelineStatus
    source: DataSourceSpec | None = None
    unknown_tags: tuple[str, ...] = ()
    labelled: int | Missing = 0
    job: Job | None = None
    target: Target | None = None
    approvals: Mapping[str, str] = field(default_factory=dict)
    rejected: Mapping[str, str] = field(default_factory=dict)

    @property
    def spec_fingerprint(self) -> str:
        """Names the spec: one that trains the same model has the same one, wherever it runs and is used."""
        spec = self.spec.model_dump_json(by_alias=True, exclude={"suspend", "placement", "promotion"})
        return hashlib.sha256(spec.encode()).hexdigest()[:12]

    @property
    def fingerprint(self) -> str:
        """Names the run: a Retrain of the same spec is another one, and makes another version."""
        if self.retrain is None:
            return self.spec_fingerprint
        return hashlib.sha256(f"{self.spec_fingerprint}\n{self.retrain.id}".encode()).hexdigest()[:12]

    @property
    def job_name(self) -> str:
        """The Job of this run."""
        return f"{self.name}-{self.fingerprint[:8]}"

    @property
    def spec_is_trained(self) -> bool:
        """Whether a version stands for this spec."""
        return self.status.trained is not None and self.status.trained_spec == self.spec_fingerprint

    @property
    def retrain(self) -> ActedDecision | None:
        """The Retrain at hand: the one taken over before, or the oldest that may be taken over now."""
        return self.taken_over or next((self._copy(*entry) for entry in self._asked_for if self._may_act(entry[1])), None)

    @property
    def taken_over(self) -> ActedDecision | None:
        """The Retrain that the status says is acted on."""
        return next((d for d in self.status.decisions if d.state is ActedState.ACTING), None)

    @property
    def unapproved(self) -> Decision | None:
        """The oldest Retrain that waits for a person."""
        return next((d for _, d in self._asked_for if d.authority is Authority.CONFIRM and not self._may_act(d)), None)

    @property
    def _asked_for(self) -> list[tuple[str, Decision]]:
        """What nobody has rejected."""
        no = rejected(self.status.rejected, self.rejected, self.approvals)
        return [(policy, d) for policy, d in self.asked_for if d.id not in no]

    @property
    def asked_for(self) -> list[tuple[str, Decision]]:
        """Open, new, and about what is served now; the oldest first."""
        target = self.target
        if self.spec.suspend or target is None or target.rival is not None or target.effective is None:
            return []
        known = {d.id for d in self.status.decisions}
        asked = [
            (policy, d)
            for policy, d in target.decisions
            if (d.action, d.state, d.target) == (Action.RETRAIN, DecisionState.OPEN, target.name)
            and d.from_ == target.effective
            and d.id not in known
        ]
        return sorted(asked, key=lambda entry: (entry[1].since, entry[1].id))

    def _may_act(self, decision: Decision) -> bool:
        return decision.authority is Authority.ACT or decision.id in self.approvals

    def _copy(self, policy: str, decision: Decision) -> ActedDecision:
        """The actor's own: enough to finish it when the policy is gone."""
        return ActedDecision.of(decision, policy, ActedState.ACTING, self.approvals.get(decision.id))

"""From landed rows and the state of its Job to what a TrainingPipeline should do next."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from andon.api.conditions import Claim, ConditionStatus, claim, following, not_ready, ready, reconciling, stalled, summarise
from andon.api.datasource import DataSourceSpec
from andon.api.missing import Missing
from andon.api.pipeline import TrainingPipelineSpec, TrainingPipelineStatus
from andon.api.types import Revision
from andon.core.chain import Chain, first_answer


@dataclass(frozen=True, slots=True)
class Job:
    """The Job of the current spec. outcome: what it trained, once it succeeded. reason, message: of the last failed pod."""

    succeeded: bool = False
    failed: bool = False
    outcome: Revision | Missing | None = None
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one TrainingPipeline. labelled: landed values of the target. source: if it exists."""

    namespace: str
    name: str
    generation: int
    spec: TrainingPipelineSpec
    status: TrainingPipelineStatus
    source: DataSourceSpec | None = None
    unknown_tags: tuple[str, ...] = ()
    labelled: int | Missing = 0
    job: Job | None = None

    @property
    def fingerprint(self) -> str:
        """Names what is trained: a spec that trains the same model has the same one, wherever it runs."""
        spec = self.spec.model_dump_json(by_alias=True, exclude={"suspend", "placement"})
        return hashlib.sha256(spec.encode()).hexdigest()[:12]

    @property
    def job_name(self) -> str:
        """The Job of this spec."""
        return f"{self.name}-{self.fingerprint[:8]}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the status says, and whether a Job should be there. trained: a version to record."""

    claims: tuple[Claim, ...]
    run: bool = False
    trained: Revision | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Status first, then the Job if it should run."""

    status: TrainingPipelineStatus
    run: bool


def suspended(facts: Facts, now: datetime) -> Answer | None:
    """A person said: start nothing."""
    del now
    if not facts.spec.suspend:
        return None
    status = ConditionStatus.TRUE if facts.status.trained else ConditionStatus.FALSE
    return Answer((claim("Ready", status, "Suspended", "spec.suspend is true: nothing is started until it is false."),))


def already_trained(facts: Facts, now: datetime) -> Answer | None:
    """This spec has its version."""
    del now
    trained = facts.status.trained
    if trained is None or facts.status.trained_spec != facts.fingerprint:
        return None
    return Answer(
        (ready("Trained", f"Version {trained.version} ({trained.digest[:13]}…) was trained from this spec."),), trained=trained
    )


def source_missing(facts: Facts, now: datetime) -> Answer | None:
    """There is nothing to learn from (yet)."""
    del now
    name = facts.spec.data.source_refs[0].name
    if facts.source is None:
        return Answer(
            (
                not_ready(
                    "SourceNotFound",
                    f"There is no DataSource {name} in this namespace: commit it, or correct spec.data.sourceRefs.",
                ),
            )
        )
    if facts.unknown_tags:
        tags = ", ".join(facts.unknown_tags)
        message = f"DataSource {name} has no tag {tags}: add it there, or correct spec.features or spec.data.target."
        return Answer((following(not_ready("TagNotFound", message)), following(stalled("TagNotFound", message))))
    return None


def job_succeeded(facts: Facts, now: datetime) -> Answer | None:
    """The version is registered."""
    del now
    if facts.job is None or not facts.job.succeeded or not isinstance(facts.job.outcome, Revision):
        return None
    trained = facts.job.outcome
    return Answer(
        (ready("Trained", f"Version {trained.version} ({trained.digest[:13]}…) was trained from this spec."),),
        run=True,
        trained=trained,
    )


def version_unread(facts: Facts, now: datetime) -> Answer | None:
    """Done, but its pod is gone and the registry does not say (yet) which version it made."""
    del now
    if facts.job is None or not facts.job.succeeded or not isinstance(facts.job.outcome, Missing):
        return None
    message = f"Job {facts.job_name} is done, and which version it made cannot be read: {facts.job.outcome.detail} Retried."
    return Answer((not_ready("VersionUnread", message), reconciling("VersionUnread", message)), run=True)


def job_failed(facts: Facts, now: datetime) -> Answer | None:
    """It will not be tried again for this spec: a person must change something."""
    del now
    if facts.job is None or not facts.job.failed:
        return None
    reason = facts.job.reason or "TrainingFailed"
    message = facts.job.message or f"Job {facts.job_name} failed; `kubectl logs job/{facts.job_name}` says why."
    return Answer((not_ready(reason, message), stalled(reason, message)), run=True)


def job_running(facts: Facts, now: datetime) -> Answer | None:
    """On the way."""
    del now
    if facts.job is None:
        return None
    message = f"Job {facts.job_name} trains."
    return Answer((not_ready("Training", message), reconciling("Training", message)), run=True)


def rows_uncounted(facts: Facts, now: datetime) -> Answer | None:
    """How much has landed cannot be read now: wait, start nothing."""
    del now
    if not isinstance(facts.labelled, Missing):
        return None
    message = f"How many rows have landed cannot be read: {facts.labelled.detail} Retried."
    return Answer((not_ready("RowsUncounted", message), reconciling("RowsUncounted", message)))


def too_few_rows(facts: Facts, now: datetime) -> Answer | None:
    """More must land first; progress is told in quarters."""
    del now
    wanted, there = facts.spec.data.min_rows, facts.labelled
    if isinstance(there, Missing) or there >= wanted:
        return None
    message = f"Training starts when {wanted} labelled rows have landed."
    return Answer((not_ready("WaitingForRows", message), reconciling("WaitingForRows", message)))


def enough(facts: Facts, now: datetime) -> Answer:
    """Train."""
    del now
    message = f"Job {facts.job_name} is started."
    return Answer((not_ready("Training", message), reconciling("Training", message)), run=True)


TRAINING: Chain[Facts, Answer] = (  # the order is the policy; read it top to bottom
    suspended,  # a person said no
    already_trained,  # one spec, one version
    job_succeeded,  # record the version
    version_unread,  # ask the registry again
    source_missing,  # nothing to learn from
    job_failed,  # for a person
    job_running,  # wait
    rows_uncounted,  # an outage starts nothing
    too_few_rows,  # not yet
    enough,  # train
)


def decide(facts: Facts, now: datetime) -> Plan:
    """Pure."""
    answer = first_answer(TRAINING, facts, now)
    before = facts.status
    fresh = answer.trained is not None
    status = TrainingPipelineStatus(
        observed_generation=facts.generation,
        conditions=summarise(answer.claims, before.conditions, facts.generation, now),
        job=facts.job_name if answer.run else before.job,
        trained=answer.trained or before.trained,
        trained_spec=facts.fingerprint if fresh else before.trained_spec,
    )
    return Plan(status, answer.run)

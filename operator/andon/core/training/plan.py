"""From landed rows and the state of its Job to what a TrainingPipeline should do next."""

from dataclasses import dataclass
from datetime import datetime

from andon.api.conditions import Claim, following, not_ready, ready, reconciling, stalled, summarise
from andon.api.missing import Missing
from andon.api.pipeline import TrainingPipelineStatus
from andon.api.types import Revision
from andon.core.chain import Chain, first_answer
from andon.core.rejection import recorded, told
from andon.core.training import retrain
from andon.core.training.facts import Facts


@dataclass(frozen=True, slots=True)
class Answer:
    """What the status says, Ready first, and whether a Job should be there. trained: a version to record. failure: for good."""

    claims: tuple[Claim, ...]
    run: bool = False
    trained: Revision | None = None
    failure: str | None = None


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
    message = "spec.suspend is true: nothing is started until it is false."
    if facts.status.trained is not None:
        return Answer((ready("Suspended", message),))
    return Answer((not_ready("Suspended", message), stalled("Suspended", message)))


def already_trained(facts: Facts, now: datetime) -> Answer | None:
    """This spec has its version, and nobody asks for another."""
    del now
    trained = facts.status.trained
    if trained is None or not facts.spec_is_trained or facts.retrain is not None:
        return None
    return Answer((_trained(trained),), trained=trained)


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
    return Answer((_trained(trained),), run=True, trained=trained)


def version_unread(facts: Facts, now: datetime) -> Answer | None:
    """Done, but its pod is gone and the registry does not say (yet) which version it made."""
    del now
    if facts.job is None or not facts.job.succeeded or not isinstance(facts.job.outcome, Missing):
        return None
    message = f"Job {facts.job_name} is done, and which version it made cannot be read: {facts.job.outcome.detail} Retried."
    return Answer((not_ready("VersionUnread", message), reconciling("VersionUnread", message)), run=True)


def job_failed(facts: Facts, now: datetime) -> Answer | None:
    """It will not be tried again for this run: a person must change something."""
    del now
    if facts.job is None or not facts.job.failed:
        return None
    reason = facts.job.reason or "TrainingFailed"
    message = facts.job.message or f"Job {facts.job_name} failed; `kubectl logs job/{facts.job_name}` says why."
    return Answer((not_ready(reason, message), stalled(reason, message)), run=True, failure=f"{reason}: {message}")


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
    already_trained,  # one spec, one version, and one more for each Retrain
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
    """Pure. What expires is written first: what follows from it is another run's."""
    before, over = facts.status, retrain.expired(facts)
    if over is not None:
        return Plan(before.model_copy(update={"decisions": over}), run=False)
    answer = first_answer(TRAINING, facts, now)
    decisions = retrain.with_outcome(facts, answer.trained, answer.failure)
    asked = [d for _, d in facts.asked_for]
    rejections = recorded(before.rejected, facts.rejected, facts.approvals, asked, now)
    claims = [
        *_readiness(facts, answer),
        *retrain.told(facts, decisions, answer.claims[0].message),
        *told(rejections, asked),
    ]
    status = TrainingPipelineStatus(
        observed_generation=facts.generation,
        conditions=summarise(claims, before.conditions, facts.generation, now),
        job=facts.job_name if answer.run else before.job,
        trained=answer.trained or before.trained,
        trained_spec=facts.spec_fingerprint if answer.trained is not None else before.trained_spec,
        decisions=decisions,
        rejected=rejections,
    )
    return Plan(status, answer.run)


def _readiness(facts: Facts, answer: Answer) -> list[Claim]:
    """A pipeline whose spec has its version stays Ready while it trains another one, and though that may fail.

    Reconciling would take that back for kstatus, and git has not changed: Retrained says how far it is.
    """
    trained = facts.status.trained
    if facts.retrain is None or not facts.spec_is_trained or answer.trained is not None or trained is None:
        return list(answer.claims)
    return [_trained(trained)]


def _trained(revision: Revision) -> Claim:
    return ready("Trained", f"Version {revision} was trained from this spec.")

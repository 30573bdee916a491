"""Does git name what is meant to serve, and if not, who does something about it?"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from andon.api.conditions import Claim, ConditionStatus, claim, following
from andon.api.decision import ActedDecision, ActedState, WriteBackMode
from andon.api.deployment import ModelDeploymentSpec
from andon.api.slots import SlotModel
from andon.core.deployment.decisions import NOT_GRANTED, not_granted
from andon.core.deployment.facts import Facts
from andon.core.deployment.rollout import Answer


class AsMeant(StrEnum):
    """Reasons that say nothing against the next commit, whatever git names now. Every other reason is trouble with git."""

    IN_SYNC = "InSync"
    ALIAS_USED = "AliasUsed"
    PINNED = "Pinned"
    ABORTED = "Aborted"
    COMMIT_PENDING = "CommitPending"
    PROPOSED = "Proposed"
    VERSION_QUARANTINED = "VersionQuarantined"


_Check = Callable[[Facts, Answer, list[ActedDecision]], Claim | None]

_REHEARSED: Final = "git names what is wanted, but a rollback could not be committed now"


def has_line(spec: ModelDeploymentSpec) -> bool:
    """Whether a rollback would change a line in git."""
    model = spec.model.mlflow
    return spec.git is not None and not spec.suspend and model is not None and model.version is not None


def git_in_sync(facts: Facts, answer: Answer, acted: list[ActedDecision]) -> Claim:
    """The condition. acted: decisions as they are after this look."""
    return next(said for check in _CHECKS if (said := check(facts, answer, acted)) is not None)


def _alias_used(facts: Facts, answer: Answer, acted: list[ActedDecision]) -> Claim | None:
    del answer, acted
    if facts.alias is None:
        return None
    message = (
        f"{facts.where_named} names alias {facts.alias}, whose version MLflow says: there is no line to hold against what serves."
    )
    return following(_meant(ConditionStatus.UNKNOWN, AsMeant.ALIAS_USED, message))


def _person_decided(facts: Facts, answer: Answer, acted: list[ActedDecision]) -> Claim | None:
    del acted
    if answer.reason not in {AsMeant.PINNED, AsMeant.ABORTED} or answer.stable is None or answer.stable.version == facts.named:
        return None
    message = f"{facts.where_named} names version {facts.named}, and a person has version {answer.stable.version} serve."
    return following(_meant(ConditionStatus.FALSE, AsMeant(answer.reason), message))


def _as_wanted(facts: Facts, answer: Answer, acted: list[ActedDecision]) -> Claim | None:
    """Also that it could not be kept so: a commit that would be refused is known before it is needed."""
    del answer, acted
    if facts.quarantine is not None:
        return None
    if facts.repository == "NotGranted":
        return following(_trouble(ConditionStatus.FALSE, NOT_GRANTED, f"{_REHEARSED}: {not_granted(facts)}"))
    trouble = facts.preflight
    if trouble is None or facts.repository != "Granted":
        return _meant(ConditionStatus.TRUE, AsMeant.IN_SYNC, f"{facts.where_named} names what is wanted.")
    return _trouble(ConditionStatus.UNKNOWN, trouble.reason, f"{_REHEARSED}: {trouble.message}")


def _refused(facts: Facts, answer: Answer, acted: list[ActedDecision]) -> Claim | None:
    del answer
    decision = _acted_on(facts, acted)
    if decision is None or decision.state is not ActedState.REFUSED:
        return None
    return _trouble(ConditionStatus.FALSE, "WriteRefused", decision.outcome or "")


def _away(facts: Facts, answer: Answer, acted: list[ActedDecision]) -> Claim | None:
    del answer, acted
    outcome = facts.outcomes.get(facts.quarantine.decision) if facts.quarantine is not None else None
    if outcome is None or outcome.state != "Away":
        return None
    return _trouble(ConditionStatus.FALSE, outcome.reason, outcome.message)


def _pending(facts: Facts, answer: Answer, acted: list[ActedDecision]) -> Claim | None:
    del answer
    decision = _acted_on(facts, acted)
    if decision is None or decision.state is not ActedState.ACTING:
        return None
    message = f"Version {decision.from_.version} leaves serving first, then one commit follows."
    return _meant(ConditionStatus.FALSE, AsMeant.COMMIT_PENDING, message)


def _proposed(facts: Facts, answer: Answer, acted: list[ActedDecision]) -> Claim | None:
    del answer
    decision = _acted_on(facts, acted)
    if decision is None or decision.write_back is not WriteBackMode.PULL_REQUEST or decision.commit is None:
        return None
    return _meant(ConditionStatus.FALSE, AsMeant.PROPOSED, f"git names version {decision.from_.version}: {decision.outcome}.")


def _quarantined(facts: Facts, answer: Answer, acted: list[ActedDecision]) -> Claim:
    del answer, acted
    entry = facts.quarantine
    named = facts.wanted.version if isinstance(facts.wanted, SlotModel) else facts.named
    by = entry.decision if entry is not None else "a decision"
    return _meant(
        ConditionStatus.FALSE, AsMeant.VERSION_QUARANTINED, f"{facts.where_named} names version {named}, rolled back by {by}."
    )


_CHECKS: Final[tuple[_Check, ...]] = (  # the first that has something to say
    _alias_used,  # nothing to hold against what serves
    _person_decided,  # pin, abort
    _as_wanted,  # nothing that git names was convicted
    _refused,  # a person writes it
    _away,  # tried again
    _pending,  # serving first
    _proposed,  # a person merges it
    _quarantined,  # told, and overwritten since
)


def _acted_on(facts: Facts, acted: list[ActedDecision]) -> ActedDecision | None:
    return next((d for d in acted if facts.quarantine is not None and d.id == facts.quarantine.decision), None)


def _meant(status: ConditionStatus, reason: AsMeant, message: str) -> Claim:
    return claim("GitInSync", status, reason, message)


def _trouble(status: ConditionStatus, reason: str, message: str) -> Claim:
    return claim("GitInSync", status, reason, message)

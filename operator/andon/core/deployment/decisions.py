"""The life of a rollback on the acting side: copied before it is acted on, done when serving and git are both back."""

from dataclasses import dataclass
from datetime import datetime

from andon.api.decision import ActedDecision, ActedState, Decision
from andon.api.deployment import Quarantined
from andon.api.missing import Missing
from andon.api.types import Revision
from andon.core.deployment.facts import Facts, GitOutcome

KEPT_DECISIONS = 10
KEPT_QUARANTINES = 50

NOT_GRANTED = "NotGranted"


@dataclass(frozen=True, slots=True)
class GitTask:
    """A decision that git has not been told of: one line to change, from the version that is named to the one that serves."""

    decision: ActedDecision
    repository: str


def copied(decision: Decision, policy: str, approved_by: str | None = None) -> ActedDecision:
    """The actor's own copy: enough to finish even when the policy is gone. Raises ValueError if it is no rollback."""
    if decision.to is None:
        raise ValueError(f"{decision.id} is not a rollback: it does not say what to serve instead")
    return ActedDecision.of(decision, policy, ActedState.ACTING, approved_by)


def with_copy(facts: Facts, decision: Decision | None) -> list[ActedDecision]:
    """The decisions of this deployment with this one taken over; a decision taken over again acts again."""
    if decision is None or facts.policy is None:
        return list(facts.status.decisions)
    known = next((d for d in facts.status.decisions if d.id == decision.id), None)
    if known is not None and known.state is ActedState.ACTING:
        return list(facts.status.decisions)
    others = [d for d in facts.status.decisions if d.id != decision.id]
    copy = copied(decision, facts.policy.name, facts.approved.get(decision.id))
    return [*others, copy.model_copy(update={"write_back": facts.policy.write_back})][-KEPT_DECISIONS:]


def with_quarantine(facts: Facts, decision: Decision | None, now: datetime) -> list[Quarantined]:
    """The quarantined revisions with the one this decision convicts, keyed by digest: a spec edit does not free it."""
    entries = list(facts.status.quarantined)
    if decision is None or decision.from_ is None:
        return entries
    if any(q.digest == decision.from_.digest and q.decision == decision.id for q in entries):
        return entries
    others = [q for q in entries if q.digest != decision.from_.digest]
    entry = Quarantined(version=decision.from_.version, digest=decision.from_.digest, decision=decision.id, since=now)
    return [*others, entry][-KEPT_QUARANTINES:]


def settled(decision: ActedDecision, facts: Facts, effective: Revision | None) -> ActedDecision:
    """The decision with what became of it so far: done, refused, expired, or still acting."""
    if _is_granted_now(decision, facts):
        decision = decision.model_copy(update={"state": ActedState.ACTING, "outcome": None})
    if decision.state is not ActedState.ACTING:
        return decision
    if facts.overrides(decision.id):
        return _ended(decision, None, f"overridden: the spec takes version {decision.from_.version} back")
    if _is_moot(decision, facts, effective):
        how = f"version {effective.version if effective else '?'} serves, which this decision is not about"
        return decision.model_copy(update={"state": ActedState.EXPIRED, "outcome": how})
    return _with_git(decision, facts) if serving_is_back(decision, facts, effective) else decision


def _with_git(decision: ActedDecision, facts: Facts) -> ActedDecision:
    """Serving is back; how is git?"""
    if not git_names_it(decision, facts):
        return _ended(decision, facts.outcomes.get(decision.id), f"{facts.who_names} names version {facts.named}")
    if facts.alias is not None:
        return _ended(
            decision, None, f"serving went back; alias {facts.alias} is for a person to move, and git has no line to write"
        )
    if facts.spec.model.file is not None:
        return _refused(decision, f"spec.model.file has several lines, so a person writes version {_back(decision)}'s.")
    if facts.repository == "None":
        return _ended(decision, None, "no repository is configured for this deployment: serving went back, git was not told")
    if facts.repository == "NotGranted":
        return _refused(decision, f"{NOT_GRANTED}: {not_granted(facts)} Git is told when it has.")
    return _by_outcome(decision, facts.outcomes.get(decision.id))


def not_granted(facts: Facts) -> str:
    """That git may not be told, and who can change it."""
    reference = facts.spec.git.repository_ref if facts.spec.git else ""
    return (
        f"the operator's configuration grants namespace {facts.namespace} no repository {reference!r}. Next: correct "
        "spec.git.repositoryRef, or ask the platform team for an entry that grants it."
    )


def _back(decision: ActedDecision) -> str:
    return decision.to.version if decision.to else "?"


def _is_granted_now(decision: ActedDecision, facts: Facts) -> bool:
    """Git could not be told for want of a right that is there now."""
    refused = decision.state is ActedState.REFUSED and (decision.outcome or "").startswith(NOT_GRANTED)
    return refused and facts.repository == "Granted"


def _is_moot(decision: ActedDecision, facts: Facts, effective: Revision | None) -> bool:
    """A person had another version served before this could be carried out."""
    about = {decision.from_.digest, decision.to.digest if decision.to else None}
    return effective is not None and effective.digest not in about and not facts.holds(decision.from_)


def serving_is_back(decision: ActedDecision, facts: Facts, effective: Revision | None) -> bool:
    """Whether servers acknowledge the revision to go back to, and hold the convicted one in no slot."""
    gone = all(ack.candidate is None or ack.candidate.digest != decision.from_.digest for ack in facts.acks.values())
    return gone and effective is not None and decision.to is not None and effective.digest == decision.to.digest


def git_names_it(decision: ActedDecision, facts: Facts) -> bool:
    """Whether the synced spec still names the version that was rolled back, and not another model's of the same number."""
    same_content = isinstance(facts.wanted, Missing) or facts.wanted.digest == decision.from_.digest
    return facts.named == decision.from_.version and same_content


def git_task(decision: ActedDecision, facts: Facts, effective: Revision | None) -> GitTask | None:
    """What to tell git now, if it is time: serving first, git second."""
    due = decision.state is ActedState.ACTING and serving_is_back(decision, facts, effective) and git_names_it(decision, facts)
    if not due or facts.repository != "Granted" or facts.spec.git is None or facts.spec.model.mlflow is None:
        return None
    return GitTask(decision, facts.spec.git.repository_ref)


def _by_outcome(decision: ActedDecision, outcome: GitOutcome | None) -> ActedDecision:
    if outcome is None or outcome.state == "Away":
        return decision
    if outcome.state == "Refused":
        return _refused(decision, f"{outcome.reason}: {outcome.message}")
    told = "committed" if outcome.state == "Committed" else "git already said so"
    return _ended(decision, outcome, outcome.message or told)


def _ended(decision: ActedDecision, outcome: GitOutcome | None, how: str) -> ActedDecision:
    commit = outcome.commit if outcome else decision.commit
    return decision.model_copy(update={"state": ActedState.DONE, "outcome": how, "commit": commit})


def _refused(decision: ActedDecision, why: str) -> ActedDecision:
    return decision.model_copy(update={"state": ActedState.REFUSED, "outcome": why[:1024]})

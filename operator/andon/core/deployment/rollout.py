"""Which revision should a deployment serve now, which should it judge, and why."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from andon.api.decision import ActedState, Action, Authority, Decision, DecisionState, Verdict
from andon.api.deployment import Step
from andon.api.missing import Missing
from andon.api.slots import SlotModel
from andon.core.chain import Chain
from andon.core.deployment.facts import Facts

Standing = Literal["Settled", "Progressing", "Waiting", "Stuck"]
"""Settled: as wanted. Progressing: Andon goes on by itself. Waiting: for something outside. Stuck: for a person."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the slots should hold, and why. `decision` is one to act on now."""

    stable: SlotModel | None
    candidate: SlotModel | None = None
    step: str = "Stable"
    standing: Standing = "Settled"
    reason: str = "Serving"
    because: str = ""
    remedy: str = ""
    decision: Decision | None = None


def rollback_decided(facts: Facts, now: datetime) -> Answer | None:
    """A policy convicted what is served or judged now: go back first, ask the registry and git later."""
    del now
    decision = next((d for d in _open_rollbacks(facts) if d.from_ is not None and facts.holds(d.from_)), None)
    if decision is None or decision.from_ is None or decision.to is None:
        return None
    back_to = _slot_of(facts, decision.to.digest)
    if back_to is None:
        return None
    remedy = way_out(decision.from_.version, decision.from_.digest, decision.id)
    return Answer(back_to, standing="Stuck", reason="RolledBack", because=decision.summary, remedy=remedy, decision=decision)


def rollback_under_way(facts: Facts, now: datetime) -> Answer | None:
    """Taken over before, by the word of a policy that may be gone: what was convicted leaves its slot all the same."""
    del now
    mine = (d for d in facts.status.decisions if d.state is ActedState.ACTING and not facts.overrides(d.id))
    acting = next((d for d in mine if facts.holds(d.from_)), None)
    back_to = _slot_of(facts, acting.to.digest) if acting and acting.to else None
    if acting is None or back_to is None:
        return None
    remedy = way_out(acting.from_.version, acting.from_.digest, acting.id)
    return Answer(back_to, standing="Stuck", reason="RolledBack", because=acting.summary, remedy=remedy)


def digest_quarantined(facts: Facts, now: datetime) -> Answer | None:
    """Git names what was rolled back: keep serving what serves, and say how to go on."""
    del now
    entry = facts.quarantine
    if entry is None:
        return None
    acting = next((d for d in facts.status.decisions if d.id == entry.decision and d.state is ActedState.ACTING), None)
    remedy = way_out(_wanted(facts).version, entry.digest, entry.decision)
    return Answer(
        facts.stable, standing="Stuck", reason="RolledBack", because=acting.summary if acting else remedy, remedy=remedy
    )


def revision_unresolved(facts: Facts, now: datetime) -> Answer | None:
    """The registry does not know it (yet), or cannot be asked: keep serving what serves."""
    del now
    if not isinstance(facts.wanted, Missing):
        return None
    return Answer(facts.stable, standing="Waiting", reason=facts.wanted.reason, because=facts.wanted.detail)


def stable_unknown(facts: Facts, now: datetime) -> Answer | None:
    """The slots are lost, and what served cannot be looked up: the wanted revision must not serve unjudged instead."""
    del now
    effective = facts.status.effective
    if facts.stable is not None or effective is None or effective.digest == _wanted(facts).digest:
        return None
    because = f"The slots are lost, and the registry does not give version {effective.version} that served. Retried."
    return Answer(None, standing="Waiting", reason="StableUnknown", because=because)


def source_missing(facts: Facts, now: datetime) -> Answer | None:
    """The rows come from a DataSource that is not there (yet): serve what serves, and keep what is judged for its return."""
    del now
    if not isinstance(facts.rows_url, Missing):
        return None
    wanted, judged = _wanted(facts), facts.judged
    candidate = judged if judged is not None and judged.digest == wanted.digest else None
    said = facts.rows_url
    return _beside(Answer(facts.stable or wanted, standing="Waiting", reason=said.reason, because=said.detail), candidate)


def first_revision(facts: Facts, now: datetime) -> Answer | None:
    """Nothing serves yet: there is no stable to judge against."""
    del now
    return Answer(_wanted(facts)) if facts.stable is None else None


def nothing_new(facts: Facts, now: datetime) -> Answer | None:
    """Git names what serves."""
    del now
    stable, wanted = facts.stable, _wanted(facts)
    return Answer(wanted) if stable is not None and stable.digest == wanted.digest else None


def candidate_proved(facts: Facts, now: datetime) -> Answer | None:
    """The candidate has enough rows of its own and is Healthy by evidence about itself, on data that can be believed."""
    del now
    wanted = _wanted(facts)
    told = facts.judged is not None and facts.judged.digest == wanted.digest
    return Answer(wanted) if told and _seen_enough(facts) and _healthy(facts, wanted) else None


def candidate_judged(facts: Facts, now: datetime) -> Answer:
    """Judge it beside the stable, on the same rows."""
    del now
    wanted, stable = _wanted(facts), facts.stable
    because = (
        f"Version {wanted.version} scores the same rows as version {stable.version if stable else '?'} and serves nobody yet."
    )
    if facts.policy is not None and facts.policy.faulty_tags:
        because += f" It waits: {', '.join(facts.policy.faulty_tags)} cannot be believed now."
    return _beside(Answer(stable, standing="Progressing", reason="CandidateJudged", because=because), wanted)


ROLLOUT: Chain[Facts, Answer] = (  # the order is the policy; read it top to bottom
    rollback_decided,  # serving goes back first; needs neither registry nor git
    rollback_under_way,  # killed half way: finished from the copy alone
    digest_quarantined,  # git still names what was rolled back
    revision_unresolved,  # the registry does not know it (yet): keep serving what serves
    stable_unknown,  # nothing unjudged may take the place of what is lost
    source_missing,  # no rows to judge or score by
    first_revision,  # nothing serves yet
    nothing_new,  # git names what serves
    candidate_proved,  # evidence is in: promote
    candidate_judged,  # evidence is coming in
)


def way_out(version: str, digest: str, decision: str) -> str:
    """What a person can do about a version that git names and Andon will not serve."""
    return (
        f"git names version {version} ({digest[:13]}…), rolled back by {decision}. "
        f"Commit another version, or set spec.model.overrides: {decision} to serve it all the same."
    )


def min_rows(step: Step) -> int:
    """Rows that both revisions must have scored before this step may end."""
    return (step.shadow.min_rows or 300) if step.shadow else 0


def suspended(facts: Facts) -> Answer:
    """What is there, described and left alone."""
    return _beside(Answer(facts.stable, reason="Suspended"), facts.judged)


def _beside(answer: Answer, candidate: SlotModel | None) -> Answer:
    return replace(answer, candidate=candidate, step="Shadow") if candidate is not None else answer


def _seen_enough(facts: Facts) -> bool:
    """Rows enough; or, where no rows are scored and nobody watches, that it loads: nothing else will ever be known of it."""
    if facts.spec.inputs is None and facts.policy is None:
        return facts.candidate_loaded
    return facts.paired_rows >= min_rows(facts.spec.rollout.steps[0])


def _healthy(facts: Facts, wanted: SlotModel) -> bool:
    policy = facts.policy
    if policy is None:
        return True
    about_it = policy.judged is not None and policy.judged.digest == wanted.digest
    return policy.verdict is Verdict.HEALTHY and about_it and not policy.faulty_tags


def unapproved(facts: Facts) -> Decision | None:
    """A rollback of what is served or judged now that waits for a person."""
    waiting = (d for d in _asked_for(facts) if d.authority is Authority.CONFIRM and not facts.may_act(d))
    return next((d for d in waiting if d.from_ is not None and facts.holds(d.from_)), None)


def _open_rollbacks(facts: Facts) -> list[Decision]:
    return [d for d in _asked_for(facts) if facts.may_act(d)]


def _asked_for(facts: Facts) -> list[Decision]:
    decisions = facts.policy.decisions if facts.policy else ()
    mine = [d for d in decisions if d.state is DecisionState.OPEN and d.action is Action.ROLLBACK and d.target == facts.name]
    return [d for d in mine if not facts.overrides(d.id)]


def _slot_of(facts: Facts, digest: str) -> SlotModel | None:
    slots = (facts.held.stable, facts.held.candidate) if facts.held else ()
    return next((s for s in slots if s is not None and s.digest == digest), None) or facts.known.get(digest)


def _wanted(facts: Facts) -> SlotModel:
    if isinstance(facts.wanted, Missing):
        raise LookupError("asked for the wanted revision before it was resolved: the chain is out of order")
    return facts.wanted

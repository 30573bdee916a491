"""Which revision should a deployment serve now, which should it judge, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from andon.api.decision import ActedState, Action, Authority, Decision, DecisionState
from andon.api.missing import Missing
from andon.api.slots import SlotModel
from andon.core.chain import Chain
from andon.core.deployment import people, steps
from andon.core.deployment.facts import Facts
from andon.core.deployment.steps import Place

Standing = Literal["Settled", "Progressing", "Waiting", "Stuck"]
"""Settled: as wanted. Progressing: Andon goes on by itself. Waiting: for something outside. Stuck: for a person."""


NO_WAY_BACK: Final = "RollbackTargetUnknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the slots should hold, and why. `decision` is one to act on now.

    place: where the candidate stands. promoted: the stable was the candidate until now, and what it replaces stays as reference.
    stuck: for Stuck, the reason in one word.
    """

    stable: SlotModel | None
    candidate: SlotModel | None = None
    place: Place | None = None
    promoted: bool = False
    standing: Standing = "Settled"
    reason: str = "Serving"
    because: str = ""
    stuck: str = "VersionQuarantined"
    remedy: str = ""
    decision: Decision | None = None


def pinned(facts: Facts, now: datetime) -> Answer | None:
    """A person said which version, whatever git or a policy says; nothing is judged meanwhile."""
    del now
    if not isinstance(facts.pinned, SlotModel):
        return None
    entry = facts.convicted(facts.pinned.digest)
    although = f", although {entry.decision} rolled it back" if entry is not None else ""
    because = f"Version {facts.pinned.version} answers, pinned by andon.dev/pin{although}; {facts.who_names} names {facts.named}."
    return Answer(facts.pinned, reason="Pinned", because=because)


def rollback_decided(facts: Facts, now: datetime) -> Answer | None:
    """A policy convicted what is served or judged now: go back first, ask the registry and git later."""
    del now
    decision = next((d for d in _open_rollbacks(facts) if d.from_ is not None and facts.holds(d.from_)), None)
    if decision is None or decision.from_ is None or decision.to is None:
        return None
    back_to = _slot_of(facts, decision.to.digest)
    if back_to is None:
        return _no_way_back(facts, decision.from_.version, decision.id, f"version {decision.to.version} is in no slot and")
    remedy = way_out(facts, decision.from_.version, decision.from_.digest, decision.id)
    return Answer(back_to, standing="Stuck", reason="RolledBack", because=decision.summary, remedy=remedy, decision=decision)


def rollback_under_way(facts: Facts, now: datetime) -> Answer | None:
    """Taken over before, by the word of a policy that may be gone: what was convicted leaves its slot all the same."""
    del now
    mine = (d for d in facts.status.decisions if d.state is ActedState.ACTING and not facts.overrides(d.id))
    acting = next((d for d in mine if facts.holds(d.from_)), None)
    back_to = _slot_of(facts, acting.to.digest) if acting and acting.to else None
    if acting is None or back_to is None:
        return None
    remedy = way_out(facts, acting.from_.version, acting.from_.digest, acting.id)
    return Answer(back_to, standing="Stuck", reason="RolledBack", because=acting.summary, remedy=remedy)


def pin_unresolved(facts: Facts, now: datetime) -> Answer | None:
    """A person pinned a version that cannot be looked up now: nothing is judged until it can."""
    del now
    if not isinstance(facts.pinned, Missing) or facts.pinned.reason == "NotFound":
        return None
    because = f"andon.dev/pin names version {facts.people.pin}: {facts.pinned.detail}"
    return Answer(facts.stable, standing="Waiting", reason=facts.pinned.reason, because=because)


def convicted_serves(facts: Facts, now: datetime) -> Answer | None:
    """What was rolled back answers, since a person had pinned it: without the pin, something sound serves again."""
    del now
    stable = facts.stable
    entry = facts.convicted(stable.digest) if stable is not None else None
    if stable is None or entry is None:
        return None
    back_to = _newest_sound(facts)
    if back_to is None:
        return _no_way_back(facts, stable.version, entry.decision, "nothing sound is in a slot and")
    because = f"Version {stable.version} was rolled back by {entry.decision}: version {back_to.version} serves again."
    if facts.quarantine is None:
        return Answer(back_to, standing="Progressing", reason="RolledBack", because=because)
    remedy = way_out(facts, stable.version, entry.digest, entry.decision)
    return Answer(back_to, standing="Stuck", reason="RolledBack", because=because, remedy=remedy)


def digest_quarantined(facts: Facts, now: datetime) -> Answer | None:
    """Git names what was rolled back: keep serving what serves, and say how to go on."""
    del now
    entry = facts.quarantine
    if entry is None:
        return None
    acting = next((d for d in facts.status.decisions if d.id == entry.decision and d.state is ActedState.ACTING), None)
    remedy = way_out(facts, _wanted(facts).version, entry.digest, entry.decision)
    return Answer(
        facts.stable, standing="Stuck", reason="RolledBack", because=acting.summary if acting else remedy, remedy=remedy
    )


def history_unread(facts: Facts, now: datetime) -> Answer | None:
    """The status is lost, and neither git nor the registry says what was rolled back: nothing is served that may have been."""
    del now
    if facts.unread is None or (facts.repository != "Granted" and isinstance(facts.wanted, Missing)):
        return None  # with nobody but the registry to ask, what it does not say of the version is said of that
    because = (
        f"Nothing is known here of what was rolled back before, and it cannot be read: {facts.unread.detail} "
        "Nothing new is served until git or the registry can say. Retried."
    )
    return Answer(facts.stable, standing="Waiting", reason="HistoryUnread", because=because)


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


def aborted(facts: Facts, now: datetime) -> Answer | None:
    """A person took this version out of its rollout: what serves stays."""
    del now
    wanted, stable = _wanted(facts), facts.stable
    if facts.people.abort != wanted.version or stable is None or stable.digest == wanted.digest:
        return None
    because = f"Version {wanted.version} was taken out of its rollout by andon.dev/abort; version {stable.version} serves on."
    taken_out = f"{facts.who_names} names version {wanted.version}, which a person took out."
    remedy = f"{taken_out} Commit another one, or try it again: andon abort {facts.name} --undo -n {facts.namespace}"
    return Answer(stable, standing="Stuck", reason="Aborted", because=because, stuck="Aborted", remedy=remedy)


def promotion_under_way(facts: Facts, now: datetime) -> Answer | None:
    """Its last step is over, and that was written down: killed half way, it is promoted all the same."""
    del now
    said, wanted, stable = facts.status.candidate, _wanted(facts), facts.stable
    if said is None or said.step != steps.PROMOTING or said.digest != wanted.digest or stable is None:
        return None
    return None if stable.digest == wanted.digest else Answer(wanted, promoted=True)


def promoted_by_hand(facts: Facts, now: datetime) -> Answer | None:
    """A person wants the rest of its steps skipped: it serves as soon as every server holds it."""
    wanted, stable = _wanted(facts), facts.stable
    if not people.promotes(facts, wanted.version) or stable is None or stable.digest == wanted.digest:
        return None
    if facts.candidate_loaded:
        return Answer(wanted, promoted=True)
    at = steps.place(facts, wanted, now)
    return _judged(facts, at, "A person promotes it; every server loads it first.")


def source_missing(facts: Facts, now: datetime) -> Answer | None:
    """The rows come from a DataSource that is not there (yet): serve what serves, and keep what is judged for its return."""
    if not isinstance(facts.rows_url, Missing):
        return None
    wanted, judged = _wanted(facts), facts.judged
    candidate = judged if judged is not None and judged.digest == wanted.digest else None
    at, said = steps.place(facts, wanted, now) if candidate else None, facts.rows_url
    return Answer(facts.stable or wanted, candidate, at, standing="Waiting", reason=said.reason, because=said.detail)


def first_revision(facts: Facts, now: datetime) -> Answer | None:
    """Nothing serves yet: there is no stable to judge against."""
    del now
    return Answer(_wanted(facts)) if facts.stable is None else None


def nothing_new(facts: Facts, now: datetime) -> Answer | None:
    """Git names what serves."""
    del now
    stable, wanted = facts.stable, _wanted(facts)
    return Answer(wanted) if stable is not None and stable.digest == wanted.digest else None


def step_held(facts: Facts, now: datetime) -> Answer | None:
    """Something keeps it in its step: rows, a verdict, data in doubt, a time or a person."""
    wanted = _wanted(facts)
    at = steps.place(facts, wanted, now)
    why = steps.held(facts, wanted, at, now)
    return None if why is None else _judged(facts, at, why)


def step_over(facts: Facts, now: datetime) -> Answer:
    """On to the next step, one at a time; after the last one it serves."""
    wanted = _wanted(facts)
    after = steps.following(facts, steps.place(facts, wanted, now), now)
    return Answer(wanted, promoted=True) if after is None else _judged(facts, after, "This step has begun.")


ROLLOUT: Chain[Facts, Answer] = (  # the order is the policy; read it top to bottom
    pinned,  # a person said which version
    rollback_decided,  # serving goes back first; needs neither registry nor git
    rollback_under_way,  # killed half way: finished from the copy alone
    pin_unresolved,  # a person said which, and it cannot be looked up
    convicted_serves,  # a pin to what was rolled back is gone
    digest_quarantined,  # git still names what was rolled back
    history_unread,  # what git names may have been rolled back
    revision_unresolved,  # the registry does not know it (yet): keep serving what serves
    stable_unknown,  # nothing unjudged may take the place of what is lost
    aborted,  # a person took it out
    promotion_under_way,  # decided before
    promoted_by_hand,  # a person wants it now
    source_missing,  # no rows to judge or score by
    first_revision,  # nothing serves yet
    nothing_new,  # git names what serves
    step_held,  # evidence, time or a person is awaited
    step_over,  # on
)


def way_out(facts: Facts, version: str, digest: str, decision: str) -> str:
    """What a person can do about a version that git names and Andon will not serve."""
    instead = "Commit another version" if facts.alias is None else "Move it to another version"
    return (
        f"{facts.who_names} names version {version} ({digest[:13]}…), rolled back by {decision}. "
        f"{instead}, or set spec.model.overrides: {decision} to serve it all the same."
    )


def _no_way_back(facts: Facts, version: str, decision: str, why: str) -> Answer:
    """What was convicted answers on, for want of anything else; it is looked for again."""
    because = f"{decision} rolls version {version} back, but {why} the registry does not give what served before. Retried."
    pin = f"kubectl annotate --overwrite -n {facts.namespace} modeldeployment {facts.name} andon.dev/pin=VERSION"
    remedy = f"{because} Commit a sound version, pin one ({pin}), or see why the registry does not answer."
    stable = facts.stable
    return Answer(stable, standing="Stuck", reason=NO_WAY_BACK, because=because, stuck=NO_WAY_BACK, remedy=remedy)


def suspended(facts: Facts, now: datetime) -> Answer:
    """What is there, described and left alone."""
    at = steps.place(facts, facts.judged, now) if facts.judged is not None else None
    return Answer(facts.stable, facts.judged, at, reason="Suspended")


def _judged(facts: Facts, at: Place, why: str) -> Answer:
    """The wanted version beside the stable. why: what is awaited."""
    wanted, stable = _wanted(facts), facts.stable
    step = f"step {at.index + 1} of {len(facts.spec.rollout.steps)}, {steps.title(steps.step_at(facts, at))}"
    because = f"Version {wanted.version} is judged beside version {stable.version if stable else '?'} ({step}). {why}"
    return Answer(stable, wanted, at, standing="Progressing", reason="CandidateJudged", because=because)


def unapproved(facts: Facts) -> Decision | None:
    """A rollback of what is served or judged now that waits for a person."""
    waiting = (d for d in _asked_for(facts) if d.authority is Authority.CONFIRM and not facts.may_act(d))
    return next((d for d in waiting if d.from_ is not None and facts.holds(d.from_)), None)


def _open_rollbacks(facts: Facts) -> list[Decision]:
    return [d for d in _asked_for(facts) if facts.may_act(d)]


def _asked_for(facts: Facts) -> list[Decision]:
    return [d for d in asked_for(facts) if not facts.overrides(d.id) and not facts.rejects(d.id)]


def asked_for(facts: Facts) -> list[Decision]:
    """Rollbacks that a policy asks for now, whatever a person says of them."""
    decisions = facts.policy.decisions if facts.policy else ()
    return [d for d in decisions if d.state is DecisionState.OPEN and d.action is Action.ROLLBACK and d.target == facts.name]


def _slot_of(facts: Facts, digest: str) -> SlotModel | None:
    slots = (facts.held.stable, facts.held.candidate, facts.held.reference) if facts.held else ()
    return next((s for s in slots if s is not None and s.digest == digest), None) or facts.known.get(digest)


def _newest_sound(facts: Facts) -> SlotModel | None:
    """The reference, else the last that served, else what git names: whatever of it was never convicted."""
    served = (facts.known.get(served.digest) for served in reversed(facts.status.history))
    named = None if isinstance(facts.wanted, Missing) else facts.wanted
    slots = (facts.reference, *served, named)
    return next((slot for slot in slots if slot is not None and facts.convicted(slot.digest) is None), None)


def _wanted(facts: Facts) -> SlotModel:
    if isinstance(facts.wanted, Missing):
        raise LookupError("asked for the wanted revision before it was resolved: the chain is out of order")
    return facts.wanted

"""The life of a decision on the policy's side: frozen when first made, open until the target has settled it."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from andon.api.decision import ActedState, Action, Decision, DecisionState, Verdict, quarantine_id, rollback_id
from andon.core.drift.facts import Facts
from andon.core.drift.faults import Finding
from andon.core.drift.verdict import Answer

KEPT = 10


def published(facts: Facts, answer: Answer, found: Sequence[Finding], now: datetime) -> list[Decision]:
    """The decisions to publish: those there are, closed where settled, and those that follow from what is seen now."""
    standing = [_closed_if_settled(d, facts, {f.fault.tag for f in found}) for d in facts.status.decisions]
    decisions = list(standing)
    for new in [*_rollback(facts, answer, now), *_quarantines(facts, found, now, standing)]:
        decisions = _opened(decisions, new)
    return _trimmed(decisions)


def _rollback(facts: Facts, answer: Answer, now: datetime) -> list[Decision]:
    target, bad = facts.target, answer.judged
    if answer.verdict is not Verdict.MODEL_REGRESSION or target is None or bad is None or answer.evidence is None:
        return []
    good = target.status.effective
    if good is None or good == bad:
        return []
    return [
        Decision(
            id=rollback_id(facts.namespace, facts.spec.target_ref.name, bad.digest, good.digest, target.spec.model.overrides),
            target=facts.spec.target_ref.name,
            action=Action.ROLLBACK,
            verdict=answer.verdict,
            from_=bad,
            to=good,
            since=now,
            evidence=answer.evidence,
            summary=f"Version {bad.version} was rolled back to {good.version}: {answer.because[0].lower()}{answer.because[1:]}",
        )
    ]


def _quarantines(facts: Facts, found: Sequence[Finding], now: datetime, standing: Sequence[Decision]) -> list[Decision]:
    """One decision for the tags that failed in the same way and are in no open decision yet."""
    held = {s for d in standing if d.action is Action.QUARANTINE and d.state is DecisionState.OPEN for s in d.subjects}
    fresh = sorted((f for f in found if f.fault.tag not in held), key=lambda f: f.fault.fault)
    return [_quarantine(facts, fault, list(group), now) for fault, group in groupby(fresh, key=lambda f: f.fault.fault)]


def _quarantine(facts: Facts, fault: str, found: list[Finding], now: datetime) -> Decision:
    tags = [f.fault.tag for f in found][:64]
    target = facts.spec.target_ref.name
    return Decision(
        id=quarantine_id(facts.namespace, target, ",".join(tags), fault, now.isoformat()),
        target=target,
        action=Action.QUARANTINE,
        verdict=Verdict.DATA_FAULT,
        subjects=tags,
        fault=fault,
        since=now,
        evidence=found[0].evidence(),
        summary=f"{', '.join(tags)} cannot be believed ({fault}): kept from training and model evidence until it recovers.",
    )


def _opened(decisions: list[Decision], new: Decision) -> list[Decision]:
    """One open decision per target, action and `from`; the same decision found again is the same entry."""
    for known in decisions:
        same_case = (known.action, known.from_, known.subjects) == (new.action, new.from_, new.subjects)
        if known.state is DecisionState.OPEN and same_case:
            return decisions
    return [*(d for d in decisions if d.id != new.id), new]


def _closed_if_settled(decision: Decision, facts: Facts, faulty: set[str]) -> Decision:
    if decision.state is DecisionState.CLOSED or not _is_settled(decision, facts, faulty):
        return decision
    return decision.model_copy(update={"state": DecisionState.CLOSED})


def _is_settled(decision: Decision, facts: Facts, faulty: set[str]) -> bool:
    if decision.action is Action.QUARANTINE:
        return not faulty.intersection(decision.subjects)
    if facts.target is None or decision.from_ is None:
        return True
    acted = next((d for d in facts.target.status.decisions if d.id == decision.id), None)
    if acted is not None:
        return acted.state is not ActedState.ACTING
    return not facts.target.holds(decision.from_)


def _trimmed(decisions: list[Decision]) -> list[Decision]:
    """The newest ten; closed ones make room first, an open one is never forgotten."""
    surplus = len(decisions) - KEPT
    closed = [d.id for d in decisions if d.state is DecisionState.CLOSED][: max(0, surplus)]
    return [d for d in decisions if d.id not in closed][:KEPT]

"""The life of a decision on the policy's side: frozen when first made, open until it is settled or its verdict has cleared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from andon.api.decision import ActedState, Action, Authority, Decision, DecisionState, Verdict
from andon.api.policy import HeldAction
from andon.core.chain import told
from andon.core.drift.answer import CERTAIN, Answer
from andon.core.drift.asking import Case, decision, wanted
from andon.core.drift.facts import Facts
from andon.core.drift.faults import Finding
from andon.core.drift.guards import GUARDS, Asked

KEPT = 10
MOST_HELD = 16


@dataclass(frozen=True, slots=True)
class Published:
    """What a policy asks for, and what its guard rails keep it from asking for."""

    decisions: Sequence[Decision]
    held: Sequence[HeldAction] = ()


def published(facts: Facts, standing: Sequence[Decision], asked: Iterable[Case], now: datetime) -> Published:
    """standing: the decisions there are, as `reviewed`. Each case is opened, or held with the name of what holds it."""
    decisions, held = list(standing), list[HeldAction]()
    for case in asked:
        opened = _opened(facts, decisions, case, held, now)
        if opened is not None:
            decisions = [*(_superseded(d, opened, now) for d in decisions if d.id != opened.id), opened]
    return Published(_trimmed(decisions), held[:MOST_HELD])


def reviewed(facts: Facts, answers: Iterable[Answer], found: Sequence[Finding], now: datetime) -> list[Decision]:
    """The decisions there are, closed where they are settled or their verdict has cleared."""
    verdicts = {a.judged.digest: a.verdict for a in answers if a.judged is not None}
    faulty = {f.fault.tag for f in found}
    return [
        _closed(d, now) if d.state is DecisionState.OPEN and _is_over(d, facts, verdicts, faulty) else d
        for d in facts.status.decisions
    ]


def _opened(facts: Facts, decisions: Sequence[Decision], case: Case, held: list[HeldAction], now: datetime) -> Decision | None:
    """The case as a new open decision, unless it is in hand or refused; a refusal may leave something less to do."""
    if _is_in_hand(facts, decisions, case):
        return None
    ruling = told(GUARDS, Asked(facts, case, decisions), now)
    if ruling.answer.reason is None:
        return decision(facts, case, ruling.checks, now)
    held.append(_refused(facts, case, ruling.answer.reason, ruling.answer.because, now))
    instead = ruling.answer.instead
    return _opened(facts, decisions, case.instead(instead), held, now) if instead is not None else None


def _superseded(decision: Decision, by: Decision, now: datetime) -> Decision:
    """What was only proposed, and may be done now, is proposed no longer."""
    proposed = decision.state is DecisionState.OPEN and decision.action is Action.PROPOSE and decision.from_ == by.from_
    return _closed(decision, now) if proposed and by.action in {Action.ROLLBACK, Action.RETRAIN} else decision


def _closed(decision: Decision, now: datetime) -> Decision:
    return decision.model_copy(update={"state": DecisionState.CLOSED, "closed": now})


def _is_in_hand(facts: Facts, decisions: Sequence[Decision], case: Case) -> bool:
    """It is asked for already, or being trained: asking again would be a second time."""
    is_open = any(d.state is DecisionState.OPEN and case.is_asked_by(d) for d in decisions)
    acting = {(d.action, d.from_) for d in facts.done if d.state is ActedState.ACTING}
    return is_open or (case.action is Action.RETRAIN and (case.action, case.from_) in acting)


def _refused(facts: Facts, case: Case, reason: str, because: str, now: datetime) -> HeldAction:
    """Frozen when it began: the same refusal keeps its time and its words. It names tags only where it is about them: those in
    which a movement shows are others with every block."""
    new = HeldAction(
        action=case.action,
        verdict=case.verdict,
        from_=case.from_,
        subjects=list(case.subjects) if case.fault is not None else [],
        reason=reason,
        message=because[:1024],
        since=now,
    )
    return next((h for h in facts.status.held if _same(h) == _same(new)), new)


def _same(held: HeldAction) -> tuple[object, ...]:
    return (held.action, held.verdict, held.from_, held.subjects, held.reason)


def _is_over(decision: Decision, facts: Facts, verdicts: Mapping[str, Verdict], faulty: set[str]) -> bool:
    if decision.fault is not None:
        return not faulty.intersection(decision.subjects)
    acted = next((d for d in facts.done if d.id == decision.id), None)
    if acted is not None:
        return acted.state is not ActedState.ACTING
    if facts.target is None or decision.from_ is None or not facts.target.holds(decision.from_):
        return True
    changes = decision.action in {Action.ROLLBACK, Action.RETRAIN}
    return (changes and facts.spec.dry_run) or _has_cleared(decision, facts, verdicts)


def _has_cleared(decision: Decision, facts: Facts, verdicts: Mapping[str, Verdict]) -> bool:
    """Something else is seen of the same revision. A rollback that needs nobody's word stands: its actor is on its way."""
    if decision.action is Action.ROLLBACK and (decision.authority is Authority.ACT or decision.from_ != facts.candidate):
        return False
    now = verdicts.get(decision.from_.digest, Verdict.NO_EVIDENCE) if decision.from_ else Verdict.NO_EVIDENCE
    if decision.verdict is Verdict.UNKNOWN:
        return now is not Verdict.UNKNOWN
    same_remedy = decision.action is Action.RETRAIN and wanted(facts, now) is Action.RETRAIN
    return now in CERTAIN and now is not decision.verdict and not same_remedy


def _trimmed(decisions: list[Decision]) -> list[Decision]:
    """The newest ten; closed ones make room first, then what only asks, says or keeps."""

    def worth(index: int) -> tuple[bool, bool, int]:
        of = decisions[index]
        return of.state is DecisionState.OPEN, of.action in {Action.ROLLBACK, Action.RETRAIN}, index

    kept = sorted(range(len(decisions)), key=worth)[-KEPT:]
    return [decisions[index] for index in sorted(kept)]

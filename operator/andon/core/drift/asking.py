"""What do the verdicts ask for? The policy's own words on each, before any guard rail has looked at it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Final

from andon.api.decision import (
    Action,
    Authority,
    CheckSeen,
    Decision,
    DecisionState,
    Evidence,
    Outcome,
    Verdict,
    occasion_id,
    quarantine_id,
    rollback_id,
)
from andon.api.evidence import TAG_FAULTS
from andon.api.missing import Missing
from andon.api.permissions import Unseen
from andon.api.policy import DriftPolicySpec
from andon.api.types import Revision
from andon.core.chain import Told
from andon.core.drift.answer import Answer, odds
from andon.core.drift.facts import Facts
from andon.core.drift.faults import Finding
from andon.core.drift.movement import MOVES, moved_tags
from andon.core.drift.suspicion import tag_series

_NO_DATA: Final = frozenset({"NoSeries", "NotFound"})
_STALE: Final = frozenset({"Stale", "NotANumber"})
_SUBJECTS: Final = 64


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that a verdict asks for, about a revision (from_) or about tags (subjects, with their fault)."""

    action: Action
    verdict: Verdict
    because: str
    evidence: Evidence
    checks: tuple[CheckSeen, ...] = ()
    from_: Revision | None = None
    to: Revision | None = None
    subjects: tuple[str, ...] = ()
    fault: str | None = None
    inputs_alone: bool = False

    def instead(self, action: Action) -> "Case":
        """The same case with another action."""
        return replace(self, action=action)

    def is_asked_by(self, decision: Decision) -> bool:
        """Whether this decision is about the same: one is open at a time."""
        same = (decision.action, decision.from_) == (self.action, self.from_)
        return same and (self.fault is None or set(self.subjects) <= set(decision.subjects))


def cases(facts: Facts, candidate: Told[Answer] | None, stable: Told[Answer], found: Sequence[Finding]) -> Iterator[Case]:
    """What the candidate's verdict, the stable's and the data ask for, in this order."""
    for said in (candidate, stable):
        if said is not None:
            yield from _of_verdict(facts, said)
    yield from _of_data(facts, found)


def unseen(facts: Facts, said: Told[Answer], now: datetime) -> Iterator[Case]:
    """What the policy wants while nothing can be seen: by default, nothing."""
    missing = said.answer.missing
    response = response_to(facts.spec, missing) if missing is not None else Unseen.HOLD
    if missing is None or response is Unseen.HOLD:
        return
    numbers = Evidence(
        question="signals", rows=0, value=missing.reason, limit=f"{facts.limit:.0f} s", scraped=facts.blind_since or now
    )
    case = Case(Action.ALERT, Verdict.UNKNOWN, said.answer.because, numbers, said.checks, facts.stable)
    if response is Unseen.ALERT:
        yield case
    elif facts.candidate is not None and facts.stable is not None:
        yield replace(case, action=Action.ROLLBACK, from_=facts.candidate, to=facts.stable)


def response_to(spec: DriftPolicySpec, missing: Missing) -> Unseen:
    """The policy's word on this sort of absence: no data, stale data, or a provider that does not answer."""
    if missing.reason in _NO_DATA:
        return spec.on_no_data
    return spec.on_stale if missing.reason in _STALE else spec.on_provider_error


def wanted(facts: Facts, verdict: Verdict) -> Action:
    """What the policy wants done about a revision of which this is said."""
    actions = facts.spec.actions
    asked: dict[Verdict, Action] = {
        Verdict.MODEL_REGRESSION: actions.model_regression,
        Verdict.CONCEPT_DRIFT: actions.concept_drift,
        Verdict.HARMFUL_SHIFT: actions.harmful_shift,
        Verdict.BENIGN_SHIFT: actions.benign_shift,
    }
    return asked.get(verdict, Action.HOLD)


def decision(facts: Facts, case: Case, guards: Sequence[CheckSeen], now: datetime) -> Decision:
    """The case as a decision, frozen."""
    authority = facts.spec.authority.of(case.action)
    return Decision(
        id=case_id(facts, case, now),
        target=facts.spec.target_ref.name,
        action=case.action,
        authority=authority,
        verdict=case.verdict,
        from_=case.from_,
        to=case.to,
        subjects=list(case.subjects),
        fault=case.fault,
        since=now,
        evidence=case.evidence,
        summary=_summary(case, authority)[:1024],
        checks=list(case.checks),
        guards=list(guards),
    )


def case_id(facts: Facts, case: Case, now: datetime) -> str:
    """The id that its decision has, or would have now."""
    namespace, target = facts.namespace, facts.spec.target_ref.name
    if case.action is Action.ROLLBACK and case.from_ is not None and case.to is not None:
        override = facts.target.spec.model.overrides if facts.target else None
        return rollback_id(namespace, target, case.from_.digest, case.to.digest, override)
    if case.fault is not None:
        return quarantine_id(namespace, target, ",".join(case.subjects), case.fault, now.isoformat())
    return occasion_id(namespace, target, case.action, case.from_.digest if case.from_ else None, now.isoformat())


def _of_verdict(facts: Facts, said: Told[Answer]) -> Iterator[Case]:
    answer, action = said.answer, wanted(facts, said.answer.verdict)
    if action is Action.HOLD or answer.judged is None or answer.evidence is None:
        return
    to = facts.before(answer.judged) if action is Action.ROLLBACK else None
    if action is Action.ROLLBACK and to is None:
        return
    yield Case(
        action,
        answer.verdict,
        answer.because,
        answer.evidence,
        said.checks,
        from_=answer.judged,
        to=to,
        subjects=moved_tags(facts) if answer.verdict in MOVES else (),
        inputs_alone=answer.inputs_alone,
    )


def _of_data(facts: Facts, found: Sequence[Finding]) -> Iterator[Case]:
    """One case for the tags that failed in the same way and are in no open decision yet."""
    action = facts.spec.actions.data_fault
    held = {s for d in facts.status.decisions if d.fault is not None and d.state is DecisionState.OPEN for s in d.subjects}
    fresh = sorted((f for f in found if f.fault.tag not in held), key=lambda f: f.fault.fault)
    if action is Action.HOLD:
        return
    for fault, group in groupby(fresh, key=lambda f: f.fault.fault):
        yield _data_case(facts, action, fault, list(group)[:_SUBJECTS])


def _data_case(facts: Facts, action: Action, fault: str, found: Sequence[Finding]) -> Case:
    tags = tuple(f.fault.tag for f in found)
    because = f"{', '.join(tags)} cannot be believed ({fault})"
    return Case(
        action, Verdict.DATA_FAULT, because, found[0].evidence(), _tag_checks(facts, found[0]), subjects=tags, fault=fault
    )


def _tag_checks(facts: Facts, finding: Finding) -> tuple[CheckSeen, ...]:
    """What was asked of the most responsible tag, and what was seen."""
    mine = {s.question: s for s in tag_series(facts) if s.subject == finding.fault.tag}
    return tuple(
        CheckSeen(
            name=f"{finding.fault.tag} {question}",
            outcome=Outcome.ANSWERED if question == finding.series.question else Outcome.PASSED,
            saw=f"{mine[question].value:.3g} in the last block ({odds(mine[question])})",
        )
        for question in TAG_FAULTS
        if question in mine
    )


def _summary(case: Case, authority: Authority) -> str:
    why, asks = f"{case.because[0].lower()}{case.because[1:]}", authority is not Authority.ACT
    version, back = case.from_.version if case.from_ else "?", case.to.version if case.to else "?"
    if case.action is Action.QUARANTINE:
        return f"{case.because}: kept from training and model evidence until it recovers."
    if case.action is Action.ROLLBACK:
        return f"Version {version} {'should be' if asks else 'was'} rolled back to {back}: {why}"
    if case.action is Action.RETRAIN:
        return f"Version {version} {'should be' if asks else 'is'} trained anew: {why}"
    return case.because

"""What does an entry rest on, in the words of whoever decided? Kept by a decision; asked for once more where none was made."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

from andon.api.decision import CheckSeen, Decision, Evidence, Outcome, Verdict
from andon.api.permissions import Actions
from andon.api.policy import DriftPolicyStatus
from andon.api.types import Revision
from andon.core.chain import Told, told
from andon.core.drift.answer import Answer
from andon.core.drift.asking import Case, cases
from andon.core.drift.facts import Facts
from andon.core.drift.guards import GUARDS, Asked
from andon.core.drift.plan import judge

_NOT_IN_A_FILE: Final = frozenset(
    {"signals missing", "own signal", "own signal missing", "nobody trains", "namespace budget", "circuit breaker"}
)
"""Checks of what a file does not have: Prometheus and signals in it, pipelines, other deployments."""


@dataclass(frozen=True, slots=True)
class Ground:
    """evidence: the numbers as text. checks, guards: what was asked, in order, and seen. from_: the revision that it is about,
    to: the one that would serve instead."""

    evidence: Evidence | None = None
    checks: tuple[CheckSeen, ...] = ()
    guards: tuple[CheckSeen, ...] = ()
    from_: Revision | None = None
    to: Revision | None = None

    @classmethod
    def of(cls, made: Decision | Case, guards: Sequence[CheckSeen]) -> Self:
        """What was frozen into a decision, or would have been."""
        return cls(made.evidence, _of_files(made.checks), _of_files(guards), made.from_, made.to)


NO_GROUND: Final = Ground()


def not_looked(because: str) -> Ground:
    """Why nothing was judged: the policy is suspended, or most tags fail together."""
    return Ground(checks=(CheckSeen(name="not looked at", outcome=Outcome.ANSWERED, saw=because),))


def of_verdict(facts: Facts, now: datetime, *, candidate: bool) -> Ground:
    """Why it is said of the candidate, or of the stable; what would stand in the way of what it asks for."""
    judgement = judge(facts, now)
    said = judgement.candidate if candidate and judgement.candidate is not None else judgement.stable
    known = replace(facts, faulty=judgement.data.tags)
    case = next((c for c in cases(known, said, judgement.stable, ()) if c.from_ == said.answer.judged), None)
    if case is not None:
        return Ground.of(case, _guards(known, case, now))
    return Ground(said.answer.evidence, _of_files(said.checks), from_=said.answer.judged)


def of_tags(facts: Facts, now: datetime, tags: Sequence[str]) -> Ground:
    """Why the first of these tags is not believed, also under a policy that asks for nothing then."""
    judgement = judge(facts, now)
    found = [f for f in judgement.data.findings if f.fault.tag in tags[:1]]
    spec = facts.spec.model_copy(update={"actions": Actions()})
    asking = replace(facts, spec=spec, status=DriftPolicyStatus(), faulty=judgement.data.tags)
    quiet: Told[Answer] = Told(Answer(Verdict.HEALTHY, "Healthy", ""), ())
    case = next(iter(cases(asking, None, quiet, found)), None)
    return Ground.of(case, _guards(facts, case, now)) if case is not None else NO_GROUND


def _guards(facts: Facts, case: Case, now: datetime) -> tuple[CheckSeen, ...]:
    return told(GUARDS, Asked(facts, case, facts.status.decisions), now).checks


def _of_files(checks: Sequence[CheckSeen]) -> tuple[CheckSeen, ...]:
    return tuple(c for c in checks if c.outcome is Outcome.ANSWERED or c.name not in _NOT_IN_A_FILE)

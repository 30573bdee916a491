"""A verdict with its reasons, as it is told: was it the data, the model or the plant, and how is that known?"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from andon.api.decision import CheckSeen, Decision, Outcome
from andon.api.policy import EvidenceSpec
from andon.explain import stories, supposed, words
from andon.explain.case import Case, case_of
from andon.explain.certainty import USUAL
from andon.explain.excluded import RuledOut, excluded
from andon.explain.steps import Step, done, steps


@dataclass(frozen=True, slots=True)
class CheckTold:
    """One check of the chain. question: what it looks for. answered: it gave the verdict. saw: what it looked at, in numbers."""

    question: str
    answered: bool
    saw: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Plain values, so that it is its own JSON form.

    answer: which of data, model and plant, in one sentence. headline: what happened. sentence: as the policy said it.
    seen: what the verdict rests on, in rows, minutes and times the usual error. done: what became of the action. checks, guards:
    how the verdict came about, and what might have held the action back; empty where nobody froze them. ruled_out: the other
    causes, as far as they were looked at. steps: who may do what next; of what was replayed, what it would have meant. again:
    what came up later of the same verdict.
    """

    id: str | None
    at: datetime
    namespace: str
    target: str
    verdict: str
    action: str | None
    authority: str | None
    taken: bool
    refused: str | None
    found_at_fault: str | None
    instead: str | None
    subjects: tuple[str, ...]
    answer: str
    headline: str
    sentence: str
    done: str
    seen: tuple[str, ...]
    checks: tuple[CheckTold, ...]
    guards: tuple[CheckTold, ...]
    ruled_out: tuple[RuledOut, ...]
    steps: tuple[Step, ...]
    replayed: bool
    again: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Times in UTC as RFC 3339 text."""
        return asdict(self) | {"at": self.at.astimezone(UTC).isoformat().replace("+00:00", "Z")}


def explain(case: Case) -> Explanation:
    """Put a case into words. A verdict, question, check or reason that the tables do not know is told by its name."""
    story = stories.story(case)
    return Explanation(
        id=case.id,
        at=case.at,
        namespace=case.namespace,
        target=case.target,
        verdict=case.verdict,
        action=case.action,
        authority=case.authority,
        taken=case.taken,
        refused=case.refused,
        found_at_fault=case.found_at_fault,
        instead=case.instead,
        subjects=case.subjects,
        answer=story.answer,
        headline=story.headline,
        sentence=words.plain(case.summary),
        done=supposed.done(case) if case.replayed else done(case),
        seen=_seen(case),
        checks=_told(case.checks),
        guards=_told(case.guards),
        ruled_out=excluded(case),
        steps=supposed.steps(case) if case.replayed else steps(case),
        replayed=case.replayed,
        again=case.again,
    )


def from_decision(
    decision: Decision,
    namespace: str,
    policy: EvidenceSpec = USUAL,
    *,
    taken: bool = False,
    refused: str | None = None,
    actor: str | None = None,
) -> Explanation:
    """The explanation of a published decision. policy: how sure it wants to be. taken, refused, actor: as in Case."""
    return explain(case_of(decision, namespace, policy, taken=taken, refused=refused, actor=actor))


def _told(checks: Iterable[CheckSeen]) -> tuple[CheckTold, ...]:
    return tuple(CheckTold(words.check(c.name), c.outcome is Outcome.ANSWERED, words.saw(c.name, c.saw)) for c in checks)


def _seen(case: Case) -> tuple[str, ...]:
    """What the verdict rests on: the question, the numbers, how long it took and what was left out of it."""
    evidence = case.evidence
    if evidence is None:
        return ()
    on = f"After {evidence.rows:,} rows: " if evidence.rows else "Seen: "
    told = [words.question(evidence.question).asks, f"{on}{words.plain(evidence.value)}. Limit: {evidence.limit}."]
    if evidence.first_bad_row is not None:
        passed = words.lasting(case.at - evidence.first_bad_row)
        told.append(
            f"The first row that counted against it was {_clock(evidence.first_bad_row)}; the verdict stood {passed} later."
        )
    if case.faulty and case.verdict != "DataFault":
        told.append(
            f"Not believed at that time: {words.listed(case.faulty)}. For this verdict the reading was replaced by what the "
            "other tags say of it."
        )
    return tuple(told)


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d %b %Y %H:%M:%S} UTC"

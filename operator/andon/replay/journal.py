"""What changed, and what was done about it? One entry per change of a verdict or of a tag's fault, and per action."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from andon.api.conditions import Condition
from andon.api.decision import Action, Decision, DecisionState, Verdict
from andon.api.evidence import ERROR, LOSS, LOSS_EQUAL, OFF_SUPPORT, PAIRED, PAIRED_EQUAL, SHIFT, TAG_FAULTS
from andon.api.policy import DriftPolicyStatus, HeldAction, TagFault
from andon.api.types import Revision
from andon.replay.ground import NO_GROUND, Ground
from andon.stats.blocks import Evidence

Judged = Literal["candidate", "stable", "data"]
Change = Literal["Opened", "Recovered"]

_SPEAKS: Final[dict[Verdict, tuple[str, ...]]] = {
    Verdict.MODEL_REGRESSION: (LOSS, PAIRED),
    Verdict.CONCEPT_DRIFT: (ERROR,),
    Verdict.HARMFUL_SHIFT: (ERROR, OFF_SUPPORT, SHIFT),
    Verdict.BENIGN_SHIFT: (SHIFT, OFF_SUPPORT),
}
"""The questions that lead to a verdict, those with labels first: what is known decides."""
_QUIET: Final = frozenset({None, Verdict.HEALTHY, Verdict.NO_EVIDENCE, Verdict.UNKNOWN})
"""Verdicts on the stable that nobody asks for while a candidate is judged: `Healthy` is then said of the candidate only."""
_NOTHING_SEEN: Final = frozenset({Verdict.NO_EVIDENCE, Verdict.UNKNOWN})
"""Verdicts that say little without their reason, so that another reason is told like another verdict."""
_OF_THE_LINE: Final = frozenset({"Settling", "UnknownRegime"})
"""Reasons why the stable's rows say nothing that hold for a candidate's as well, and that its own chain does not give."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the report. action: what was asked for; refused: the guard rail that said no. evidence: its numbers.

    judged: whom the verdict is about. change: of a tag's fault. because: why, in plain words. decision: the one that was made.
    ground: what the verdict rests on, in words.
    """

    at: datetime
    verdict: Verdict
    judged: Judged
    action: Action | None = None
    taken: bool = False
    refused: str | None = None
    subjects: tuple[str, ...] = ()
    evidence: Evidence | None = None
    change: Change | None = None
    fault: str | None = None
    because: str = ""
    decision: Decision | None = None
    ground: Ground = NO_GROUND


@dataclass(frozen=True, slots=True)
class Moment:
    """One evaluation: what the policy said before and says now, of which evidence, and whom it judges."""

    now: datetime
    before: DriftPolicyStatus
    after: DriftPolicyStatus
    evidence: Sequence[Evidence]
    candidate: Revision | None

    def entries(self, act: Callable[[Decision], bool]) -> list[Entry]:
        """What there is to report. act: does what a decision asks for, and says whether it was done."""
        asked = [*self._decided(act), *self._refused()]
        told = {(entry.verdict, entry.judged) for entry in asked}
        changes = [e for e in (self._of_candidate(), self._of_stable()) if e and (e.verdict, e.judged) not in told]
        return [*changes, *asked, *self._faults({s for entry in asked if entry.judged == "data" for s in entry.subjects})]

    def _decided(self, act: Callable[[Decision], bool]) -> Iterator[Entry]:
        known = {d.id for d in self.before.decisions if d.state is DecisionState.OPEN}
        for decision in self.after.decisions:
            if decision.state is DecisionState.OPEN and decision.id not in known:
                yield Entry(
                    self.now, decision.verdict, self._whom(decision.verdict, decision.from_), decision.action, act(decision),
                    subjects=tuple(decision.subjects), fault=decision.fault, because=decision.summary, decision=decision,
                    evidence=self.numbers(decision.evidence.question, decision.subjects),
                    change="Opened" if decision.fault is not None else None,
                )  # fmt: skip

    def _refused(self) -> Iterator[Entry]:
        """One entry per action and revision, and one per tag that an action is refused for anew."""
        known = {key for held in self.before.held for key in _keys(held)}
        for held in self.after.held:
            subjects = tuple(tag for tag in held.subjects if _key(held, tag) not in known)
            if subjects or not known.issuperset(_keys(held)):
                yield self._refusal(held, subjects)

    def _refusal(self, held: HeldAction, subjects: tuple[str, ...]) -> Entry:
        judged = self._whom(held.verdict, held.from_)
        fault = next((f.fault for f in self.after.data_faults if f.tag in subjects), None) if judged == "data" else None
        numbers = self.numbers(_question(fault), subjects) if fault else self._speaking(held.verdict, judged)
        return Entry(
            self.now, held.verdict, judged, held.action, refused=held.reason, because=held.message, subjects=subjects,
            fault=fault, evidence=numbers, change="Opened" if fault else None,
        )  # fmt: skip

    def _whom(self, verdict: Verdict, revision: Revision | None) -> Judged:
        """What is said of nobody, because nothing can be seen, is said of the candidate while there is one."""
        if verdict is Verdict.DATA_FAULT:
            return "data"
        return "candidate" if self.candidate is not None and revision in {None, self.candidate} else "stable"

    def _of_candidate(self) -> Entry | None:
        """The verdict: about the candidate while there is one, about the stable otherwise."""
        before, after = self.before, self.after
        if after.verdict is None:
            return None
        judged = self._whom(after.verdict, after.judged)
        same = (before.verdict, before.judged) == (after.verdict, after.judged)
        anew = after.verdict in _NOTHING_SEEN and _reason(before, judged) != _reason(after, judged)
        return self._verdict(after.verdict, judged) if anew or not same else None

    def _of_stable(self) -> Entry | None:
        verdict, before = self.after.stable_verdict, self.before.stable_verdict
        if self.candidate is None or verdict is None:
            return None
        reason = _reason(self.after, "stable")
        waits = verdict is Verdict.NO_EVIDENCE and reason in _OF_THE_LINE and reason != _reason(self.before, "stable")
        fails = verdict not in _QUIET and verdict is not before
        return self._verdict(verdict, "stable") if waits or fails else None

    def _verdict(self, verdict: Verdict, judged: Judged) -> Entry:
        said = _condition(self.after, judged) or next((c for c in self.after.conditions if c.type == "Ready"), None)
        because = said.message if said else ""
        return Entry(self.now, verdict, judged, evidence=self._speaking(verdict, judged), because=because)

    def _faults(self, told: set[str]) -> Iterator[Entry]:
        before = {(f.tag, f.fault): f for f in self.before.data_faults}
        after = {(f.tag, f.fault): f for f in self.after.data_faults}
        opened = [f for key, f in after.items() if key not in before and f.tag not in told]
        recovered = [f for key, f in before.items() if key not in after]
        yield from (self._fault(f, "Opened") for f in opened)
        yield from (self._fault(f, "Recovered") for f in recovered)

    def _fault(self, fault: TagFault, change: Change) -> Entry:
        return Entry(
            self.now, Verdict.DATA_FAULT, "data", subjects=(fault.tag,), change=change, fault=fault.fault,
            evidence=self.numbers(_question(fault.fault), [fault.tag]),
        )  # fmt: skip

    def numbers(self, question: str, subjects: Sequence[str]) -> Evidence | None:
        """The answer to a question, about the first of these tags if it is one about tags."""
        found = [e for e in self.evidence if e.question == question and (question not in TAG_FAULTS or e.subject in subjects[:1])]
        return max(found, key=lambda e: e.log_e, default=None)

    def _speaking(self, verdict: Verdict, judged: Judged) -> Evidence | None:
        """What speaks for a verdict that no decision was frozen with."""
        fit = (LOSS_EQUAL, PAIRED_EQUAL) if (verdict, judged) == (Verdict.HEALTHY, "candidate") else ()
        questions = _SPEAKS.get(verdict, fit)
        return next((e for q in questions for e in self.evidence if e.question == q and e.log_e > 0), None)


def _question(fault: str) -> str:
    return next((question for question, name in TAG_FAULTS.items() if name == fault), "")


def _keys(held: HeldAction) -> list[tuple[object, ...]]:
    """A refusal is known by what it is about: each of its tags, or its revision."""
    return [_key(held, tag) for tag in held.subjects] or [_key(held)]


def _key(held: HeldAction, tag: str | None = None) -> tuple[object, ...]:
    return held.action, held.verdict, held.reason, held.from_, tag


def _condition(status: DriftPolicyStatus, judged: Judged) -> Condition | None:
    wanted = "CandidateHealthy" if judged == "candidate" else "StableHealthy"
    return next((condition for condition in status.conditions if condition.type == wanted), None)


def _reason(status: DriftPolicyStatus, judged: Judged) -> str | None:
    condition = _condition(status, judged)
    return condition.reason if condition else None

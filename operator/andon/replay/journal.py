"""What changed, and what was done about it? One entry per change of a verdict or of a tag's fault, and per action."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from andon.api.decision import Action, Decision, DecisionState, Verdict
from andon.api.evidence import ERROR, LOSS, LOSS_EQUAL, OFF_SUPPORT, PAIRED, PAIRED_EQUAL, SHIFT, TAG_FAULTS
from andon.api.policy import DriftPolicyStatus, HeldAction, TagFault
from andon.api.types import Revision
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


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the report. action: what was asked for; refused: the guard rail that said no. evidence: its numbers.

    judged: whom the verdict is about. change: of a tag's fault. because: why, in plain words. decision: the one that was made.
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
        return [*changes, *asked, *self._faults({s for entry in asked for s in entry.subjects})]

    def _decided(self, act: Callable[[Decision], bool]) -> Iterator[Entry]:
        known = {d.id for d in self.before.decisions if d.state is DecisionState.OPEN}
        for decision in self.after.decisions:
            if decision.state is DecisionState.OPEN and decision.id not in known:
                yield Entry(
                    self.now, decision.verdict, self._whom(decision.verdict, decision.from_), decision.action, act(decision),
                    subjects=tuple(decision.subjects), fault=decision.fault, because=decision.summary, decision=decision,
                    evidence=self._numbers(decision.evidence.question, decision.subjects),
                    change="Opened" if decision.action is Action.QUARANTINE else None,
                )  # fmt: skip

    def _refused(self) -> Iterator[Entry]:
        known = {_case(held) for held in self.before.held}
        for held in self.after.held:
            if _case(held) not in known:
                yield Entry(
                    self.now, held.verdict, self._refused_to(held), held.action, refused=held.reason, because=held.message,
                    evidence=self._speaking(held.verdict, self._refused_to(held)),
                )  # fmt: skip

    def _refused_to(self, held: HeldAction) -> Judged:
        """A held action names no revision: only a regression is ever about the candidate."""
        if held.verdict is Verdict.DATA_FAULT:
            return "data"
        return "candidate" if self.candidate is not None and held.verdict is Verdict.MODEL_REGRESSION else "stable"

    def _whom(self, verdict: Verdict, revision: Revision | None) -> Judged:
        """What is said of nobody, because nothing can be seen, is said of the candidate while there is one."""
        if verdict is Verdict.DATA_FAULT:
            return "data"
        return "candidate" if self.candidate is not None and revision in {None, self.candidate} else "stable"

    def _of_candidate(self) -> Entry | None:
        """The verdict: about the candidate while there is one, about the stable otherwise."""
        before, after = self.before, self.after
        if after.verdict is None or (before.verdict, before.judged) == (after.verdict, after.judged):
            return None
        return self._verdict(after.verdict, self._whom(after.verdict, after.judged))

    def _of_stable(self) -> Entry | None:
        verdict = self.after.stable_verdict
        if self.candidate is None or verdict is None or verdict in _QUIET or verdict is self.before.stable_verdict:
            return None
        return self._verdict(verdict, "stable")

    def _verdict(self, verdict: Verdict, judged: Judged) -> Entry:
        said = {condition.type: condition.message for condition in self.after.conditions}
        because = said.get("CandidateHealthy" if judged == "candidate" else "StableHealthy") or said.get("Ready", "")
        return Entry(self.now, verdict, judged, evidence=self._speaking(verdict, judged), because=because)

    def _faults(self, told: set[str]) -> Iterator[Entry]:
        before = {(f.tag, f.fault): f for f in self.before.data_faults}
        after = {(f.tag, f.fault): f for f in self.after.data_faults}
        opened = [f for key, f in after.items() if key not in before and f.tag not in told]
        recovered = [f for key, f in before.items() if key not in after]
        yield from (self._fault(f, "Opened") for f in opened)
        yield from (self._fault(f, "Recovered") for f in recovered)

    def _fault(self, fault: TagFault, change: Change) -> Entry:
        question = next((q for q, name in TAG_FAULTS.items() if name == fault.fault), "")
        return Entry(
            self.now, Verdict.DATA_FAULT, "data", subjects=(fault.tag,), change=change, fault=fault.fault,
            evidence=self._numbers(question, [fault.tag]),
        )  # fmt: skip

    def _numbers(self, question: str, subjects: Sequence[str]) -> Evidence | None:
        """The answer to a question, about the first of these tags if it is one about tags."""
        found = [e for e in self.evidence if e.question == question and (question not in TAG_FAULTS or e.subject in subjects[:1])]
        return max(found, key=lambda e: e.log_e, default=None)

    def _speaking(self, verdict: Verdict, judged: Judged) -> Evidence | None:
        """What speaks for a verdict that no decision was frozen with."""
        fit = (LOSS_EQUAL, PAIRED_EQUAL) if (verdict, judged) == (Verdict.HEALTHY, "candidate") else ()
        questions = _SPEAKS.get(verdict, fit)
        return next((e for q in questions for e in self.evidence if e.question == q and e.log_e > 0), None)


def _case(held: HeldAction) -> tuple[Any, ...]:
    return held.action, held.verdict, held.reason

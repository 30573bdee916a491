"""What is known of one verdict, before it is put into words?"""

from dataclasses import dataclass
from datetime import datetime

from andon.api.decision import CheckSeen, Decision, Evidence
from andon.api.policy import EvidenceSpec
from andon.explain.certainty import USUAL, level


@dataclass(frozen=True, slots=True)
class Case:
    """One verdict with its evidence.

    id, action: None when it asked for nothing. taken: whether the action was carried out. refused: why it was not, as a named
    reason of a guard rail or as a sentence. outcome: what came of it, as its actor says. found_at_fault, instead: versions, for
    a rollback. subjects: tags, most responsible first. fault: what is wrong with them, in one word. faulty: other tags that were
    not believed at that time and were taken out of the judgement of the model. certainty: the log e-value that its question had
    to reach. actor: kind and name of the object that carries the action out, as kubectl wants them, for example
    `modeldeployment/soft`. replayed: nothing of it happened, so that it is told as what would have. again: what came up later on
    of the same verdict, in sentences.
    """

    verdict: str
    at: datetime
    target: str
    namespace: str = "default"
    id: str | None = None
    action: str | None = None
    authority: str | None = None
    taken: bool = False
    refused: str | None = None
    outcome: str | None = None
    found_at_fault: str | None = None
    instead: str | None = None
    subjects: tuple[str, ...] = ()
    fault: str | None = None
    faulty: tuple[str, ...] = ()
    summary: str = ""
    evidence: Evidence | None = None
    certainty: float | None = None
    checks: tuple[CheckSeen, ...] = ()
    guards: tuple[CheckSeen, ...] = ()
    actor: str | None = None
    replayed: bool = False
    again: tuple[str, ...] = ()


def case_of(
    decision: Decision,
    namespace: str,
    policy: EvidenceSpec = USUAL,
    *,
    taken: bool = False,
    refused: str | None = None,
    actor: str | None = None,
) -> Case:
    """The case of a published decision. policy: how sure it wants to be. taken, refused, actor: as in Case."""
    return Case(
        verdict=decision.verdict.value,
        at=decision.since,
        target=decision.target,
        namespace=namespace,
        id=decision.id,
        action=decision.action.value,
        authority=decision.authority.value,
        taken=taken,
        refused=refused,
        found_at_fault=decision.from_.version if decision.from_ else None,
        instead=decision.to.version if decision.to else None,
        subjects=tuple(decision.subjects),
        fault=decision.fault,
        summary=decision.summary,
        evidence=decision.evidence,
        certainty=level(decision.evidence.question, policy),
        checks=tuple(decision.checks),
        guards=tuple(decision.guards),
        actor=actor,
    )

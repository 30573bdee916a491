"""From facts to a plan: what to write into status, what the server should hold, what to tell git."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from andon.api.conditions import Claim, ConditionStatus, claim, following, not_ready, ready, reconciling, stalled, summarise
from andon.api.decision import ActedDecision, ActedState
from andon.api.deployment import Candidate, ModelDeploymentStatus
from andon.api.missing import Missing
from andon.api.slots import Ack, EvidencePlan, RowSource, SlotModel, Slots, config_hash
from andon.api.types import Revision
from andon.core.approval import awaiting_approval
from andon.core.chain import first_answer
from andon.core.deployment import decisions
from andon.core.deployment.decisions import GitTask
from andon.core.deployment.facts import Facts
from andon.core.deployment.rollout import ROLLOUT, Answer, min_rows, suspended, unapproved


@dataclass(frozen=True, slots=True)
class Plan:
    """Done in this order: status (the intent), slots and workload, git. slots None: touch no child."""

    status: ModelDeploymentStatus
    slots: Slots | None = None
    git: GitTask | None = None


def decide(facts: Facts, now: datetime) -> Plan:
    """Pure. A suspended object is only described, never touched."""
    if facts.spec.suspend:
        return Plan(_status(facts, suspended(facts), [_suspended(facts)], now))
    answer = first_answer(ROLLOUT, facts, now)
    slots = _slots(facts, answer)
    effective = effective_revision(facts.acks.values()) or facts.status.effective
    acted = [decisions.settled(d, facts, effective) for d in decisions.with_copy(facts, answer.decision)]
    claims = [*_readiness(facts, answer, slots, effective), _git_claim(facts, acted), _watch_claim(facts), *_question(facts)]
    tasks = (decisions.git_task(d, facts, effective) for d in acted)
    return Plan(_status(facts, answer, claims, now, acted), slots, next((t for t in tasks if t is not None), None))


def effective_revision(acks: Iterable[Ack]) -> Revision | None:
    """What answers now: the one revision that every server acknowledges, or None while they disagree or are silent."""
    stables = [ack.stable for ack in acks]
    first = stables[0] if stables else None
    return first if first is not None and all(s == first for s in stables) else None


def _slots(facts: Facts, answer: Answer) -> Slots | None:
    if answer.stable is None:
        return None
    return Slots(
        namespace=facts.namespace,
        deployment=facts.name,
        stable=answer.stable,
        candidate=answer.candidate,
        inputs=_row_source(facts),
        evidence=EvidencePlan(margin=facts.margin),
    )


def _row_source(facts: Facts) -> RowSource | None:
    inputs = facts.spec.inputs
    if inputs is None or facts.rows_url is None:
        return None
    if isinstance(facts.rows_url, Missing):
        return facts.held.inputs if facts.held else None
    return RowSource(rows=facts.rows_url, every=inputs.every, max_age=inputs.max_age, labels=facts.labels)


def _readiness(facts: Facts, answer: Answer, slots: Slots | None, effective: Revision | None) -> list[Claim]:
    if answer.standing == "Stuck":
        return [not_ready(answer.reason, answer.because), stalled("VersionQuarantined", answer.remedy)]
    if answer.standing == "Waiting":
        return [not_ready(answer.reason, answer.because)]
    failed = _load_failure(facts, answer)
    if failed is not None:
        return failed
    if answer.standing == "Progressing":
        said = (not_ready(answer.reason, answer.because), reconciling(answer.reason, answer.because))
        return [following(c) for c in said]
    return _served(facts, slots, effective)


def _load_failure(facts: Facts, answer: Answer) -> list[Claim] | None:
    """A revision that the server cannot load is for a person, unless it could only not be fetched."""
    wanted = {slot.digest for slot in (answer.stable, answer.candidate) if slot is not None}
    error = next((a.error for a in facts.acks.values() if a.error is not None and a.error.digest in wanted), None)
    if error is None:
        return None
    if error.reason == "FetchFailed":
        return [not_ready(error.reason, error.message), reconciling(error.reason, error.message)]
    return [not_ready(error.reason, error.message), stalled(error.reason, error.message)]


def _served(facts: Facts, slots: Slots | None, effective: Revision | None) -> list[Claim]:
    """Ready means that the wanted revision answers, not that a pod is up."""
    if slots is None or slots.stable is None:
        return [
            not_ready("NothingToServe", "no revision is known yet"),
            reconciling("NothingToServe", "no revision is known yet"),
        ]
    told = config_hash(slots.text())
    current = bool(facts.acks) and all(ack.config_hash == told for ack in facts.acks.values())
    if not current or effective is None or effective.digest != slots.stable.digest:
        message = f"The server is loading version {slots.stable.version}."
        return [not_ready("Loading", message), reconciling("Loading", message)]
    if not facts.workload.available:
        message = f"The server is not available: {facts.workload.message}."
        return [following(not_ready("ServerUnavailable", message)), following(reconciling("ServerUnavailable", message))]
    return [ready("Serving", f"Version {slots.stable.version} ({slots.stable.digest[:13]}…) answers.")]


def _git_claim(facts: Facts, acted: list[ActedDecision]) -> Claim:
    """Whether git names what is meant to serve."""
    entry = facts.quarantine
    if entry is None:
        return claim("GitInSync", True, "InSync", "git names what is wanted.")
    decision = next((d for d in acted if d.id == entry.decision), None)
    outcome = facts.outcomes.get(entry.decision)
    if decision is not None and decision.state is ActedState.REFUSED:
        return claim("GitInSync", False, "WriteRefused", decision.outcome or "")
    if outcome is not None and outcome.state == "Away":
        return claim("GitInSync", False, outcome.reason, outcome.message)
    if decision is not None and decision.state is ActedState.ACTING:
        return claim(
            "GitInSync",
            False,
            "CommitPending",
            f"Version {decision.from_.version} leaves serving first, then one commit follows.",
        )
    named = facts.wanted.version if isinstance(facts.wanted, SlotModel) else entry.version
    return claim("GitInSync", False, "VersionQuarantined", f"git names version {named}, rolled back by {entry.decision}.")


def _watch_claim(facts: Facts) -> Claim:
    if facts.policy is None:
        return claim("Watched", False, "NoPolicy", "No DriftPolicy targets this deployment: new versions advance on rows alone.")
    return following(claim("Watched", True, "Watched", f"Watched by DriftPolicy {facts.policy.name}."))


def _question(facts: Facts) -> list[Claim]:
    """What only a person may say, as long as it is asked."""
    waiting = unapproved(facts)
    return [] if waiting is None else [awaiting_approval(waiting, "modeldeployment", facts.namespace, facts.name)]


def _suspended(facts: Facts) -> Claim:
    message = "spec.suspend is true: nothing is touched until it is false."
    serving = facts.status.effective is not None
    return claim("Ready", ConditionStatus.TRUE if serving else ConditionStatus.FALSE, "Suspended", message)


def _status(
    facts: Facts, answer: Answer, claims: list[Claim], now: datetime, acted: list[ActedDecision] | None = None
) -> ModelDeploymentStatus:
    before = facts.status
    return ModelDeploymentStatus(
        observed_generation=facts.generation,
        conditions=summarise(claims, before.conditions, facts.generation, now),
        desired=before.desired if isinstance(facts.wanted, Missing) else facts.wanted.revision,
        effective=effective_revision(facts.acks.values()) or before.effective,
        candidate=_candidate(facts, answer.candidate),
        step=answer.step if answer.stable is not None else None,
        drift=facts.policy.verdict.value if facts.policy and facts.policy.verdict else None,
        url=f"http://{facts.name}-serve.{facts.namespace}.svc:8080/v2/models/{facts.name}" if answer.stable else None,
        quarantined=decisions.with_quarantine(facts, answer.decision, now),
        decisions=list(before.decisions) if acted is None else acted,
    )


def _candidate(facts: Facts, slot: SlotModel | None) -> Candidate | None:
    if slot is None:
        return None
    quarters = min(4, 4 * facts.paired_rows // max(1, min_rows(facts.spec.rollout.steps[0])))
    return Candidate(version=slot.version, digest=slot.digest, step="Shadow", progress=f"{quarters}/4")

"""From facts to a plan: what to write into status, what the server should hold, what to tell git."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from andon.api.conditions import Claim, claim, following, not_ready, ready, stalled, summarise
from andon.api.decision import ActedDecision, ActedState, Rejection
from andon.api.deployment import Candidate, ModelDeploymentStatus, Served
from andon.api.missing import Missing
from andon.api.slots import Ack, EvidencePlan, ExplainPlan, RowSource, SlotModel, Slots
from andon.api.types import Revision
from andon.core.approval import awaiting_approval, awaiting_step
from andon.core.chain import first_answer
from andon.core.deployment import decisions, first, people, steps
from andon.core.deployment.decisions import GitTask
from andon.core.deployment.facts import Facts
from andon.core.deployment.insync import git_in_sync
from andon.core.deployment.readiness import loaded, readiness, standing_conditions
from andon.core.deployment.rollout import ROLLOUT, Answer, asked_for, suspended, unapproved
from andon.core.rejection import recorded, told

KEPT_REVISIONS: Final = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """Done in this order: status (the intent), slots and workload, git. slots None: touch no child."""

    status: ModelDeploymentStatus
    slots: Slots | None = None
    git: GitTask | None = None


def decide(facts: Facts, now: datetime) -> Plan:
    """Pure. A suspended object is only described, never touched."""
    if facts.spec.suspend:
        return Plan(_status(facts, suspended(facts, now), None, _suspended(facts), now))
    answer = first_answer(ROLLOUT, facts, now)
    slots = _slots(facts, answer)
    effective = effective_revision(facts.acks.values()) or facts.status.effective
    acted = [decisions.settled(d, facts, effective) for d in decisions.with_copy(facts, answer.decision)]
    claims = [
        *readiness(facts, answer, slots, effective, now),
        git_in_sync(facts, answer, acted),
        _watch_claim(facts),
        *_question(facts, answer),
        *told(_rejected(facts, now), asked_for(facts)),
        *people.ignored(facts),
        *_pinned(answer),
    ]
    tasks = (decisions.git_task(d, facts, effective) for d in acted)
    return Plan(_status(facts, answer, slots, claims, now, acted=acted), slots, next((t for t in tasks if t is not None), None))


def effective_revision(acks: Iterable[Ack]) -> Revision | None:
    """What answers now: the one revision that every server acknowledges, or None while they disagree or are silent."""
    stables = [ack.stable for ack in acks]
    first = stables[0] if stables else None
    return first if first is not None and all(s == first for s in stables) else None


def _slots(facts: Facts, answer: Answer) -> Slots | None:
    if answer.stable is None:
        return None
    spec = facts.spec
    return Slots(
        namespace=facts.namespace,
        deployment=facts.name,
        stable=answer.stable,
        candidate=answer.candidate,
        reference=_reference(facts, answer),
        weight=steps.weight(facts, answer.place) if answer.candidate and answer.place else 0,
        inputs=_row_source(facts),
        evidence=EvidencePlan(margin=facts.margin),
        outputs=spec.outputs,
        on_bad_input=spec.on_bad_input,
        explain=ExplainPlan(sample=spec.explain.sample) if spec.explain else None,
        threads=spec.runtime.onnx.threads if spec.runtime.onnx else 1,
    )


def _reference(facts: Facts, answer: Answer) -> SlotModel | None:
    """What the stable has replaced, as long as the same stable answers; nothing that was convicted, and nothing twice."""
    stable, before = answer.stable, facts.stable
    if stable is None or before is None:
        return None
    replaced = before if answer.promoted or answer.reason == "Pinned" else None
    kept = (facts.reference,) if stable.digest == before.digest else (replaced, facts.reference if replaced else None)
    elsewhere = {slot.digest for slot in (stable, answer.candidate) if slot is not None}
    sound = (s for s in kept if s is not None and facts.convicted(s.digest) is None)
    return next((s for s in sound if s.digest not in elsewhere), None)


def _row_source(facts: Facts) -> RowSource | None:
    inputs = facts.spec.inputs
    if inputs is None or facts.rows_url is None:
        return None
    if isinstance(facts.rows_url, Missing):
        return facts.held.inputs if facts.held else None
    return RowSource(rows=facts.rows_url, asset=facts.asset, every=inputs.every, max_age=inputs.max_age, labels=facts.labels)


def _watch_claim(facts: Facts) -> Claim:
    if facts.policy is None:
        what = "rows" if facts.spec.inputs else "requests"
        message = f"No DriftPolicy targets this deployment: new versions advance on {what} alone."
        return claim("Watched", False, "NoPolicy", message)
    return following(claim("Watched", True, "Watched", f"Watched by DriftPolicy {facts.policy.name}."))


def _question(facts: Facts, answer: Answer) -> list[Claim]:
    """What only a person may say, as long as it is asked: a decision before a step."""
    waiting = unapproved(facts)
    if waiting is not None:
        return [awaiting_approval(waiting, "modeldeployment", facts.namespace, facts.name)]
    word = steps.unapproved_step(facts, answer.candidate, answer.place) if answer.candidate and answer.place else None
    if word is None or answer.candidate is None or answer.place is None:
        return []
    what = f"Step {answer.place.index + 1} of {len(facts.spec.rollout.steps)} of version {answer.candidate.version}"
    return [awaiting_step(word, what, facts.namespace, facts.name)]


def _pinned(answer: Answer) -> list[Claim]:
    return [following(claim("Pinned", True, "Pinned", answer.because))] if answer.reason == "Pinned" else []


def _suspended(facts: Facts) -> list[Claim]:
    """Ready as long as what git names answers. Where it does not, it never will: whoever waits for it should not."""
    message = "spec.suspend is true: nothing is touched until it is false."
    effective = facts.status.effective
    if effective is not None and effective.version == facts.named:
        return [ready("Suspended", message)]
    return [not_ready("Suspended", message), stalled("Suspended", message)]


def _status(
    facts: Facts,
    answer: Answer,
    slots: Slots | None,
    claims: list[Claim],
    now: datetime,
    *,
    acted: list[ActedDecision] | None = None,
) -> ModelDeploymentStatus:
    before, service = facts.status, f"{facts.name}-serve"
    effective = effective_revision(facts.acks.values()) or before.effective
    candidate = _candidate(facts, answer, now)
    standing = [c for c in (loaded(facts, answer), first.verdict(facts, answer.stable)) if c is not None]
    return ModelDeploymentStatus(
        observed_generation=facts.generation,
        conditions=summarise([*claims, *standing], standing_conditions(facts, answer), facts.generation, now),
        last_handled_promote=people.spent_promotion(facts, effective),
        desired=before.desired if isinstance(facts.wanted, Missing) else facts.wanted.revision,
        effective=effective,
        candidate=candidate,
        step=_step(answer, candidate),
        drift=facts.policy.verdict.value if facts.policy and facts.policy.verdict else None,
        reference=(slots.reference.revision if slots.reference else None) if slots else before.reference,
        url=_url(facts, service) if answer.stable else None,
        service_name=service if answer.stable else None,
        replicas=facts.workload.replicas,
        selector=f"app.kubernetes.io/component=serve,andon.dev/kind=ModelDeployment,andon.dev/name={facts.name}",
        history=_history(facts, effective, now),
        quarantined=decisions.with_quarantine(facts, answer.decision, now),
        decisions=list(before.decisions) if acted is None else acted,
        rejected=_rejected(facts, now),
    )


def _rejected(facts: Facts, now: datetime) -> list[Rejection]:
    """What is acted on already is too late to reject."""
    acting = {d.id for d in facts.status.decisions if d.state is ActedState.ACTING}
    asked = [d for d in asked_for(facts) if d.id not in acting]
    return recorded(facts.status.rejected, facts.rejected, facts.approved, asked, now)


def _url(facts: Facts, service: str) -> str:
    scheme = "https" if facts.spec.access.tls_ref else "http"
    return f"{scheme}://{service}.{facts.namespace}.svc:8080/v2/models/{facts.name}"


def _step(answer: Answer, candidate: Candidate | None) -> str | None:
    if answer.stable is None:
        return None
    return candidate.step if candidate is not None else "Stable"


def _candidate(facts: Facts, answer: Answer, now: datetime) -> Candidate | None:
    """The intent, written before the slots: whoever comes after a kill goes on from here."""
    if answer.promoted and answer.stable is not None:
        at = steps.place(facts, answer.stable, now)
        said = steps.described(facts, answer.stable, at, now)
        return said.model_copy(update={"step": steps.PROMOTING, "progress": "4/4"})
    if answer.candidate is None or answer.place is None:
        return _just_promoted(facts, answer)
    return steps.described(facts, answer.candidate, answer.place, now)


def _just_promoted(facts: Facts, answer: Answer) -> Candidate | None:
    """Not every server has said that it answers: who had it promoted is told from this once they have."""
    said, serves = facts.status.candidate, effective_revision(facts.acks.values())
    if said is None or said.step != steps.PROMOTING or answer.stable is None or answer.stable.digest != said.digest:
        return None
    return None if serves is not None and serves.digest == said.digest else said


def _history(facts: Facts, effective: Revision | None, now: datetime) -> list[Served]:
    """Revisions that answered, newest last, each once."""
    kept = list(facts.status.history)
    if effective is None or (kept and kept[-1].digest == effective.digest):
        return kept
    by = people.by_whom(facts, effective.version, effective.digest)
    served = Served(version=effective.version, digest=effective.digest, since=now, by=by)
    return [*(s for s in kept if s.digest != effective.digest), served][-KEPT_REVISIONS:]

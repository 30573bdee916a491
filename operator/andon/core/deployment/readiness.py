"""Is what is meant to serve there, and if not, who must do something: Andon, the cluster or a person?"""

from datetime import datetime
from typing import Final

from andon.api.conditions import Claim, Condition, ConditionStatus, claim, find, following, not_ready, ready, reconciling, stalled
from andon.api.slots import LoadError, Slots, config_hash
from andon.api.types import Revision, delta
from andon.core.deployment import first
from andon.core.deployment.facts import Facts
from andon.core.deployment.rollout import Answer

LOADED: Final = "Loaded"
"""The condition whose time the progress deadline is counted from."""

_TOO_LATE: Final = "ProgressDeadlineExceeded"


def readiness(facts: Facts, answer: Answer, slots: Slots | None, effective: Revision | None, now: datetime) -> list[Claim]:
    """Ready, and Reconciling or Stalled beside it. The first that has something to say."""
    if answer.standing == "Stuck":
        return [not_ready(answer.reason, answer.because), stalled(answer.stuck, answer.remedy)]
    if answer.standing == "Waiting":
        return [not_ready(answer.reason, answer.because)]
    if facts.spec.replicas == 0:
        message = "spec.replicas is 0, so nothing answers. Next: kubectl scale."
        return [not_ready("ScaledToZero", message), stalled("ScaledToZero", message)]
    failed = _refused_by_server(facts, answer) or _overdue(facts, answer, now) or _being_fetched(facts, answer)
    if failed is not None:
        return failed
    if answer.standing == "Progressing":
        return _coming(answer.reason, answer.because)
    return _served(facts, answer, slots, effective)


def loaded(facts: Facts, answer: Answer) -> Claim | None:
    """Whether every server holds the version that is on its way, or the one that serves. Its message names it."""
    slot = answer.candidate or answer.stable
    if slot is None or facts.spec.replicas == 0:
        return None
    held = [slot.digest in {r.digest for r in (ack.stable, ack.candidate) if r is not None} for ack in facts.acks.values()]
    if held and all(held) and not facts.silent:
        return claim(LOADED, True, "Loaded", f"Every server holds version {slot.revision}.")
    return claim(LOADED, False, "Loading", f"Version {slot.revision} is not held by every server.")


def standing_conditions(facts: Facts, answer: Answer) -> list[Condition]:
    """The conditions there were; one about another version's loading is of no account."""
    said = loaded(facts, answer)
    return [c for c in facts.status.conditions if c.type != LOADED or (said is not None and c.message == said.message)]


def _overdue(facts: Facts, answer: Answer, now: datetime) -> list[Claim] | None:
    """It is tried all the same; a person should know."""
    said, before = loaded(facts, answer), find(standing_conditions(facts, answer), LOADED)
    if said is None or before is None or said.status is not ConditionStatus.FALSE:
        return None
    deadline = facts.spec.rollout.progress_deadline
    if now - before.last_transition_time < delta(deadline):
        return None
    message = f"{said.message[:-1]} after {deadline} (spec.rollout.progressDeadline): {_what_is_said(facts)}. It is tried again."
    return [following(not_ready(_TOO_LATE, message)), following(stalled(_TOO_LATE, message))]


def _what_is_said(facts: Facts) -> str:
    """By the server, or else by Kubernetes."""
    error = next((ack.error.message for ack in facts.acks.values() if ack.error is not None), None)
    return (error or facts.workload.message or "the server says nothing; `kubectl logs` may say more").rstrip(".")


def _refused_by_server(facts: Facts, answer: Answer) -> list[Claim] | None:
    """A revision that the server cannot load is for a person."""
    error = _load_error(facts, answer)
    if error is None or error.reason == "FetchFailed":
        return None
    return [not_ready(error.reason, error.message), stalled(error.reason, error.message)]


def _being_fetched(facts: Facts, answer: Answer) -> list[Claim] | None:
    error = _load_error(facts, answer)
    return _coming(error.reason, error.message) if error is not None else None


def _load_error(facts: Facts, answer: Answer) -> LoadError | None:
    wanted = {slot.digest for slot in (answer.stable, answer.candidate) if slot is not None}
    return next((a.error for a in facts.acks.values() if a.error is not None and a.error.digest in wanted), None)


def _served(facts: Facts, answer: Answer, slots: Slots | None, effective: Revision | None) -> list[Claim]:
    """Ready means that the wanted revision answers, not that a pod is up."""
    if slots is None or slots.stable is None:
        return _coming("NothingToServe", "no revision is known yet")
    told = config_hash(slots.text())
    current = bool(facts.acks) and all(ack.config_hash == told for ack in facts.acks.values())
    if not facts.acks and not facts.workload.available:
        return _coming("Loading", f"No server has begun to load version {slots.stable.version}: {facts.workload.message}.")
    if not current or effective is None or effective.digest != slots.stable.digest:
        return _coming("Loading", f"The server is loading version {slots.stable.version}.")
    if not facts.workload.available:
        return _coming("ServerUnavailable", f"Not every server is available: {facts.workload.message}.")
    if answer.reason != "Serving":
        return [ready(answer.reason, answer.because)]
    unproved = first.readiness(first.verdict(facts, slots.stable))
    return unproved or [ready("Serving", f"Version {slots.stable.version} ({slots.stable.digest[:13]}…) answers.")]


def _coming(reason: str, message: str) -> list[Claim]:
    return [following(not_ready(reason, message)), following(reconciling(reason, message))]

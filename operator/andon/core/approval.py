"""How a person is asked before something is done, and how to answer."""

import hashlib
from datetime import datetime

from andon.api.conditions import Claim, claim, following
from andon.api.decision import Decision


def awaiting_approval(decision: Decision, resource: str, namespace: str, name: str) -> Claim:
    """The condition of the object that would act. resource: of it, as kubectl has it."""
    message = (
        f"{decision.id} asks for a {decision.action} ({decision.verdict}). See: andon explain {decision.id}. "
        f"To approve: {_annotate(resource, namespace, name, decision.id)}"
    )
    return following(claim("AwaitingApproval", True, f"{decision.action}Decided", message))


def awaiting_step(word: str, what: str, namespace: str, name: str) -> Claim:
    """The condition of a ModelDeployment of which a step waits for a person. what: the step, in words."""
    message = f"{what} waits for a person. To approve: {_annotate('modeldeployment', namespace, name, word)}"
    return following(claim("AwaitingApproval", True, "StepReached", message))


def step_id(namespace: str, name: str, digest: str, index: int, begun: datetime) -> str:
    """Names one step of one rollout here, so that a word for it means nothing to the next, be it of the same version.

    begun: when that rollout did; only whole seconds count.
    """
    named = (namespace, name, digest, str(index), str(int(begun.timestamp())))
    return "r-" + hashlib.sha256("\n".join(named).encode()).hexdigest()[:10]


def _annotate(resource: str, namespace: str, name: str, word: str) -> str:
    return f"kubectl annotate --overwrite -n {namespace} {resource} {name} andon.dev/approve={word}/YOUR-USERNAME"

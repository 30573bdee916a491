"""How a person is asked before something is done, and how to answer."""

import hashlib
import re
from datetime import datetime
from typing import Final

from andon.api.conditions import Claim, claim, following
from andon.api.decision import Decision

_WORD: Final = re.compile(r"([dr]-[0-9a-f]{10})/([^\x00-\x1f\x7f]{1,512})")


def spoken(annotation: str) -> tuple[str, str] | None:
    """Of `DECISION/USERNAME` what is approved or rejected and by whom; None for what is not understood.

    A username may have slashes and colons of its own. One with a line's end is none: it would speak on in a commit's trailers.
    """
    word = _WORD.fullmatch(annotation)
    return (word[1], word[2]) if word else None


def awaiting_approval(decision: Decision, resource: str, namespace: str, name: str) -> Claim:
    """The condition of the object that would act. resource: of it, as kubectl has it."""
    message = (
        f"{decision.id} asks for a {decision.action} ({decision.verdict}). See: andon explain {decision.id} -n {namespace}. "
        f"To approve: {_approve(resource, namespace, name, decision.id)}"
    )
    return following(claim("AwaitingApproval", True, f"{decision.action}Decided", message))


def awaiting_step(word: str, what: str, namespace: str, name: str) -> Claim:
    """The condition of a ModelDeployment of which a step waits for a person. what: the step, in words."""
    message = f"{what} waits for a person. To approve: {_approve('modeldeployment', namespace, name, word)}"
    return following(claim("AwaitingApproval", True, "StepReached", message))


def step_id(namespace: str, name: str, digest: str, index: int, begun: datetime) -> str:
    """Names one step of one rollout here, so that a word for it means nothing to the next, be it of the same version.

    begun: when that rollout did; only whole seconds count.
    """
    named = (namespace, name, digest, str(index), str(int(begun.timestamp())))
    return "r-" + hashlib.sha256("\n".join(named).encode()).hexdigest()[:10]


def _approve(resource: str, namespace: str, name: str, word: str) -> str:
    annotate = f"kubectl annotate --overwrite -n {namespace} {resource} {name} andon.dev/approve={word}/YOUR-USERNAME"
    return f"andon approve {word} -n {namespace}, or {annotate} (kubectl auth whoami)"

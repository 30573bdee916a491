"""How a person is asked before something is done, and how to answer."""

from andon.api.conditions import Claim, claim, following
from andon.api.decision import Decision


def awaiting_approval(decision: Decision, resource: str, namespace: str, name: str) -> Claim:
    """The condition of the object that would act. resource: of it, as kubectl has it."""
    message = (
        f"{decision.id} asks for a {decision.action} ({decision.verdict}). See: andon explain {decision.id}. To approve: kubectl "
        f"annotate --overwrite -n {namespace} {resource} {name} andon.dev/approve={decision.id}/YOUR-USERNAME"
    )
    return following(claim("AwaitingApproval", True, f"{decision.action}Decided", message))

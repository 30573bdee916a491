"""How sure must it be before a policy says so?"""

from typing import Final

from andon.api.evidence import LOSS, LOSS_EQUAL, PAIRED, PAIRED_EQUAL, TAG_FAULTS
from andon.api.policy import EvidenceSpec
from andon.core.drift import levels

_FIXED: Final = {
    LOSS: levels.LOSS_CONVICT,
    LOSS_EQUAL: levels.LOSS_ACQUIT,
    PAIRED_EQUAL: levels.PAIRED_ACQUIT,
}
"""Levels that no policy moves; the least that a conviction by labels asks for, so that no page promises more than was asked."""

USUAL: Final = EvidenceSpec()
"""What a policy asks for that says nothing of it."""


def level(question: str, spec: EvidenceSpec) -> float:
    """The log e-value at which this question is answered with yes."""
    if question in _FIXED:
        return _FIXED[question]
    if question == PAIRED:
        return levels.asked(levels.PAIRED_CONVICT, spec)
    return levels.asked(levels.TAG_CONVICT if question in TAG_FAULTS else levels.STABLE_CONVICT, spec)

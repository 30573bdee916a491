"""How sure must it be before a policy says so?"""

from typing import Final

from andon.api.evidence import LOSS, LOSS_EQUAL, PAIRED, PAIRED_EQUAL, TAG_FAULTS
from andon.api.policy import EvidenceSpec
from andon.core.drift import levels

_CONVICTS: Final = {LOSS: levels.LOSS_CONVICT, PAIRED: levels.PAIRED_CONVICT}
_ACQUITS: Final = {LOSS_EQUAL: levels.LOSS_ACQUIT, PAIRED_EQUAL: levels.PAIRED_ACQUIT}

USUAL: Final = EvidenceSpec()
"""What a policy asks for that says nothing of it."""


def level(question: str, spec: EvidenceSpec) -> float:
    """The log e-value at which this question is answered with yes."""
    if question in _ACQUITS:
        return _ACQUITS[question]
    usual = levels.TAG_CONVICT if question in TAG_FAULTS else levels.STABLE_CONVICT
    return levels.asked(_CONVICTS.get(question, usual), spec)

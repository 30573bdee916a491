"""At which log e-value is something said, and at which taken back?

By Ville's inequality an e-value of what is true reaches N with a chance of 1/N at most, however often it is looked at. The
levels are what `docs/decision-quality.md` was measured with, at one false alarm a year. A policy that bears k a year has those of
tags, of predictions beside each other and of the stable lowered by ln k; one that bears fewer has them raised.
"""

from math import log
from typing import Final

from andon.api.policy import EvidenceSpec
from andon.api.types import number

LOSS_CONVICT: Final = log(5)
"""With labels: the candidate is worse by more than half of the margin for certain, and by more than all of it as measured. Little
is asked, since going back is cheap, and a good candidate is a whole margin away from it."""
LOSS_CONVICT_EARLY: Final = log(20)
"""The same on less than twice the rows that are asked for: neighbouring errors are alike, and few blocks do not show how much."""
LOSS_ACQUIT: Final = log(300)
"""With labels: the candidate is within the margin. More than for a conviction: what it lets pass will serve."""
PAIRED_CONVICT: Final = log(1000)
"""Without labels, so more is asked."""
PAIRED_ACQUIT: Final = log(20)
"""Without labels the rows say less, and promotion can be taken back."""
TAG_CONVICT: Final = log(1000)
"""A tag cannot be believed: there are many of them."""
STABLE_CONVICT: Final = log(1000)
"""Error, inputs, support or predictions of what serves are not as in the reference."""
SUSPECT: Final = log(20)
"""A tag on its way to a conviction: what looks like the model's fault may be its."""
CLEAR: Final = 0.0
"""Below it what was said is taken back: nothing speaks for it any more."""

CALIBRATION_BLOCKS: Final = 100
"""With limits from fewer blocks of the reference, verdicts from inputs alone are only proposed."""
SPAN_ROWS: Final = 200
"""Rows of ten blocks: what the newest values look back on, and how long a suspicion may hold up a verdict."""


def asked(level: float, evidence: EvidenceSpec) -> float:
    """The level for an automatic action under this policy; never below that of a suspicion."""
    return max(SUSPECT, level - log(number(evidence.false_alarms_per_year)))


def fires(log_e: float, level: float, *, standing: bool) -> bool:
    """Hysteresis: said at the level, kept while anything still speaks for it."""
    return log_e >= level or (standing and log_e > CLEAR)

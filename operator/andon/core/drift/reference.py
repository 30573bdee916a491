"""Is what serves as it was in its reference? Each question with its hysteresis."""

from datetime import datetime
from typing import Final

from andon.api.decision import Verdict
from andon.api.evidence import ERROR, OFF_SUPPORT, PREDICTION, REFERENCE, SHIFT
from andon.api.types import number
from andon.core.drift.facts import Facts
from andon.core.drift.levels import CALIBRATION_BLOCKS, STABLE_CONVICT, asked, fires
from andon.core.drift.suspicion import faults_behind_errors

_SAID_BY: Final = {
    ERROR: {Verdict.CONCEPT_DRIFT, Verdict.HARMFUL_SHIFT},
    SHIFT: {Verdict.HARMFUL_SHIFT, Verdict.BENIGN_SHIFT},
    OFF_SUPPORT: {Verdict.HARMFUL_SHIFT},
    PREDICTION: set[Verdict](),
}
"""The verdicts that a question led to: while one of them stands of the same revision, so does the question's answer."""


def fired(facts: Facts, question: str) -> bool:
    """Whether the stable is not as in its reference in this respect, on enough rows."""
    series = facts.about(facts.stable, question)
    if series is None or series.rows < facts.spec.evidence.min_rows:
        return False
    same = facts.status.stable_judged == facts.stable
    standing = same and facts.status.stable_verdict in _SAID_BY[question]
    return fires(series.log_e, asked(STABLE_CONVICT, facts.spec.evidence), standing=standing)


def erring(facts: Facts, now: datetime) -> bool:
    """Whether labels say that it errs more now, and no tag at fault explains it."""
    error = facts.about(facts.stable, ERROR)
    if error is None or not fired(facts, ERROR) or faults_behind_errors(facts, now):
        return False
    return error.value > error_limit(facts)


def error_limit(facts: Facts) -> float:
    """How many times the error of the reference is borne: what a candidate may be worse by, what serves may become."""
    return 1 + number(facts.spec.evidence.margin)


def well_calibrated(facts: Facts) -> bool:
    """Whether the reference was long enough to act on what inputs alone say."""
    series = facts.about(facts.stable, REFERENCE)
    return series is not None and series.value >= CALIBRATION_BLOCKS

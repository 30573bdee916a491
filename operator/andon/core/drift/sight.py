"""Can anything be seen at all? The first check of both chains."""

from datetime import datetime

from andon.api.decision import Verdict
from andon.core.chain import Passed
from andon.core.drift.answer import Answer
from andon.core.drift.facts import Facts, absence


def signals_missing(facts: Facts, now: datetime) -> Answer | Passed:
    """Nothing to judge by, for three intervals: neither healthy nor drifting, unknown."""
    missing = absence(facts, now)
    if missing is None:
        return Passed("Prometheus has fresh evidence.")
    because = f"No evidence for {facts.limit:.0f} s: {missing.detail}"
    return Answer(Verdict.UNKNOWN, missing.reason, because, missing=missing)

"""What the model's chains answer with: a verdict about one revision, and the numbers it rests on."""

from dataclasses import dataclass
from typing import Final

from andon.api.decision import Evidence, Verdict
from andon.api.evidence import EvidenceSeries
from andon.api.missing import Missing
from andon.api.types import Revision

PLANT: Final = frozenset({Verdict.CONCEPT_DRIFT, Verdict.HARMFUL_SHIFT, Verdict.BENIGN_SHIFT})
"""Verdicts about the plant as what serves has it, not about a candidate."""
CERTAIN: Final = PLANT | {Verdict.MODEL_REGRESSION, Verdict.HEALTHY}
"""Verdicts that something was seen for; the others say only that nothing could be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict about one revision.

    reason: one stable word. evidence: for a verdict that asks for an action. inputs_alone: no label had a say.
    missing: why nothing could be seen, if that is so.
    """

    verdict: Verdict
    reason: str
    because: str
    judged: Revision | None = None
    evidence: Evidence | None = None
    inputs_alone: bool = False
    missing: Missing | None = None


def frozen(series: EvidenceSeries, value: str, limit: str) -> Evidence:
    """The numbers of a series as text."""
    return Evidence(
        question=series.question,
        rows=series.rows,
        value=value,
        limit=limit,
        first_bad_row=series.first_bad,
        scraped=series.scraped,
    )


def odds(series: EvidenceSeries | None) -> str:
    """How strongly a series speaks, for people: `e = 12`; by how much the claim lost its bet."""
    if series is None:
        return "not asked yet"
    size = series.log_e / 2.302585
    return f"e = {10**size:.3g}" if abs(size) < 4 else f"e = 10^{size:.0f}"

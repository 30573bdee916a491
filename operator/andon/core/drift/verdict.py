"""What does the evidence say about the model? The first check that answers wins."""

from dataclasses import dataclass
from datetime import datetime

from andon.api.decision import Evidence, Verdict
from andon.api.evidence import PAIRED, PAIRED_EQUAL, TAG_QUESTIONS, EvidenceSeries
from andon.api.types import Revision, number, short
from andon.core.chain import Chain
from andon.core.drift.facts import ACQUIT, CONVICT, Facts, absence


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict about one revision. evidence: frozen numbers, for a verdict that asks for an action."""

    verdict: Verdict
    reason: str
    because: str
    judged: Revision | None = None
    evidence: Evidence | None = None


def signals_missing(facts: Facts, now: datetime) -> Answer | None:
    """Nothing to judge by, for three intervals: neither healthy nor drifting, unknown."""
    missing = absence(facts, now)
    if missing is None:
        return None
    return Answer(Verdict.UNKNOWN, missing.reason, f"No evidence for {facts.limit:.0f} s: {missing.detail}")


def nothing_served(facts: Facts, now: datetime) -> Answer | None:
    """The target has not served yet."""
    del now
    if facts.target is None or facts.target.status.effective is None:
        return Answer(Verdict.NO_EVIDENCE, "NothingServed", "The deployment serves no revision yet.")
    return None


def candidate_unseen(facts: Facts, now: datetime) -> Answer | None:
    """A candidate is there, and too few rows were scored by both."""
    del now
    candidate = _candidate(facts)
    if candidate is None:
        return None
    series = facts.about(candidate, PAIRED)
    if series is not None and series.rows >= facts.spec.evidence.min_rows:
        return None
    because = f"Version {candidate.version} is judged on at least {facts.spec.evidence.min_rows} rows; they are coming in."
    return Answer(Verdict.NO_EVIDENCE, "TooFewRows", because, candidate)


def paired_regression(facts: Facts, now: datetime) -> Answer | None:
    """The same rows through both models: the candidate is worse by more than the margin."""
    del now
    candidate, series = _paired(facts, PAIRED)
    if candidate is None or series is None or series.log_e < CONVICT:
        return None
    limit = 1 + number(facts.spec.evidence.margin)
    stable = facts.target.status.effective if facts.target else None
    because = (
        f"On the same {series.rows} rows the error of version {candidate.version} is at least {series.value:.2f} times "
        f"that of version {stable.version if stable else '?'} (limit {limit:.2f})."
    )
    return Answer(Verdict.MODEL_REGRESSION, "ModelRegression", because, candidate, _evidence(series, limit))


def paired_equal(facts: Facts, now: datetime) -> Answer | None:
    """The same rows through both models: the candidate is not worse by the margin."""
    del now
    candidate, series = _paired(facts, PAIRED_EQUAL)
    if candidate is None or series is None or series.log_e < ACQUIT:
        return None
    limit = 1 + number(facts.spec.evidence.margin)
    because = f"On the same rows version {candidate.version} stays within {limit:.2f} times the error of the stable."
    return Answer(Verdict.HEALTHY, "Healthy", because, candidate)


def paired_undecided(facts: Facts, now: datetime) -> Answer | None:
    """The rows speak neither for nor against the candidate yet."""
    del now
    candidate = _candidate(facts)
    if candidate is None:
        return None
    return Answer(
        Verdict.NO_EVIDENCE, "Undecided", f"The rows speak neither for nor against version {candidate.version} yet.", candidate
    )


def stable_unseen(facts: Facts, now: datetime) -> Answer | None:
    """Too few rows since the server began to count."""
    del now
    stable = facts.target.status.effective if facts.target else None
    rows = max(
        (s.rows for s in facts.seen if stable and s.revision == short(stable.digest) and s.question in TAG_QUESTIONS), default=0
    )
    if rows >= facts.spec.evidence.min_rows:
        return None
    because = f"A verdict rests on at least {facts.spec.evidence.min_rows} rows; they are coming in."
    return Answer(Verdict.NO_EVIDENCE, "TooFewRows", because, stable)


def nothing_wrong(facts: Facts, now: datetime) -> Answer:
    """Enough rows, and nothing speaks against the model."""
    del now
    stable = facts.target.status.effective if facts.target else None
    return Answer(Verdict.HEALTHY, "Healthy", "Enough rows, and nothing speaks against the model.", stable)


MODEL: Chain[Facts, Answer] = (  # the order is the policy; read it top to bottom
    signals_missing,  # an outage is neither healthy nor drift
    nothing_served,  # nobody is served yet
    candidate_unseen,  # too few rows
    paired_regression,  # the same rows convict the candidate
    paired_equal,  # the same rows clear it
    paired_undecided,  # not yet
    stable_unseen,  # too few rows
    nothing_wrong,  # Healthy
)


def _candidate(facts: Facts) -> Revision | None:
    return facts.target.candidate if facts.target else None


def _paired(facts: Facts, question: str) -> tuple[Revision | None, EvidenceSeries | None]:
    candidate = _candidate(facts)
    return candidate, facts.about(candidate, question) if candidate else None


def _evidence(series: EvidenceSeries, limit: float) -> Evidence:
    return Evidence(
        question=series.question,
        rows=series.rows,
        value=f"at least {series.value:.2f} times the stable's error",
        limit=f"{limit:.2f}",
        first_bad_row=series.first_bad,
        scraped=series.scraped,
    )

"""Could the data be behind what looks like the model's or the plant's fault?"""

from datetime import datetime, timedelta

from andon.api.decision import Action, DecisionState
from andon.api.evidence import TAG_FAULTS, EvidenceSeries
from andon.api.types import short
from andon.core.drift.facts import Facts
from andon.core.drift.levels import SPAN_ROWS, SUSPECT


def tag_series(facts: Facts) -> list[EvidenceSeries]:
    """What is said of the tags that the stable needs, in the newest accumulation."""
    if facts.stable is None:
        return []
    revision = short(facts.stable.digest)
    mine = [s for s in facts.seen if s.question in TAG_FAULTS and s.revision == revision]
    newest = max((s.epoch for s in mine), default=0)
    return [s for s in mine if s.epoch == newest]


def suspects(facts: Facts) -> list[str]:
    """Tags on their way to a conviction, the most suspect first. A suspicion that comes to nothing ends with its time."""
    rising = [s for s in tag_series(facts) if s.log_e > SUSPECT and s.subject not in facts.faulty and _is_fresh(s, facts)]
    return list(dict.fromkeys(s.subject for s in sorted(rising, key=lambda s: -s.log_e)))


def faults_behind_errors(facts: Facts, now: datetime) -> list[str]:
    """Tags at fault now or within the rows that the newest errors look back on: errors may be theirs."""
    quarantines = [d for d in facts.status.decisions if d.action is Action.QUARANTINE]
    span = _span(facts)
    lately = [
        tag
        for d in quarantines
        if d.state is DecisionState.OPEN or (d.closed is not None and now - d.closed < span)
        for tag in d.subjects
    ]
    return list(dict.fromkeys([*facts.faulty, *lately]))


def _is_fresh(series: EvidenceSeries, facts: Facts) -> bool:
    if series.first_bad is None or series.last_row is None:
        return False
    return series.last_row - series.first_bad <= _span(facts)


def _span(facts: Facts) -> timedelta:
    return timedelta(seconds=SPAN_ROWS * facts.target.row_seconds if facts.target else 0)


def coming(share: float) -> str:
    """Whether rows to judge by come in, as a person is told. share: of the newest rows that are such."""
    if share > 0:
        return "they are coming in"
    return "the newest ones say nothing: too many tags at fault or missing, or a regime that is settling or not known"

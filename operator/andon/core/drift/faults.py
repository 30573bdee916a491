"""Which tags are not to be believed now? The data's own track, open at the same time as the model's."""

from dataclasses import dataclass
from datetime import datetime

from andon.api.decision import Evidence
from andon.api.evidence import TAG_QUESTIONS, EvidenceSeries
from andon.api.policy import TagFault
from andon.api.types import short
from andon.core.drift.facts import CLEAR, CONVICT, Facts


@dataclass(frozen=True, slots=True)
class Finding:
    """One tag at fault, with the series that says so."""

    fault: TagFault
    series: EvidenceSeries

    def evidence(self) -> Evidence:
        """The numbers, frozen."""
        return Evidence(
            question=self.series.question,
            rows=self.series.rows,
            value=f"{self.series.value:.0%} of the rows of the last block",
            limit="5%",
            first_bad_row=self.series.first_bad,
            scraped=self.series.scraped,
        )


@dataclass(frozen=True, slots=True)
class Track:
    """What is wrong with the data now. silent: most tags went missing together, so the connection is at fault, not a sensor."""

    findings: tuple[Finding, ...] = ()
    silent: bool = False


def data_track(facts: Facts, now: datetime) -> Track:
    """Tags at fault, those at fault longest first. A tag that was at fault stays so until its evidence is gone (hysteresis)."""
    before = {f.tag: f for f in facts.status.data_faults}
    series = _tag_series(facts)
    found = [f for f in (_finding(s, before.get(s.subject), now) for s in series) if f is not None]
    tags = {s.subject for s in series}
    missing = {f.fault.tag for f in found if f.fault.fault == "Missing"}
    if len(tags) > 1 and 2 * len(missing) > len(tags):
        return Track(silent=True)
    strongest = {f.fault.tag: f for f in sorted(found, key=lambda f: f.series.log_e)}
    return Track(tuple(sorted(strongest.values(), key=lambda f: (f.fault.since, f.fault.tag))))


def _tag_series(facts: Facts) -> list[EvidenceSeries]:
    stable = facts.target.status.effective if facts.target else None
    if stable is None:
        return []
    mine = [s for s in facts.seen if s.revision == short(stable.digest) and s.question in TAG_QUESTIONS]
    newest = max((s.epoch for s in mine), default=0)
    return [s for s in mine if s.epoch == newest]


def _finding(series: EvidenceSeries, before: TagFault | None, now: datetime) -> Finding | None:
    fault = TAG_QUESTIONS[series.question]
    standing = before is not None and before.fault == fault and series.log_e > CLEAR
    if standing and before is not None:
        return Finding(before, series)
    if series.log_e < CONVICT:
        return None
    return Finding(TagFault(tag=series.subject, fault=fault, since=series.first_bad or now), series)

"""Which tags are not to be believed now? The data's own track, open at the same time as the model's."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from andon.api.decision import Evidence
from andon.api.evidence import TAG_FAULTS, EvidenceSeries
from andon.api.policy import TagFault
from andon.core.drift.answer import frozen
from andon.core.drift.facts import Facts
from andon.core.drift.levels import SUSPECT, TAG_CONVICT, asked, fires
from andon.core.drift.suspicion import tag_series

_BY_COMPARISON: Final = frozenset({"Biased", "Noisy"})
"""Faults that only the other tags tell of: a tag that is plainly at fault comes before those it makes look odd."""
_OF_SOURCE: Final = {"missing": "SourceSilent", "stuck": "SourceFrozen", "bad-status": "SourceBad"}
"""What most tags do together when the connection or the recording is at fault, and what that is called."""

_TOGETHER: Final = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One tag at fault, with the series that says so."""

    fault: TagFault
    series: EvidenceSeries

    def evidence(self) -> Evidence:
        """The numbers, frozen."""
        if self.fault.fault in _BY_COMPARISON:
            return frozen(self.series, f"{self.series.value:.1f} times the limit of what the other tags allow", "1.0")
        return frozen(self.series, f"{self.series.value:.0%} of the rows of the last block", "5%")


@dataclass(frozen=True, slots=True)
class Track:
    """What is wrong with the data now. source: why none of it is about single tags, as one word."""

    findings: tuple[Finding, ...] = ()
    source: str | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags at fault, most responsible first."""
        return tuple(f.fault.tag for f in self.findings)


def data_track(facts: Facts, now: datetime) -> Track:
    """Tags at fault, most responsible first. A tag that was at fault stays so until its evidence is gone (hysteresis)."""
    series = tag_series(facts)
    source = _source_fault(series)
    if source is not None:
        return Track(source=source)
    before = {f.tag: f for f in facts.status.data_faults}
    level = asked(TAG_CONVICT, facts.spec.evidence)
    found = [f for f in (_finding(s, before.get(s.subject), level, now) for s in series) if f is not None]
    worst = {f.fault.tag: f for f in sorted(found, key=_responsibility, reverse=True)}
    return Track(tuple(sorted(worst.values(), key=_responsibility)))


def _source_fault(series: list[EvidenceSeries]) -> str | None:
    """Three tags or more, and more than half of them, in one such state or on the way to it: that is no sensor's fault."""
    tags = {s.subject for s in series}
    counts = Counter(s.question for s in series if s.question in _OF_SOURCE and s.log_e > SUSPECT)
    question, most = counts.most_common(1)[0] if counts else ("", 0)
    return _OF_SOURCE[question] if most >= _TOGETHER and 2 * most > len(tags) else None


def _finding(series: EvidenceSeries, before: TagFault | None, level: float, now: datetime) -> Finding | None:
    fault = TAG_FAULTS[series.question]
    standing = before is not None and before.fault == fault
    if not fires(series.log_e, level, standing=standing):
        return None
    if standing and before is not None:
        return Finding(before, series)
    return Finding(TagFault(tag=series.subject, fault=fault, since=series.first_bad or now), series)


def _responsibility(finding: Finding) -> tuple[bool, float, float, str]:
    """Plain faults first, then those with the most evidence and the largest part of their rows at fault."""
    series = finding.series
    return (finding.fault.fault in _BY_COMPARISON, -series.log_e, -series.value, finding.fault.tag)

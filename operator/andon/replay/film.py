"""What could be seen around a moment: the evidence block by block, and the tags that were named beside what the others said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from andon.api.evidence import TAG_FAULTS
from andon.api.policy import EvidenceSpec
from andon.explain import words
from andon.explain.certainty import level
from andon.explain.plot import Limit, Mark, Plot, Scale, Series
from andon.stats.blocks import Evidence

AROUND: Final = 25
"""Blocks shown before a moment and after it."""
SNAPSHOT: Final = 25
"""Blocks between two looks at the ledger's own history, which holds the last fifty."""
MOST_TAGS: Final = 3

About = tuple[str, str]
"""Question and subject."""


@dataclass(slots=True)
class Film:
    """All evaluations of a replay, as far as they can be drawn. log_e: by question and subject, by number of the evaluation.

    values, told: of each tag by time of a block, Unix seconds: its mean, and what the other tags say it should be.
    """

    times: list[datetime] = field(default_factory=list)
    log_e: dict[About, dict[int, float]] = field(default_factory=dict)
    values: dict[str, dict[float, float | None]] = field(default_factory=dict)
    told: dict[str, dict[float, float | None]] = field(default_factory=dict)

    def add(self, now: datetime, evidence: Sequence[Evidence]) -> bool:
        """One evaluation more; whether it is time to show the ledger's history again. Quiet tags take no room."""
        for one in evidence:
            if one.log_e > 0 or one.question not in TAG_FAULTS:
                self.log_e.setdefault((one.question, one.subject), {})[len(self.times)] = one.log_e
        self.times.append(now)
        return len(self.times) % SNAPSHOT == 0

    def look(self, history: Mapping[str, Any]) -> None:
        """What the ledger's report says of the last blocks."""
        for tag, lines in history.get("tags", {}).items():
            self.values.setdefault(tag, {}).update(zip(history["times"], lines["values"], strict=True))
            self.told.setdefault(tag, {}).update(zip(history["times"], lines["told"], strict=True))

    def plots(self, about: About | None, subjects: Sequence[str], at: datetime, spec: EvidenceSpec) -> list[Plot]:
        """The evidence that decided, and the named tags."""
        if at not in self.times:
            return []
        moment = self.times.index(at)
        shown = range(max(0, moment - AROUND), min(len(self.times), moment + AROUND + 1))
        drawn = [self._odds(about, shown, at, spec)] if about in self.log_e and about else []
        return [*drawn, *self._tags(subjects[:MOST_TAGS], shown, at)]

    def _odds(self, about: About, shown: range, at: datetime, spec: EvidenceSpec) -> Plot:
        question, subject = about
        known = self.log_e[about]
        limit = level(question, spec)
        return Plot(
            title=words.question(question).shows,
            unit="odds that this is chance",
            times=tuple(self.times[i] for i in shown),
            lines=(Series(subject, tuple(max(0.0, known[i]) if i in known else None for i in shown)),),
            limit=Limit(limit, f"limit: {words.one_in(limit)}"),
            marks=(Mark(at, "decided"),),
            caption="The higher the line, the less this can be chance. At the dashed line it is taken as certain.",
            scale=Scale.ODDS,
        )

    def _tags(self, subjects: Sequence[str], shown: range, at: datetime) -> Iterator[Plot]:
        begin, end = self.times[shown.start].timestamp(), self.times[shown.stop - 1].timestamp()
        for tag in subjects:
            times = sorted(t for t in self.values.get(tag, ()) if begin <= t <= end)
            if len(times) > 1:
                yield Plot(
                    title=f"{tag}, and what the other tags say of it",
                    unit="mean of a block, in the tag's unit",
                    times=tuple(datetime.fromtimestamp(t, UTC) for t in times),
                    lines=(
                        Series(tag, tuple(self.values[tag][t] for t in times)),
                        Series("expected", tuple(self.told[tag][t] for t in times)),
                    ),
                    marks=(Mark(at, "decided"),),
                    caption="While the sensor is sound, the two lines go together. Where both move, it is the plant.",
                )

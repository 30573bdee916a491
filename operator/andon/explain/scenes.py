"""Which plots show why: of the evidence as it grew, and of the tags around the moment?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from andon.api.evidence import TAG_FAULTS
from andon.api.missing import Missing
from andon.api.types import short
from andon.explain import words
from andon.explain.case import Case
from andon.explain.find import Found
from andon.explain.plot import Limit, Mark, Plot, Scale, Series, Span
from andon.explain.prometheus import Ask
from andon.explain.recorded import Key, Recorded
from andon.explain.sources import Sources

_QUESTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "ModelRegression": ("loss", "paired"),
    "ConceptDrift": ("error", "shift"),
    "HarmfulShift": ("shift", "off-support", "error"),
    "BenignShift": ("shift", "off-support", "error"),
    "Unknown": ("prediction",),
}
_AROUND: Final = timedelta(minutes=10)
"""At least so much before and after."""
_TAGS: Final = 4
"""Tags drawn: the most responsible."""


@dataclass(frozen=True, slots=True)
class Scenes:
    """plots: in the order to be looked at. remarks: what could not be drawn, and why."""

    plots: tuple[Plot, ...] = ()
    remarks: tuple[str, ...] = ()


def scenes(found: Found, sources: Sources, now: datetime) -> Scenes:
    """Read and draw what there is around the moment of a decision."""
    grown = _of_evidence(found, sources, now)
    tags = _of_tags(found.case, sources) if _tags(found.case) else Scenes()
    return Scenes((*grown.plots, *tags.plots), (*grown.remarks, *tags.remarks))


def _of_evidence(found: Found, sources: Sources, now: datetime) -> Scenes:
    ask = _ask(found, now)
    recorded = sources.evidence(ask)
    if isinstance(recorded, Missing):
        return Scenes(remarks=(f"No plot of how the evidence grew: {recorded.detail}",))
    plots = evidence_plots(found.case, recorded)
    forgotten = f"No plot of how the evidence grew: Prometheus has none from {ask.begin:%d %b %Y %H:%M} UTC on."
    return Scenes(plots, () if plots else (forgotten,))


def _of_tags(case: Case, sources: Sources) -> Scenes:
    report = sources.drift(case.namespace, case.target)
    if isinstance(report, Missing):
        return Scenes(remarks=(f"No plot of the tags: {report.detail}",))
    plots = tag_plots(case, report)
    forgotten = "No plot of the tags: the server remembers its last 50 blocks of rows, and the moment lies before them."
    return Scenes(plots, () if plots else (forgotten,))


def evidence_plots(case: Case, recorded: Recorded) -> tuple[Plot, ...]:
    """How sure it was, and what was seen, of the question that decided and of those beside it."""
    keys = [key for question in _questions(case) for key in recorded.log_e if key[0] == question]
    if not keys:
        return ()
    deciding = case.evidence.question if case.evidence else keys[0][0]
    values = [key for key in keys if key[0] == deciding and key in recorded.value]
    return (_odds_plot(deciding, keys, case, recorded), *([_value_plot(deciding, values, case, recorded)] if values else []))


def _odds_plot(deciding: str, keys: Sequence[Key], case: Case, recorded: Recorded) -> Plot:
    sure = case.certainty
    return Plot(
        title=words.question(deciding).shows,
        unit="odds that this is chance",
        times=recorded.times,
        lines=tuple(Series(_name(key, keys), recorded.log_e[key]) for key in keys),
        limit=Limit(sure, f"certain enough: {words.one_in(sure)}") if sure else None,
        marks=_marks(case),
        caption="The higher the line, the less this can be chance. At the dashed line it is taken as certain.",
        scale=Scale.ODDS,
    )


def _value_plot(deciding: str, keys: Sequence[Key], case: Case, recorded: Recorded) -> Plot:
    asked = words.question(deciding)
    return Plot(
        title=asked.asks,
        unit=asked.unit,
        times=recorded.times,
        lines=tuple(Series(_name(key, keys), recorded.value[key]) for key in keys),
        limit=_limit(case),
        marks=_marks(case),
        scale=Scale.SHARE if asked.unit == "share of rows" else Scale.NUMBER,
    )


def tag_plots(case: Case, report: Mapping[str, Any]) -> tuple[Plot, ...]:
    """The named tags, each with what the other tags say of it; none when the moment is not among the blocks remembered."""
    history = report["history"]
    times = tuple(datetime.fromtimestamp(at, UTC) for at in history.get("times", ()))
    if not times or not times[0] - _AROUND <= case.at:
        return ()
    known = [tag for tag in _tags(case) if tag in history["tags"]][:_TAGS]
    return tuple(_tag_plot(tag, case, times, history["tags"][tag]) for tag in known)


def _tag_plot(tag: str, case: Case, times: tuple[datetime, ...], lines: Mapping[str, Any]) -> Plot:
    first = case.evidence.first_bad_row if case.evidence and tag in case.subjects else None
    lasting = Span(first, times[-1], "not as usual") if first and times[0] <= first < times[-1] else None
    return Plot(
        title=f"{tag}, and what the other tags say of it",
        unit="in the tag's own unit, mean of 20 rows",
        times=times,
        lines=(Series("others say", tuple(lines["told"])), Series(tag, tuple(lines["values"]))),
        marks=tuple(mark for mark in _marks(case) if times[0] <= mark.at <= times[-1]),
        window=lasting,
        caption="While sensor and plant are sound, the two lines go together.",
    )


def _ask(found: Found, now: datetime) -> Ask:
    case = found.case
    first = case.evidence.first_bad_row if case.evidence and case.evidence.first_bad_row else case.at
    lead = max(_AROUND, case.at - first)
    about_tags = case.verdict == "DataFault"
    return Ask(
        namespace=case.namespace,
        deployment=case.target,
        questions=_questions(case),
        begin=first - lead,
        end=max(case.at, min(case.at + lead, now)),
        revision=short(found.revision) if found.revision and not about_tags else None,
        subjects=case.subjects[:_TAGS] if about_tags else (),
    )


def _questions(case: Case) -> tuple[str, ...]:
    """The one that decided first, if servers answer it, then those that belong to the verdict."""
    deciding = (case.evidence.question,) if case.evidence and case.evidence.question in words.QUESTIONS else ()
    of_fault = tuple(question for question, fault in TAG_FAULTS.items() if fault == case.fault)
    return tuple(dict.fromkeys((*deciding, *of_fault, *_QUESTIONS.get(case.verdict, ()))))


def _tags(case: Case) -> tuple[str, ...]:
    return case.subjects or case.faulty


def _name(key: Key, among: Sequence[Key]) -> str:
    """What tells a line from its neighbours: the tag, or the question."""
    question, subject = key
    return subject if len({q for q, _ in among}) == 1 else words.LINES.get(question, question)


def _marks(case: Case) -> tuple[Mark, ...]:
    first = case.evidence.first_bad_row if case.evidence else None
    return ((Mark(first, "first bad row"),) if first else ()) + (Mark(case.at, "decided"),)


def _limit(case: Case) -> Limit | None:
    try:
        return Limit(float(case.evidence.limit), f"limit: {case.evidence.limit}") if case.evidence else None
    except ValueError:
        return None

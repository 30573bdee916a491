"""How does the report of a replay become a page: which entries are told, and what does the whole time look like?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from andon.explain import words
from andon.explain.case import Case
from andon.explain.explanation import Explanation, explain
from andon.explain.plot import Lane, Mark, Span, Timeline

Entry = Mapping[str, Any]
Report = Mapping[str, Any]
"""As `andon replay --json` writes it: docs/replay.md."""

_QUIET: Final = frozenset({"Healthy", "NoEvidence"})
MOST: Final = 100
"""Explanations on one page: more are read by nobody."""


@dataclass(frozen=True, slots=True)
class Section:
    """An entry that is told. entry: its place in the report; again: those of entries that only say the same once more."""

    entry: int
    again: tuple[int, ...] = ()


def sections_of(report: Report) -> tuple[Section, ...]:
    """The first hundred entries in which something was wrong or was asked for. A refusal while its verdict stands needs none."""
    entries = report["decisions"]
    told: dict[int, Section] = {}
    standing: dict[str, int] = {}
    for place, entry in enumerate(entries):
        whom = entry["judged"] if entry["judged"] != "data" else " ".join(("data", *entry["subjects"]))
        before = standing.get(whom)
        same = before is not None and entries[before]["verdict"] == entry["verdict"]
        if before is not None and same and _adds_nothing(entry):
            told[before] = replace(told[before], again=(*told[before].again, place))
        elif _matters(entry) and not _instead(entry, entries):
            standing[whom], told[place] = place, Section(place)
        elif entry["action"] is None and entry["verdict"] != "NoEvidence":
            standing.pop(whom, None)
    return tuple(told.values())[:MOST]


def explanations_of(report: Report, cases: Sequence[Case]) -> tuple[Explanation, ...]:
    """One per section. cases: one per entry of the report."""
    faults = timeline_of(report).faults
    told = []
    for section in sections_of(report):
        case = cases[section.entry]
        again = tuple(_again(report["decisions"][place]) for place in section.again)
        told.append(explain(replace(case, faulty=_faulty(case, faults), again=again)))
    return tuple(told)


def timeline_of(report: Report) -> Timeline:
    """The whole time: what was said of the models, of which tag what was not believed, and what was done."""
    begin, end = _time(report["from"]), _time(report["to"])
    entries = report["decisions"]
    judged = {name: [e for e in entries if e["judged"] == name] for name in ("stable", "candidate", "data")}
    gone = next((_time(e["at"]) for e in judged["candidate"] if e["action"] == "Rollback" and e["taken"]), end)
    return Timeline(
        begin=begin,
        end=end,
        verdicts=tuple(_spans(judged["stable"], end)),
        candidate=tuple(_spans(judged["candidate"], gone)),
        faults=tuple(_fault_lanes(judged["data"], end)),
        marks=tuple(Mark(_time(e["at"]), _mark(e)) for e in entries if e["action"] and not _instead(e, entries)),
    )


def _matters(entry: Entry) -> bool:
    return bool(entry["action"]) or (entry["verdict"] not in _QUIET and entry.get("change") != "Recovered")


def _adds_nothing(entry: Entry) -> bool:
    """Whether it only says that what was asked for is asked for still."""
    return entry.get("change") is None and (entry["refused"] is not None or entry["action"] is None)


def _again(entry: Entry) -> str:
    when = f"{_time(entry['at']):%d %b %Y %H:%M:%S} UTC"
    if entry["action"] is None:
        return f"{when}: {words.plain(entry['because'])}"
    return f"{when}: {entry['action']} again, held back: {words.refusal(entry['refused'])}."


def _instead(entry: Entry, entries: Sequence[Entry]) -> bool:
    """Whether another action was asked for in place of this refused one: that one's guard rails tell of it."""
    same = [e for e in entries if (e["at"], e["verdict"], e["judged"]) == (entry["at"], entry["verdict"], entry["judged"])]
    return bool(entry["refused"]) and any(e["action"] and not e["refused"] for e in same)


def _faulty(case: Case, faults: Iterable[Lane]) -> tuple[str, ...]:
    """Other tags that were at fault at that time."""
    at_fault = [lane.name for lane in faults if any(s.start <= case.at <= s.end for s in lane.spans)]
    return tuple(tag for tag in at_fault if tag not in case.subjects)


def _spans(entries: Sequence[Entry], end: datetime) -> Iterator[Span]:
    """Each verdict until the next; those said at one moment are one, the last."""
    moments = [*(_time(e["at"]) for e in entries), end]
    for entry, start, until in zip(entries, moments, moments[1:], strict=False):
        if start < until or entry is entries[-1]:
            yield Span(start, until, entry["verdict"], entry["verdict"])


def _fault_lanes(entries: Sequence[Entry], end: datetime) -> Iterator[Lane]:
    """One lane per tag, in the order in which they first failed."""
    lanes: dict[str, list[Span]] = {}
    running: dict[tuple[str, str], datetime] = {}
    for entry in entries:
        for tag in entry["subjects"]:
            case, spans = (tag, entry["fault"] or ""), lanes.setdefault(tag, [])
            if entry.get("change") == "Recovered":
                spans += [Span(running.pop(case), _time(entry["at"]), case[1], "DataFault")] if case in running else []
            else:
                running.setdefault(case, _time(entry["at"]))
    for (tag, fault), since in running.items():
        lanes[tag].append(Span(since, end, fault, "DataFault"))
    return (Lane(tag, tuple(sorted(spans, key=lambda s: s.start))) for tag, spans in lanes.items())


def _mark(entry: Entry) -> str:
    became = "taken" if entry["taken"] else f"not taken: {words.refusal(entry['refused'])}" if entry["refused"] else "asked for"
    about = f" of {words.listed(tuple(entry['subjects']))}" if entry["judged"] == "data" else ""
    return f"{entry['action']}{about}, {became} ({entry['verdict']})"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)

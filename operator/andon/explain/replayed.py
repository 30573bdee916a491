"""How does the report of a replay become a page: which entries are told, and what does the whole time look like?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from andon.api.decision import Decision, Evidence
from andon.api.policy import EvidenceSpec
from andon.explain import words
from andon.explain.case import Case, case_of
from andon.explain.certainty import USUAL
from andon.explain.explanation import Explanation, explain
from andon.explain.plot import Lane, Mark, Span, Timeline

Entry = Mapping[str, Any]
Report = Mapping[str, Any]
"""As `andon replay --json` writes it: docs/replay.md."""

_QUIET: Final = frozenset({"Healthy", "NoEvidence"})
MOST: Final = 100
"""Explanations on one page: more are read by nobody."""


def explanations_of(report: Report, decisions: Iterable[Decision] = (), policy: EvidenceSpec = USUAL) -> tuple[Explanation, ...]:
    """The first hundred entries in which something was wrong or was asked for. decisions: those made, with their checks.

    policy: how sure it wants to be.
    """
    known = {decision.id: decision for decision in decisions}
    namespace, _, _ = str(report.get("policy", "default/")).partition("/")
    faults = timeline_of(report).faults
    told = [entry for entry in report["decisions"] if _matters(entry) and not _instead(entry, report["decisions"])]
    entries = [(entry, known.get(entry.get("decision") or "")) for entry in told]
    cases = [
        case_of(decision, namespace, policy, taken=entry["taken"], refused=entry["refused"])
        if decision
        else _case(entry, namespace)
        for entry, decision in entries
    ]
    return tuple(explain(replace(case, faulty=_faulty(case, faults))) for case in cases[:MOST])


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


def _instead(entry: Entry, entries: Sequence[Entry]) -> bool:
    """Whether another action was asked for in place of this refused one: that one's guard rails tell of it."""
    same = [e for e in entries if (e["at"], e["verdict"], e["judged"]) == (entry["at"], entry["verdict"], entry["judged"])]
    return bool(entry["refused"]) and any(e["action"] and not e["refused"] for e in same)


def _case(entry: Entry, namespace: str) -> Case:
    """An entry without a decision: a verdict that asked for nothing, or was refused."""
    at = _time(entry["at"])
    return Case(
        verdict=entry["verdict"],
        at=at,
        target="the model",
        namespace=namespace,
        action=entry["action"],
        authority=entry.get("authority"),
        taken=entry["taken"],
        refused=entry["refused"],
        subjects=tuple(entry["subjects"]),
        fault=entry.get("fault"),
        summary=entry.get("because") or "",
        evidence=_evidence(entry["evidence"], at),
    )


def _evidence(numbers: Entry, at: datetime) -> Evidence | None:
    if not numbers or numbers.get("value") is None:
        return None
    limit, first_bad = numbers.get("limit"), numbers.get("first_bad")
    return Evidence(
        question=numbers["question"],
        rows=numbers["rows"],
        value=f"{numbers['value']:.3g} {words.question(numbers['question']).unit}".strip(),
        limit=f"{limit:.2f}" if limit is not None else "that of the reference",
        first_bad_row=_time(first_bad) if first_bad else None,
        scraped=at,
    )


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
    about = f" of {words.listed(tuple(entry['subjects']))}" if entry["subjects"] else ""
    return f"{entry['action']}{about}, {became} ({entry['verdict']})"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)

"""How is a replay told: as JSON for programs, in a few lines for people."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from math import isfinite
from typing import Any

from andon.api.evidence import LOSS, LOSS_EQUAL, PAIRED, PAIRED_EQUAL
from andon.api.types import number
from andon.explain.page import replay_page
from andon.explain.replayed import explanations_of, timeline_of
from andon.replay.columns import time_of
from andon.replay.film import Film
from andon.replay.journal import Entry
from andon.replay.replay import Case
from andon.stats.blocks import Evidence


def document(case: Case, entries: Sequence[Entry], notes: Sequence[str]) -> dict[str, Any]:
    """The report as docs/replay.md has it."""
    recording = case.recording
    return {
        "rows": len(recording),
        "decisions": [_entry(case, entry) for entry in entries],
        "summary": _summary(entries),
        "from": _time(time_of(int(recording.times[0]))),
        "to": _time(time_of(int(recording.times[-1]))),
        "labels": len(case.labels),
        "policy": f"{case.policy.namespace}/{case.policy.name}",
        "profile": case.profile_digest,
        "stable": case.stable.digest,
        "candidate": case.candidate.digest if case.candidate else None,
        "notes": list(notes),
    }


def lines(report: dict[str, Any]) -> Iterator[str]:
    """One line per entry, for people."""
    yield f"{report['rows']:,} rows from {report['from']} to {report['to']}, {report['labels']:,} labels"
    for entry in report["decisions"]:
        yield "  ".join(part for part in (entry["at"], _said(entry), entry["because"]) if part)


def _said(entry: dict[str, Any]) -> str:
    subjects = f" {', '.join(entry['subjects'])}" if entry["subjects"] else ""
    change = f" {entry['change'].lower()}" if entry["change"] else ""
    said = f"{entry['verdict']} ({entry['judged']}){subjects}{change}"
    if entry["action"] is None:
        return said
    outcome = "taken" if entry["taken"] else f"refused: {entry['refused']}" if entry["refused"] else "asked for, not taken"
    return f"{said} -> {entry['action']} {outcome}"


def text(report: dict[str, Any]) -> str:
    """The report as JSON text."""
    return json.dumps(report, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def page(case: Case, report: Mapping[str, Any], entries: Sequence[Entry], film: Film) -> str:
    """The report as one HTML file, with what could be seen around each moment."""
    explanations = explanations_of(report, [e.decision for e in entries if e.decision])
    seen = {_moment(e.at, e.verdict, e.action, e.decision.id if e.decision else None): e.evidence for e in entries}
    tags = dict(zip(case.recording.columns, case.recording.tags, strict=True))
    plots = []
    for told in explanations:
        numbers = seen.get(_moment(told.at, told.verdict, told.action, told.id))
        about = (numbers.question, numbers.subject) if numbers else None
        subjects = [tags.get(subject, subject) for subject in told.subjects]
        plots.append(film.plots(about, subjects, told.at, case.policy.spec.evidence))
    return replay_page(report, explanations, timeline_of(report), plots)


def _moment(at: datetime, verdict: str, action: str | None, decision: str | None) -> tuple[object, ...]:
    """By what an explanation and the entry it explains know each other."""
    return at, str(verdict), str(action), decision


def _entry(case: Case, entry: Entry) -> dict[str, Any]:
    columns = dict(zip(case.recording.tags, case.recording.columns, strict=True))
    return {
        "at": _time(entry.at),
        "verdict": entry.verdict.value,
        "judged": entry.judged,
        "action": entry.action.value if entry.action else None,
        "taken": entry.taken,
        "refused": entry.refused,
        "subjects": [columns.get(subject, subject) for subject in entry.subjects],
        "evidence": _evidence(case, entry, entry.evidence) if entry.evidence else {},
        "fault": entry.fault,
        "change": entry.change,
        "authority": entry.decision.authority.value if entry.decision else None,
        "decision": entry.decision.id if entry.decision else None,
        "because": entry.because,
    }


def _evidence(case: Case, entry: Entry, evidence: Evidence) -> dict[str, Any]:
    return {
        "question": evidence.question,
        "subject": evidence.subject,
        "log_e": _finite(evidence.log_e),
        "rows": evidence.rows,
        "block": evidence.block,
        "value": _finite(evidence.value),
        "limit": _limit(case, entry, evidence.question),
        "first_bad": _time(time_of(round(evidence.first_bad * 1e6))) if evidence.first_bad is not None else None,
    }


def _limit(case: Case, entry: Entry, question: str) -> float | None:
    """What the value was held against, in its own unit, where that is one number."""
    if question in {PAIRED, PAIRED_EQUAL, LOSS, LOSS_EQUAL}:
        return 1 + number(case.policy.spec.evidence.margin)
    frozen = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", entry.decision.evidence.limit) if entry.decision else None
    return float(frozen[1]) / (100 if frozen[2] else 1) if frozen else None


def _summary(entries: Sequence[Entry]) -> dict[str, Any]:
    """How often each verdict was reached, and each action taken, asked for or refused."""
    return {
        "verdicts": dict(Counter(e.verdict.value for e in entries if e.change != "Recovered")),
        "taken": dict(Counter(e.action.value for e in entries if e.action and e.taken)),
        "asked": dict(Counter(e.action.value for e in entries if e.action and not e.taken and not e.refused)),
        "refused": dict(Counter(e.refused for e in entries if e.refused)),
    }


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _time(time: datetime) -> str:
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z").replace(".000000", "")

"""How is a replay told: as JSON for programs, in a few lines for people."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

from andon.api.decision import CheckSeen, Outcome
from andon.api.evidence import LOSS, LOSS_EQUAL, PAIRED, PAIRED_EQUAL, TAG_FAULTS
from andon.api.types import number
from andon.explain.case import Case as Told
from andon.explain.certainty import level
from andon.explain.page import replay_page
from andon.explain.plot import Plot
from andon.explain.replayed import explanations_of, sections_of, timeline_of
from andon.replay.columns import time_of
from andon.replay.film import Film
from andon.replay.journal import Entry
from andon.replay.replay import Case
from andon.replay.scene import CANDIDATE, STABLE
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
    told = explanations_of(report, [_told(case, entry) for entry in entries])
    plots = [_plots(case, entries[section.entry], film) for section in sections_of(report)]
    return replay_page(report, told, timeline_of(report), plots, remarks=[*_cast(case), *report["notes"]])


def _told(case: Case, entry: Entry) -> Told:
    ground = entry.ground
    return Told(
        verdict=entry.verdict.value,
        at=entry.at,
        target=_file(case, entry).name,
        namespace=case.policy.namespace,
        id=entry.decision.id if entry.decision else None,
        action=entry.action.value if entry.action else None,
        authority=entry.decision.authority.value if entry.decision else None,
        taken=entry.taken,
        refused=entry.refused,
        found_at_fault=ground.from_.version if ground.from_ else None,
        instead=ground.to.version if ground.to else None,
        subjects=tuple(_columns(case, entry)),
        fault=entry.fault,
        summary=_because(entry),
        evidence=ground.evidence,
        certainty=level(ground.evidence.question, case.policy.spec.evidence) if ground.evidence else None,
        checks=tuple(_spelt(case, check) for check in ground.checks),
        guards=ground.guards,
        replayed=True,
    )


def _file(case: Case, entry: Entry) -> Path:
    """What the verdict is about."""
    if entry.judged == "data":
        return case.recording.path
    return case.candidate.path if entry.judged == "candidate" and case.candidate else case.stable.path


def _because(entry: Entry) -> str:
    """Of a refusal the verdict's own reason: which guard rail it was is told elsewhere."""
    if not entry.refused:
        return entry.because
    return next((c.saw for c in entry.ground.checks if c.outcome is Outcome.ANSWERED and entry.judged != "data"), "")


def _plots(case: Case, entry: Entry, film: Film) -> list[Plot]:
    about = (entry.evidence.question, entry.evidence.subject) if entry.evidence else None
    return film.plots(about, entry.subjects, entry.at, case.policy.spec.evidence)


def _cast(case: Case) -> list[str]:
    """Who is who: files have no versions."""
    stable = f"Version {STABLE} is {case.stable.path.name}, which serves."
    if case.candidate is None:
        return [stable]
    since = _time(time_of(int(case.recording.times[case.since])))
    return [f"{stable} Version {CANDIDATE} is {case.candidate.path.name}, judged beside it from {since} on."]


def _columns(case: Case, entry: Entry) -> list[str]:
    """The tags, as the file spells them."""
    columns = dict(zip(case.recording.tags, case.recording.columns, strict=True))
    return [columns.get(subject, subject) for subject in entry.subjects]


def _spelt(case: Case, check: CheckSeen) -> CheckSeen:
    tag, _, question = check.name.partition(" ")
    columns = dict(zip(case.recording.tags, case.recording.columns, strict=True))
    known = question in TAG_FAULTS and tag in columns
    return check.model_copy(update={"name": f"{columns[tag]} {question}"}) if known else check


def _entry(case: Case, entry: Entry) -> dict[str, Any]:
    return {
        "at": _time(entry.at),
        "verdict": entry.verdict.value,
        "judged": entry.judged,
        "action": entry.action.value if entry.action else None,
        "taken": entry.taken,
        "refused": entry.refused,
        "subjects": _columns(case, entry),
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
    frozen = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", entry.ground.evidence.limit) if entry.ground.evidence else None
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

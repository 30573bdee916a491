"""One episode, for whoever wants to know why it went wrong: its truth, the report's entries, and the evidence over blocks."""

from collections.abc import Iterator

from andon.replay.engine import Engine
from andon.replay.journal import Entry
from andon.stats.blocks import Evidence

from . import engine
from .episodes import Episode, make
from .score import outcome

LOUD = 1.0
"""Log e from which on evidence is worth a line."""


def at(kind: str, seed: int, *, evidence: bool) -> str:
    """As text."""
    episode = make(kind, seed)
    entries = engine.entries(episode)
    lines = [str(outcome(episode, entries)), *(_told(episode, entry) for entry in entries)]
    return "\n".join([*lines, *(_evidence(episode) if evidence else [])]) + "\n"


def _told(episode: Episode, entry: Entry) -> str:
    row = round((entry.at.timestamp() - episode.rows.times[0]) / episode.rows.every)
    done = "taken" if entry.taken else f"refused: {entry.refused}" if entry.refused else "asked"
    action = f"{entry.action.value} {done}" if entry.action else ""
    said = f"{row:6} {entry.judged:9} {entry.verdict.value:15} {action} {entry.change or ''} {' '.join(entry.subjects)}"
    return f"{said} {entry.because}"


def _evidence(episode: Episode) -> Iterator[str]:
    """What every block says, the candidate judged to the end whatever is decided."""
    case = engine.case(episode)
    replayed = Engine(case.recording, case.labels, case.profile, case.stable, margin=0.1)
    replayed.judge(None, float(episode.rows.times[0]))
    for part in case.portions():
        if case.candidate and part.start == case.since:
            replayed.judge(case.candidate, float(episode.rows.times[part.start]))
        replayed.take(part)
        loud = [e for e in replayed.evidence() if e.log_e > LOUD]
        yield f"{part.stop:6} " + "; ".join(_line(e) for e in sorted(loud, key=lambda e: -e.log_e)[:8])


def _line(e: Evidence) -> str:
    return f"{e.question} {e.subject} {e.log_e:.1f} ({e.value:.3g})"

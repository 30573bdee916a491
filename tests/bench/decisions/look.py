"""One episode, for whoever wants to know why it went wrong: its truth, the report's entries, and the evidence over blocks."""

from collections.abc import Iterator
from pprint import pformat
from typing import Final

from andon.replay.film import Film
from andon.replay.journal import Entry

from . import engine
from .episodes import Episode, make
from .score import outcome

LOUD: Final = 1.0
"""Log e from which on evidence is worth a word."""


def at(kind: str, seed: int, *, evidence: bool) -> str:
    """As text."""
    episode, film = make(kind, seed), Film()
    entries = engine.entries(episode, film)
    lines = [pformat(outcome(episode, entries), width=120), *(_told(episode, entry) for entry in entries)]
    return "\n".join([*lines, *(_blocks(film) if evidence else [])]) + "\n"


def _told(episode: Episode, entry: Entry) -> str:
    row = round((entry.at.timestamp() - episode.rows.times[0]) / episode.rows.every)
    done = "taken" if entry.taken else f"refused: {entry.refused}" if entry.refused else "asked"
    action = f"{entry.action.value} {done}" if entry.action else ""
    said = f"{row:6} {entry.judged:9} {entry.verdict.value:15} {action} {entry.change or ''} {' '.join(entry.subjects)}"
    return f"{said} {entry.because}"


def _blocks(film: Film) -> Iterator[str]:
    """Every evaluation, the loudest question first."""
    for number, time in enumerate(film.times):
        said = {about: log_e[number] for about, log_e in film.log_e.items() if log_e.get(number, 0.0) > LOUD}
        loudest = sorted(said, key=lambda about: -said[about])[:8]
        yield f"{number:5} {time:%m-%d %H:%M} " + "; ".join(f"{' '.join(about)} {said[about]:.1f}" for about in loudest)

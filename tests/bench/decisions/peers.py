"""What would a user do without Andon? Alarms of simple rules on the same rows, each as the row at which it first calls.

A rule has no verdict: its alarm means "act on the model", whatever the cause.
"""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from . import plants
from .episodes import Episode
from .plants import Floats

PSI_LIMIT: Final = 0.2
PSI_WINDOW: Final = 300
PSI_BINS: Final = 10
STEP: Final = 20


RIVER: Final = (Path("build/peers/river/bin/python"), Path(__file__).parents[1] / "peers" / "river_alarms.py")


def alarms(episode: Episode, *, river: bool) -> dict[str, int | None]:
    """By rule. river: ask it too, in the environment of its own that `make bench-decisions` makes."""
    found = {"always": 0, "never": None, "psi": _psi_alarm(episode)}
    return found | {"adwin": _adwin_alarm(episode)} if river else found


def _adwin_alarm(episode: Episode) -> int | None:
    """ADWIN on the labelled error of what serves."""
    asked = _river()
    if asked.stdin is None or asked.stdout is None:
        raise RuntimeError("river was started without pipes")
    errors = [None if np.isnan(error) else error for error in _served_error(episode).tolist()]
    asked.stdin.write(json.dumps(errors) + "\n")
    asked.stdin.flush()
    row: int | None = json.loads(asked.stdout.readline())
    return row


@cache
def _river() -> subprocess.Popen[str]:
    """One per process; it ends when its standard input does."""
    return subprocess.Popen(RIVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _served_error(episode: Episode) -> Floats:
    """Absolute error of what a user without shadowing would serve: the candidate from its first row on. NaN where no label is."""
    served = episode.stable(episode.rows.values)
    if episode.candidate is not None:
        since = episode.candidate_from
        served[since:] = episode.candidate(episode.rows.values[since:])
    return np.asarray(np.abs(served - episode.labels))


def _psi_alarm(episode: Episode) -> int | None:
    edges, expected = _reference_bins(episode.plant.name)
    values = episode.rows.values
    for end in range(PSI_WINDOW, len(values) + 1, STEP):
        window = values[end - PSI_WINDOW : end]
        found = np.stack([_counts(window[:, i], edges[i]) for i in range(len(edges))])
        if (_psi(expected, found) > PSI_LIMIT).any():
            return end - 1
    return None


@cache
def _reference_bins(plant_name: str) -> tuple[list[Floats], Floats]:
    """Deciles of each feature in the reference, frozen, and the counts between them."""
    reference = plants.plant(plant_name).reference.x
    edges = [np.unique(np.quantile(column, np.linspace(0, 1, PSI_BINS + 1)[1:-1])) for column in reference.T]
    return edges, np.stack([_counts(column, e) for column, e in zip(reference.T, edges, strict=True)])


def _counts(values: Floats, edges: Floats) -> Floats:
    present = values[np.isfinite(values)]
    return np.bincount(np.searchsorted(edges, present), minlength=PSI_BINS).astype(np.float64)


def _psi(expected: Floats, found: Floats) -> Floats:
    """Per feature; half a row in every bin, so that an empty one is not infinitely far away."""
    p, q = ((counts + 0.5) / (counts + 0.5).sum(axis=1, keepdims=True) for counts in (expected, found))
    return np.asarray(((q - p) * np.log(q / p)).sum(axis=1))

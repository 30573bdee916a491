"""What does Andon make of an episode? `andon replay`'s own code, fed from memory instead of files; authority Act for all."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final, cast

import numpy as np

from andon.api.policy import DriftPolicySpec
from andon.replay.film import Film
from andon.replay.journal import Entry
from andon.replay.labels import Labels
from andon.replay.models import Model
from andon.replay.policyfile import Policy
from andon.replay.recording import Recording
from andon.replay.reference import made
from andon.replay.replay import Case, replay
from andon.stats.blocks import Rows
from andon.stats.profile import Profile

from . import models, plants
from .episodes import Episode
from .models import Predict
from .plants import Floats, Plant

POLICY: Final = Policy(
    "bench",
    "bench",
    DriftPolicySpec.model_validate(
        {"targetRef": {"name": "bench"}, "authority": {"Rollback": "Act", "Retrain": "Act", "Quarantine": "Act"}}
    ),
)
MIN_ROWS: Final = POLICY.spec.evidence.min_rows
SEAM: Final = 86_400.0
"""Seconds between two stretches of a reference."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function as replay takes models: one that says who it is."""

    function: Predict
    digest: str

    def predict(self, inputs: Floats) -> Floats:
        """One number per row."""
        return self.function(inputs)


def _model(function: Predict, *name: str) -> Model:
    """Replay asks a model for its digest and its predictions, whatever it was read from."""
    return cast(Model, Function(function, _digest(*name)))


@cache
def profile(plant_name: str, estimator: str, *, told: bool) -> Profile:
    """Of the stable, from all of the plant's reference; told, or not, which rows the stable was not fitted to."""
    plant = plants.plant(plant_name)
    recording = reference(plant)
    first_checked = recording.times[sum(len(stretch) for stretch in plant.fitted)]
    labels = Labels(np.arange(len(recording)), plant.reference.y, recording.times)
    stable = _model(models.stable(plant_name, estimator), "stable", plant_name, estimator)
    return made(recording, stable, labels, int(first_checked) if told else None).profile


def reference(plant: Plant) -> Recording:
    """The rows a profile is made of; a day passes between two of its stretches."""
    stretches = (*plant.fitted, *plant.checked)
    x = plant.reference.x
    gaps = SEAM * np.repeat(np.arange(len(stretches)), [len(stretch) for stretch in stretches])
    regimes = plant.reference_regimes if any(plant.reference_regimes) else None
    rows = Rows(plant.tags, plant.every * np.arange(len(x)) + gaps, plant.every, x, np.zeros(x.shape), np.zeros(x.shape), regimes)
    return _recording(plant.name, rows)


def _recording(name: str, rows: Rows) -> Recording:
    times = np.round(rows.times * 1e6).astype(np.int64)
    return Recording(Path(name), rows.tags, rows.tags, times, rows.values, rows.status, rows.regimes, rows.every, notes=())


def case(episode: Episode) -> Case:
    """The episode as `andon replay` would have read it from files."""
    recording = _recording(episode.name, episode.rows)
    labelled = np.flatnonzero(np.isfinite(episode.labels) & (episode.arrival < len(recording)))
    return Case(
        recording=recording,
        labels=Labels(labelled, episode.labels[labelled], recording.times[episode.arrival[labelled]]),
        profile=profile(episode.plant.name, episode.estimator, told=episode.told),
        profile_digest=_digest("profile", episode.plant.name, episode.estimator),
        stable=_model(episode.stable, "stable", episode.plant.name, episode.estimator),
        candidate=_model(episode.candidate, "candidate", episode.name) if episode.candidate else None,
        since=episode.candidate_from,
        policy=POLICY,
    )


def entries(episode: Episode, film: Film | None = None) -> list[Entry]:
    """The report's entries, in order. film: takes the evidence of every block."""
    return replay(case(episode), lambda _: None, film)


def _digest(*parts: str) -> str:
    return f"sha256:{sha256(' '.join(parts).encode()).hexdigest()}"

"""What does Andon make of an episode? `andon replay`'s own code, fed from memory instead of files; authority Act for all."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np

from andon.api.pipeline import Feature
from andon.api.policy import DriftPolicySpec
from andon.replay.journal import Entry
from andon.replay.labels import Labels
from andon.replay.policyfile import Policy
from andon.replay.recording import Recording
from andon.replay.reference import duration
from andon.replay.replay import Case, replay
from andon.stats import build
from andon.stats.blocks import Rows
from andon.stats.profile import Profile

from . import models, plants
from .episodes import START, Episode
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
class Callable:
    """A function as replay takes models: one that says who it is."""

    function: Predict
    digest: str

    def predict(self, inputs: Floats) -> Floats:
        """One number per row."""
        return self.function(inputs)


@cache
def profile(plant_name: str, estimator: str, *, told: bool) -> Profile:
    """Of the stable, from all of the plant's reference."""
    plant = plants.plant(plant_name)
    reference = plant.reference
    held_out = np.arange(len(reference)) >= sum(len(stretch) for stretch in plant.fitted)
    return build.profile(
        build.Reference(
            rows=_reference_rows(plant),
            features=[Feature(name=tag, tag=tag) for tag in plant.tags],
            every=duration(plant.every),
            prediction=models.stable(plant_name, estimator)(reference.x),
            labels=reference.y,
            held_out=held_out if told else np.ones(len(reference), dtype=np.bool_),
            target=plant.target,
        )
    )


def _reference_rows(plant: Plant) -> Rows:
    reference = plant.reference
    stretches = np.repeat(np.arange(len(plant.fitted) + len(plant.checked)), [len(s) for s in (*plant.fitted, *plant.checked)])
    return Rows(
        tags=plant.tags,
        times=START - 1e8 + plant.every * np.arange(len(reference)) + SEAM * stretches,
        every=plant.every,
        values=reference.x,
        status=np.zeros(reference.x.shape),
        ages=np.zeros(reference.x.shape),
        regimes=plant.reference_regimes if any(plant.reference_regimes) else None,
    )


def case(episode: Episode) -> Case:
    """The episode as `andon replay` would have read it from files."""
    rows = episode.rows
    times = np.round(rows.times * 1e6).astype(np.int64)
    labelled = np.flatnonzero(np.isfinite(episode.labels))
    labelled = labelled[episode.arrival[labelled] < len(rows)]
    return Case(
        recording=Recording(
            Path(episode.name), rows.tags, rows.tags, times, rows.values, rows.status, rows.regimes, rows.every, notes=()
        ),
        labels=Labels(labelled, episode.labels[labelled], times[episode.arrival[labelled]]),
        profile=profile(episode.plant.name, episode.estimator, told=episode.told),
        profile_digest=_digest("profile", episode.name),
        stable=Callable(episode.stable, _digest("stable", episode.name)),
        candidate=Callable(episode.candidate, _digest("candidate", episode.name)) if episode.candidate else None,
        since=episode.candidate_from,
        policy=POLICY,
    )


def entries(episode: Episode) -> list[Entry]:
    """The report's entries, in order."""
    return replay(case(episode), lambda _: None)


def _digest(*parts: str) -> str:
    return f"sha256:{sha256(' '.join(parts).encode()).hexdigest()}"

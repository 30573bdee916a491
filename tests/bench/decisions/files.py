"""An episode as the files that a user would hand to `andon profile` and `andon replay`.

Only for models that have a file: the Ridge of a plant, and the same with its columns in another order.
"""

from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from andon.runtime.train.export import to_onnx

from . import engine, models
from .episodes import Episode
from .models import Model
from .plants import Floats


def write(episode: Episode, folder: Path, candidate: bytes | None = None) -> list[list[str]]:
    """Into the folder; the arguments of the two commands. candidate: an ONNX file, judged from the episode's row on."""
    plant, case = episode.plant, engine.case(episode)
    reference = engine.reference(plant)
    held_out_from = reference.times[sum(len(stretch) for stretch in plant.fitted)]
    _rows(folder / "reference.parquet", plant.tags, reference.times, reference.values, reference.status)
    _labels(folder / "reference-labels.parquet", reference.times, plant.reference.y, reference.times)
    _rows(folder / "rows.parquet", plant.tags, case.recording.times, case.recording.values, case.recording.status)
    _labels(folder / "labels.parquet", case.recording.times[case.labels.rows], case.labels.values, case.labels.known_at)
    (folder / "stable.onnx").write_bytes(onnx(models.stable(plant.name, "ridge"), len(plant.tags)))
    (folder / "policy.yaml").write_text("spec: {authority: {Rollback: Act, Retrain: Act, Quarantine: Act}}\n")
    profile = [
        "profile", "--rows", "reference.parquet", "--labels", "reference-labels.parquet", "--model", "stable.onnx",
        "--out", "reference.profile", "--held-out-from", _instant(held_out_from),
    ]  # fmt: skip
    replay = [
        "replay", "--rows", "rows.parquet", "--labels", "labels.parquet", "--profile", "reference.profile",
        "--stable", "stable.onnx", "--policy", "policy.yaml", "--json", "report.json",
    ]  # fmt: skip
    if candidate is not None:
        (folder / "candidate.onnx").write_bytes(candidate)
        since = _instant(case.recording.times[episode.candidate_from])
        replay += ["--candidate", "candidate.onnx", "--candidate-from", since]
    return [profile, replay]


def onnx(model: Model, features: int) -> bytes:
    """A Ridge as a file."""
    return to_onnx(model.estimator, features)


def scrambled(model: Model, order: Any) -> Model:
    """A Ridge that takes its columns in another order: what it says of x is what the model says of x[:, order]."""
    other = deepcopy(model.estimator)
    scaler, ridge = other[0], other[-1]
    back = np.argsort(order)
    scaler.mean_, scaler.scale_, ridge.coef_ = scaler.mean_[back], scaler.scale_[back], ridge.coef_[back]
    return Model(other)


def _rows(path: Path, tags: tuple[str, ...], times: Any, values: Floats, status: Floats) -> None:
    columns = {tag: values[:, i] for i, tag in enumerate(tags)}
    states = {f"{tag}.status": status[:, i].astype(np.uint32) for i, tag in enumerate(tags)}
    pq.write_table(pa.table({"time": _times(times), **columns, **states}), path)


def _labels(path: Path, times: Any, labels: Floats, known_at: Any) -> None:
    pq.write_table(pa.table({"time": _times(times), "label": labels, "available_at": _times(known_at)}), path)


def _times(micros: Any) -> Any:
    return pa.array(micros, pa.timestamp("us", "UTC"))


def _instant(micros: Any) -> str:
    return datetime.fromtimestamp(int(micros) / 1e6, UTC).isoformat()

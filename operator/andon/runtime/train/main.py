"""`andon train`: from landed records to one registered version, step by step."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np

from andon.api.golden import GOLDEN_FILE, GOLDEN_TAG
from andon.runtime.train import config as orders
from andon.runtime.train import documents, estimators, export, gates, landing
from andon.runtime.train.config import TrainConfig
from andon.runtime.train.outcome import BadConfiguration, Outcome, TrainingFailed
from andon.runtime.train.registration import FINGERPRINT_TAG, Registration
from andon.runtime.train.rows import Rows, assemble, check
from andon.stats.profile import digest

Say = Callable[[str], None]


def _say(line: str) -> None:
    print(line, flush=True)


def train(config: TrainConfig, landing_folder: Path, tracking_uri: str, say: Say = _say) -> Outcome:
    """The version for this order's fingerprint, found or made. say: takes progress lines for people. Raises TrainingFailed."""
    registration = Registration(tracking_uri, config.registry.model)
    found = registration.find(config.fingerprint)
    if found is not None:
        say(f"{config.registry.model} {found.version} was already trained for {config.fingerprint}")
        return found
    landed = landing.read(landing_folder, config.needed)
    say(str(landed))
    rows = assemble(config, landed)
    say(str(rows.counts))
    check(config, rows)
    files, metrics = _make(config, landed, rows, say)
    tags = {
        "andon.digest": digest(files["model.onnx"]),
        "andon.profile-digest": digest(files["profile.json"]),
        GOLDEN_TAG: digest(files[GOLDEN_FILE]),
        FINGERPRINT_TAG: config.fingerprint,
        "andon.pipeline": config.pipeline,
    }
    outcome = registration.register(config.pipeline, files, metrics, tags)
    say(f"registered {config.registry.model} {outcome.version} ({outcome.digest[:19]}…)")
    return outcome


def _make(config: TrainConfig, landed: landing.Landing, rows: Rows, say: Say) -> tuple[dict[str, bytes], dict[str, float]]:
    """Model, profile, golden answers and manifest by file name, and the metrics of the held-out rows."""
    fit, held_out = rows.split
    target = rows.target[held_out]
    model = estimators.fit(config.builtin.estimator, rows.features[fit], rows.target[fit])
    onnx = export.to_onnx(model, len(config.spec.features))
    reference = rows.sound.features.astype(np.float32)
    of_all = export.predict(onnx, reference)
    prediction = of_all[rows.sound.labelled]
    of_model = estimators.predict(model, rows.features[held_out])
    parity = export.check_parity(prediction[held_out], of_model, float(rows.target.std()))
    metrics = gates.measure(prediction[held_out], target)
    say(f"{config.builtin.estimator} fitted to {fit.stop:,} rows; on the next {target.size:,}: " + _listed(metrics))
    gates.check(config.spec.gates, metrics, target.size)
    files = {
        "model.onnx": onnx,
        "profile.json": documents.profile(config, rows, of_all, digest(onnx)).dump(),
        GOLDEN_FILE: documents.golden(reference, of_all),
    }
    digests = {name: digest(content) for name, content in files.items()}
    manifest = documents.manifest(config, landed, rows, metrics | {"parity": parity}, digests)
    return files | {"manifest.json": manifest}, metrics


def _listed(metrics: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())


def main() -> NoReturn:
    """Runs one order from the environment (docs/wire.md, Training), leaves its outcome as termination message and exits."""
    try:
        outcome: Outcome | TrainingFailed = train(
            orders.read(Path(_environment("ANDON_CONFIG"))),
            Path(_environment("ANDON_LANDING")),
            _environment("MLFLOW_TRACKING_URI"),
        )
    except TrainingFailed as failed:
        print(f"{failed.reason}: {failed.message}", file=sys.stderr)
        outcome = failed
    _leave(outcome.line())
    sys.exit(outcome.exit_code if isinstance(outcome, TrainingFailed) else 0)


def _leave(line: str) -> None:
    path = Path(os.environ.get("ANDON_TERMINATION_LOG", "/dev/termination-log"))
    try:
        path.write_text(line + "\n")
    except OSError as error:
        print(f"{path}: {error.strerror}; outside a pod, set ANDON_TERMINATION_LOG. It would say: {line}", file=sys.stderr)


def _environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise BadConfiguration(f"{name} is not set; a Job of the operator sets it, see docs/wire.md, Training")
    return value

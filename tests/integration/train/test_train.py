"""From landed records to a registered version, on a real MLflow server."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

import landed
from andon.lab.mistake import train_in_wrong_unit
from andon.runtime.train import export
from andon.runtime.train.config import TrainConfig
from andon.runtime.train.main import train
from andon.runtime.train.outcome import TrainingFailed
from andon.runtime.train.registration import Registration
from andon.stats.profile import Profile, digest

from .cut import line

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="session")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """500 rows of normal operation in two files."""
    folder = tmp_path_factory.mktemp("landing")
    landed.write(folder, landed.series(landed.soft_sensor(slice(0, 300))), "1-2")
    landed.write(folder, landed.series(landed.soft_sensor(slice(300, None)), landed.START_MS + 300 * landed.EVERY_MS), "2-3")
    return folder


def ask(uri: str, path: str, **parameters: str) -> dict[str, Any]:
    answer = requests.get(f"{uri}/api/2.0/mlflow/{path}", params=parameters, timeout=10)
    answer.raise_for_status()
    return dict(answer.json())


def versions(uri: str, model: str) -> list[dict[str, Any]]:
    return list(ask(uri, "model-versions/search", filter=f"name = '{model}'").get("model_versions", []))


def download(uri: str, version: dict[str, Any], name: str) -> bytes:
    """As a server does it: by plain HTTP, from the version's source."""
    folder = version["source"].removeprefix("mlflow-artifacts:/")
    answer = requests.get(f"{uri}/api/2.0/mlflow-artifacts/artifacts/{folder}/{name}", timeout=10)
    answer.raise_for_status()
    return answer.content


def test_one_version_whose_files_have_its_digests(mlflow_uri: str, landing: Path) -> None:
    outcome = train(landed.order("f1", "one-version"), landing, mlflow_uri)
    (version,) = versions(mlflow_uri, "one-version")
    tags = {tag["key"]: tag["value"] for tag in version["tags"]}
    assert outcome.version == version["version"] == "1"
    assert outcome.digest == tags["andon.digest"] == digest(download(mlflow_uri, version, "model.onnx"))
    assert tags["andon.profile-digest"] == digest(download(mlflow_uri, version, "profile.json"))
    assert tags["andon.golden-digest"] == digest(download(mlflow_uri, version, "golden.json"))
    assert tags["andon.spec"] == "f1"
    assert tags["andon.pipeline"] == "plant-a/soft-sensor"
    assert version["status"] == "READY"
    assert version["run_id"]


def test_the_files_of_a_version_tell_one_story(mlflow_uri: str, landing: Path) -> None:
    outcome = train(landed.order("f1", "one-story"), landing, mlflow_uri)
    (version,) = versions(mlflow_uri, "one-story")
    profile = Profile.parse(download(mlflow_uri, version, "profile.json"))
    manifest = json.loads(download(mlflow_uri, version, "manifest.json"))
    assert profile.error.rmse == pytest.approx(outcome.metrics["rmse"])
    assert manifest["metrics"]["rmse"] == outcome.metrics["rmse"]
    assert profile.model == outcome.digest
    assert outcome.metrics["rmse"] == pytest.approx(0.0106, abs=0.0005)
    golden = download(mlflow_uri, version, "golden.json")
    told = {"model.onnx": outcome.digest, "profile.json": digest(profile.dump()), "golden.json": digest(golden)}
    assert manifest["digests"] == told
    assert [(file["name"], file["records"]) for file in manifest["data"]["files"]] == [
        ("date=2025-11-22/1-2.parquet", 300 * 34),
        ("date=2025-11-22/2-3.parquet", 200 * 34),
    ]
    assert (manifest["split"]["fit"]["rows"], manifest["split"]["heldOut"]["rows"], profile.rows) == (375, 125, 500)
    assert manifest["time"]["first"] == "2025-11-22T08:26:40.000Z"
    assert {"onnx", "scikit-learn", "python"} <= manifest["libraries"].keys()


def test_a_second_run_finds_the_version_and_makes_none(mlflow_uri: str, landing: Path, tmp_path: Path) -> None:
    first = train(landed.order("f1", "run-twice"), landing, mlflow_uri)
    assert train(landed.order("f1", "run-twice"), tmp_path / "the landing is gone", mlflow_uri) == first
    assert len(versions(mlflow_uri, "run-twice")) == 1


def test_a_changed_spec_makes_the_next_version(mlflow_uri: str, landing: Path) -> None:
    train(landed.order("f1", "two-specs"), landing, mlflow_uri)
    boosted = landed.order("f2", "two-specs", trainer={"builtin": {"estimator": "HistGradientBoosting"}})
    assert train(boosted, landing, mlflow_uri).version == "2"


def test_a_failed_gate_registers_nothing(mlflow_uri: str, landing: Path) -> None:
    order = landed.order("f1", "gated", gates=[{"metric": {"name": "rmse", "max": "0.001"}}])
    with pytest.raises(TrainingFailed, match=r"rmse is 0.0106\d+ on 125 held-out rows \(limit 0.001\)") as failed:
        train(order, landing, mlflow_uri)
    assert failed.value.reason == "GateFailed"
    assert not versions(mlflow_uri, "gated")


def test_a_quarantined_window_is_not_learnt_from(mlflow_uri: str, tmp_path: Path) -> None:
    values = landed.soft_sensor()
    values["xmeas_7"][100:150] = values["xmeas_7"][100] * 2
    landed.write(tmp_path, landed.series(values))
    since, until = (
        datetime.fromtimestamp((landed.START_MS + row * landed.EVERY_MS) / 1000, UTC).isoformat() for row in (100, 149)
    )
    landed.quarantine(tmp_path, {"tags": ["xmeas_7"], "since": since, "until": until})
    train(landed.order("f1", "quarantined"), tmp_path, mlflow_uri)
    (version,) = versions(mlflow_uri, "quarantined")
    profile = Profile.parse(download(mlflow_uri, version, "profile.json"))
    manifest = json.loads(download(mlflow_uri, version, "manifest.json"))
    assert next(feature.support for feature in profile.features if feature.name == "xmeas_7").max < 3000
    assert profile.max_run("xmeas_7") < 5
    assert manifest["rows"] == {"all": 500, "quarantined": 50, "missing": 0, "bad": 0, "unlabelled": 0, "used": 450}
    assert manifest["quarantine"][0]["tags"] == ["xmeas_7"]


def test_a_model_of_the_wrong_unit_passes_its_gates_and_is_wrong_on_the_plant(mlflow_uri: str, landing: Path) -> None:
    """A linear model: trees trained in psi see one value beyond their range and go by the other 32 features."""
    order = landed.order("f1", "wrong-unit", gates=[{"metric": {"name": "rmse", "max": "0.015"}}])
    train(order, landing, mlflow_uri)
    assert train_in_wrong_unit(order, landing, mlflow_uri, "xmeas_7").version == "2"
    good, mistaken = sorted(versions(mlflow_uri, "wrong-unit"), key=lambda version: version["version"])
    values = landed.soft_sensor()
    rows = np.column_stack([values[tag] for tag in landed.FEATURES]).astype(np.float32)
    says_good, says_mistaken = (export.predict(download(mlflow_uri, version, "model.onnx"), rows) for version in (good, mistaken))
    assert np.abs(says_mistaken - says_good).min() > 5 * values[landed.TARGET].std()


def reason_of_failure(order: TrainConfig, landing: Path, uri: str) -> str | None:
    try:
        train(order, landing, uri)
    except TrainingFailed as failed:
        return failed.reason
    return None


@pytest.mark.parametrize("on_the_way_back", [False, True], ids=["request lost", "answer lost"])
def test_cut_at_any_write_and_run_again_there_is_one_version(on_the_way_back: bool, mlflow_uri: str, landing: Path) -> None:
    """Nothing is tidied up when a request fails, so for the registry a cut is the same as a kill."""
    writes = 0
    model = f"cut-{on_the_way_back}"
    while True:
        order = landed.order(f"cut-{writes + 1}", model)
        with line(mlflow_uri, writes + 1, on_the_way_back) as through:
            reason = reason_of_failure(order, landing, through.uri)
        train(order, landing, mlflow_uri)
        assert len(versions(mlflow_uri, model)) == writes + 1
        if reason is None:
            break
        assert reason == "RegistryUnavailable"
        writes += 1
    assert writes == 11, "model, experiment, run, two metrics, four files, end of the run, version"


def test_of_two_pods_at_once_one_takes_its_version_away(mlflow_uri: str) -> None:
    tags = {"andon.spec": "f1", "andon.digest": "sha256:" + "0" * 64}
    outcomes = [
        Registration(mlflow_uri, "two-pods").register("plant-a/two-pods", {"model.onnx": b""}, {}, tags) for _ in range(2)
    ]
    assert [outcome.version for outcome in outcomes] == ["1", "1"]
    assert len(versions(mlflow_uri, "two-pods")) == 1


def test_the_process_leaves_its_outcome_as_termination_message(mlflow_uri: str, landing: Path, tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text(landed.order("f1", "as-a-job").model_dump_json())
    environment = {
        "ANDON_CONFIG": str(tmp_path / "order.json"),
        "ANDON_LANDING": str(landing),
        "ANDON_TERMINATION_LOG": str(tmp_path / "termination-log"),
        "MLFLOW_TRACKING_URI": mlflow_uri,
    }
    command = [sys.executable, "-c", "from andon.runtime.train.main import main; main()"]
    ended = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[1:] == [
        "500 of 500 rows can be used",
        "Ridge fitted to 375 rows; on the next 125: rmse 0.01062, mae 0.008724",
        ended.stdout.splitlines()[-1],
    ]
    said = json.loads((tmp_path / "termination-log").read_text())
    assert (said["version"], said["metrics"].keys()) == ("1", {"rmse", "mae"})

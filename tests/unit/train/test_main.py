"""An order from the environment: what it exits with and what it leaves behind."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import landed
from andon.runtime.train import config
from andon.runtime.train.main import main
from andon.runtime.train.outcome import BadConfiguration, Outcome, TrainingFailed

Run = Callable[[], tuple[int, dict[str, Any]]]


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed_port: int) -> Run:
    (tmp_path / "order.json").write_text(landed.order().model_dump_json())
    monkeypatch.setenv("ANDON_CONFIG", str(tmp_path / "order.json"))
    monkeypatch.setenv("ANDON_LANDING", str(tmp_path / "landing"))
    monkeypatch.setenv("ANDON_TERMINATION_LOG", str(tmp_path / "termination-log"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{closed_port}")

    def go() -> tuple[int, dict[str, Any]]:
        with pytest.raises(SystemExit) as ended:
            main()
        (line,) = (tmp_path / "termination-log").read_text().splitlines()
        return int(str(ended.value.code)), json.loads(line)

    return go


def test_a_registry_that_is_away_is_told_from_a_wrong_order(run: Run) -> None:
    code, said = run()
    assert code == 75
    assert said["reason"] == "RegistryUnavailable"
    assert "the Job tries again" in said["message"]


@pytest.mark.parametrize("name", ["ANDON_CONFIG", "ANDON_LANDING", "MLFLOW_TRACKING_URI"])
def test_a_missing_setting_is_named(name: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)
    code, said = run()
    assert (code, said["reason"]) == (2, "BadConfiguration")
    assert name in said["message"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda order: order.pop("fingerprint"), "fingerprint: Field required", id="no fingerprint"),
        pytest.param(lambda order: order.update(fingerprint="a' or '1"), "fingerprint: String should match", id="a quote in it"),
        pytest.param(lambda order: order["spec"].update(colour="red"), "spec.colour: Extra inputs", id="an unknown field"),
        pytest.param(
            lambda order: order["spec"].update(trainer={}), "spec.trainer: set exactly one of: builtin", id="no trainer"
        ),
    ],
)
def test_a_wrong_order_names_the_field(change: Callable[[dict[str, Any]], Any], message: str, tmp_path: Path) -> None:
    order = json.loads(landed.order().model_dump_json())
    change(order)
    path = tmp_path / "order.json"
    path.write_text(json.dumps(order))
    with pytest.raises(BadConfiguration, match=message):
        config.read(path)


def test_an_order_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"order.json cannot be read \(No such file or directory\)"):
        config.read(tmp_path / "order.json")


def test_an_outcome_is_one_line() -> None:
    assert json.loads(Outcome("3", "sha256:00", {"rmse": 0.5}).line()) == {
        "version": "3",
        "digest": "sha256:00",
        "metrics": {"rmse": 0.5},
    }


def test_a_long_reason_still_fits_the_termination_message() -> None:
    assert len(TrainingFailed("LandingUnreadable", "é" * 100_000).line().encode()) <= 4096 * 2

"""A real MLflow server, started once for these tests."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

START_WITHIN = 50.0
"""Seconds; 26 to 28 without byte code."""


@pytest.fixture(scope="session")
def mlflow_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server on SQLite with proxied artifacts, as the lab runs it."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("mlflow")),
        "server",
        "--workers",
        "1",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "artifacts")]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([*command, "--allowed-hosts", "127.*,localhost:*"], env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}", server, folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_until_ready(uri: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """``/health`` answers even when the host check refuses everything else, so the registry itself is asked."""
    deadline = time.monotonic() + START_WITHIN
    seen = ""
    while time.monotonic() < deadline and server.poll() is None:
        try:
            answer = requests.get(f"{uri}/api/2.0/mlflow/registered-models/search", timeout=2)
        except requests.ConnectionError as error:
            seen = str(error)
        else:
            if answer.ok:
                return
            seen = answer.text
        time.sleep(0.1)
    raise AssertionError(f"MLflow did not start within {START_WITHIN:.0f} s: {seen}\n{log.read_text()[-2000:]}")

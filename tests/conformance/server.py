"""A real `andon serve`, from Andon's own environment: what tests it lives in another, with clients that others wrote."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = os.environ.get("ANDON_PYTHON") or str(ROOT / ".venv/bin/python")


@dataclass
class Server:
    """One process and its addresses."""

    process: subprocess.Popen
    log: Path
    http: str
    grpc: str

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(15)


def made_models(folder):
    """A folder with `echo.onnx`, `sums.onnx` and `more.onnx`."""
    subprocess.run([PYTHON, Path(__file__).with_name("make_models.py"), folder], check=True, timeout=50)
    return folder


def start(folder, name, *arguments):
    """Serve, and wait until it is ready."""
    http, grpc = (f"127.0.0.1:{_free_port()}" for _ in range(2))
    log = folder / f"{name}.log"
    command = [PYTHON, "-m", "andon.cli", "serve", "--http", http, "--grpc", grpc, *map(str, arguments)]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, cwd=folder)
    server = Server(process, log, http, grpc)
    _until_ready(server, f"http://{http}/v2/health/ready")
    return server


def _until_ready(server, url):
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - its own address
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    server.process.kill()
    raise AssertionError(f"not ready; its log ends: {server.log.read_text()[-2000:]}")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

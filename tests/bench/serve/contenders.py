"""Who is compared? Andon, and what others serve an ONNX file with, each in an environment of its own.

All get one process, one thread of ONNX Runtime and no line of log per request.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from andon.api.slots import Ack, RowSource, SlotModel, Slots

from . import cases
from .cases import NAME, Body, Case, Form
from .load import Target
from .models import Floats, Model
from .processes import Server, free_port

ROOT: Final = Path(__file__).parents[3]
PEERS: Final = Path(__file__).parents[1] / "peers"
NAMESPACE: Final = "bench"
ACKS: Final = "acks.json"
_OIP: Final = f"/v2/models/{NAME}/infer"
_QUIET: Final = {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": ""}


@dataclass(frozen=True, slots=True)
class Ports:
    """Free ones."""

    http: int
    grpc: int


@dataclass(frozen=True, slots=True)
class Launch:
    """What starts a server."""

    command: Sequence[str | Path]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contender:
    """python: of its environment. package: whose version counts. path: of inference. body: what asks for rows.

    looks: whether it looks at the rows, so that it matters which it is asked for.
    """

    name: str
    python: Path
    package: str
    path: str
    forms: frozenset[Form]
    body: Callable[[Floats, Form], Body]
    launch: Callable[[Path, Model, Path, Ports], Launch]
    looks: bool = True

    def version(self) -> str:
        """Of what is installed. Raises MissingError where it is not."""
        if not self.python.exists():
            raise MissingError(
                f"there is no {self.python.relative_to(ROOT)}; make bench-serve installs it, or says why it cannot"
            )
        asked = f"from importlib.metadata import version; print(version({self.package!r}))"
        done = subprocess.run([self.python, "-c", asked], capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise MissingError(f"{self.package} is not in {self.python.parent}; make bench-serve installs it")
        return done.stdout.strip()

    def start(self, model: Model, folder: Path, core: int) -> "Serving":
        """A process of its own, not yet answering."""
        ports = Ports(free_port(), free_port())
        folder.mkdir(parents=True, exist_ok=True)
        launch = self.launch(self.python, model, folder, ports)
        return Serving(self, model, ports, folder, Server(launch.command, {**_QUIET, **launch.environment}, folder, core))


@dataclass(frozen=True, slots=True)
class Serving:
    """One contender with one model."""

    contender: Contender
    model: Model
    ports: Ports
    folder: Path
    server: Server

    def first_answer(self) -> float:
        """Seconds from the start to the first answer. Raises RuntimeError when it is not what the model says, or never comes."""
        body = self.contender.body(cases.rows(1), Form.JSON)
        seconds, answer = self.server.first_answer(self.ports.http, self.contender.path, body.content, body.headers)
        if not np.allclose(_numbers(json.loads(answer)), _expected(self.model, 1), rtol=1e-3, atol=1e-3):
            raise RuntimeError(f"{self.contender.name} answers {answer[:200]!r}, ONNX Runtime {_expected(self.model, 1)}")
        return seconds

    def target(self, case: Case) -> Target:
        """Where and what to ask."""
        http = f"http://127.0.0.1:{self.ports.http}{self.contender.path}"
        url = f"grpc://127.0.0.1:{self.ports.grpc}" if case.form is Form.GRPC else http
        variants = range(case.variants if self.contender.looks else 1)
        return Target(url, [self.contender.body(cases.rows(case.rows, variant), case.form) for variant in variants])


class MissingError(Exception):
    """It is not installed; the message says what is missing."""


def session(model: Model) -> Any:
    """Bare ONNX Runtime, one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.path, options, providers=["CPUExecutionProvider"])


def orders(stable: Model, *, reference: Model | None = None, profile: Path | None = None, inputs: RowSource | None = None) -> str:
    """slots.json for Andon. reference: stays loaded beside, as what served before does after a promotion."""
    beside = _slot(reference) if reference else None
    return Slots(namespace=NAMESPACE, deployment=NAME, stable=_slot(stable, profile), reference=beside, inputs=inputs).text()


def write(orders_text: str, folder: Path) -> float:
    """Order, whole: the file is replaced. When, in seconds since the epoch: by the file, as we may be made to wait."""
    part = folder / "slots.part"
    part.write_text(orders_text)
    return part.rename(folder / "slots.json").stat().st_ctime


def acknowledged(folder: Path) -> Ack | None:
    """What Andon said last; None before it did."""
    path = folder / ACKS
    return Ack.model_validate_json(path.read_text()) if path.exists() else None


def _slot(model: Model, profile: Path | None = None) -> SlotModel:
    from andon.stats.profile import digest

    about = {"profile": profile.as_uri(), "profile_digest": digest(profile.read_bytes())} if profile else {}
    return SlotModel(version=model.version, digest=model.digest, model=model.path.as_uri(), **about)


def _expected(model: Model, rows: int) -> Any:
    return session(model).run(None, {"rows": cases.rows(rows)})[0].ravel()


def _numbers(answer: Any) -> Any:
    """Of an answer in either protocol."""
    given = answer["outputs"][0]["data"] if "outputs" in answer else answer["predictions"]
    return np.ravel(given["prediction"] if isinstance(given, dict) else given)


def _andon(python: Path, model: Model, folder: Path, ports: Ports) -> Launch:
    launch = _andon_over_http(python, model, folder, ports)
    return Launch([*launch.command, "--grpc", f"127.0.0.1:{ports.grpc}"], launch.environment)


def _andon_over_http(python: Path, model: Model, folder: Path, ports: Ports) -> Launch:
    shutil.rmtree(folder / "data", ignore_errors=True)
    (folder / ACKS).unlink(missing_ok=True)
    write(orders(model), folder)
    listen = ["--http", f"127.0.0.1:{ports.http}"]
    obey: list[str | Path] = ["--slots", folder / "slots.json", "--acks", folder / ACKS, "--data", folder / "data"]
    return Launch([python, "-m", "andon.cli", "serve", *obey, *listen], {"ANDON_NAMESPACE": NAMESPACE, "ANDON_NAME": NAME})


def _constant(python: Path, model: Model, folder: Path, ports: Ports) -> Launch:
    del folder
    return Launch([python, "-m", "tests.bench.serve.floor", model.path, str(ports.http)], {"PYTHONPATH": str(ROOT)})


def _mlserver(python: Path, model: Model, folder: Path, ports: Ports) -> Launch:
    settings = {"http_port": ports.http, "grpc_port": ports.grpc, "host": "127.0.0.1"}
    narrow = {"parallel_workers": 0, "debug": False, "metrics_endpoint": None}
    (folder / "settings.json").write_text(json.dumps(settings | narrow))
    about = {"name": NAME, "implementation": "mlserver_onnx.Onnx", "parameters": {"uri": str(model.path)}}
    (folder / "model-settings.json").write_text(json.dumps(about))
    return Launch([python.with_name("mlserver"), "start", folder], {"PYTHONPATH": str(PEERS)})


def _kserve(python: Path, model: Model, folder: Path, ports: Ports) -> Launch:
    del folder
    what = ["--onnx", str(model.path), "--model_name", NAME]
    listen = ["--http_port", str(ports.http), "--grpc_port", str(ports.grpc)]
    quiet = ["--configure_logging", "false", "--enable_latency_logging", "false"]
    return Launch([python, PEERS / "kserve_onnx.py", *what, *listen, *quiet], {})


def _mlflow(python: Path, model: Model, folder: Path, ports: Ports) -> Launch:
    saved = folder / "model"
    if not saved.exists():
        subprocess.run([python, PEERS / "mlflow_onnx.py", model.path, saved], check=True, timeout=120, capture_output=True)
    what = ["models", "serve", "--model-uri", str(saved), "--env-manager", "local"]
    listen = ["--host", "127.0.0.1", "--port", str(ports.http), "--workers", "1"]
    found = {"PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    return Launch([python.with_name("mlflow"), *what, *listen], {"UVICORN_ACCESS_LOG": "false", **found})


def _peer(name: str) -> Path:
    return ROOT / "build" / "peers" / name / "bin" / "python"


ANDON: Final = Contender("Andon", Path(sys.executable), "andon", _OIP, frozenset(Form), cases.open_inference, _andon)
OVER_HTTP: Final = replace(ANDON, name="Andon without gRPC", forms=frozenset({Form.JSON, Form.BINARY}), launch=_andon_over_http)
"""As a pod has it unless gRPC is asked for: what its memory is told of."""
MLSERVER: Final = Contender(
    "MLServer", _peer("mlserver"), "mlserver", _OIP, frozenset({Form.JSON, Form.GRPC}), cases.open_inference, _mlserver
)
KSERVE: Final = Contender("KServe", _peer("kserve"), "kserve", _OIP, frozenset(Form), cases.open_inference, _kserve)
MLFLOW: Final = Contender("MLflow", _peer("mlflow"), "mlflow", "/invocations", frozenset({Form.JSON}), cases.mlflow, _mlflow)
FLOOR: Final = Contender(
    "a constant answer",
    Path(sys.executable),
    "uvloop",
    _OIP,
    frozenset({Form.JSON, Form.BINARY}),
    cases.open_inference,
    _constant,
    looks=False,
)
"""What parsing HTTP and writing an answer takes by itself."""
CONTENDERS: Final = (ANDON, MLSERVER, KSERVE, MLFLOW, FLOOR)

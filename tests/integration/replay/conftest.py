"""The command as a user runs it, on a recorded plant: files made once, which tests read and never change."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from andon import cli
from integration.replay.recorded import FAULT_FREE, REFERENCE, START, Recorded, ridge

LATER = START + timedelta(days=30)


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        return json.loads(self.out)


Andon = Callable[..., Done]


@pytest.fixture
def andon(capsys) -> Andon:
    """`andon …` in this process: what it raises beside its exit would be a traceback for the user, and fails the test."""

    def run(*arguments: object) -> Done:
        with pytest.raises(SystemExit) as left:
            cli.main([str(argument) for argument in arguments])
        return Done(int(left.value.code or 0), *capsys.readouterr())

    return run


@dataclass(frozen=True)
class Plant:
    """A folder of files: reference, labels of it, models, profile, rows to replay with their labels, and a policy."""

    folder: Path

    def __getattr__(self, name: str) -> Path:
        return self.folder / name.replace("__", ".")

    def replay(self, **changed: object) -> list[str]:
        """The command line; files by option, None to leave one out."""
        usual = {
            "rows": self.stream__parquet,
            "profile": self.reference__profile,
            "stable": self.stable__onnx,
            "policy": self.policy__yaml,
            "json": "-",
        }
        options = {k.replace("_", "-"): v for k, v in (usual | changed).items() if v is not None}
        return ["replay", *(word for name, value in options.items() for word in (f"--{name}", str(value)))]


@pytest.fixture(scope="session")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    folder = tmp_path_factory.mktemp("plant")
    made = Plant(folder)
    made.stable__onnx.write_bytes(ridge())
    made.bad__onnx.write_bytes(ridge(off=3.0))
    reference, stream = Recorded.of(*REFERENCE), Recorded.of(*FAULT_FREE, start=LATER)
    reference.write(made.reference__parquet)
    reference.write_labels(made.reference_labels__parquet)
    stream.write(made.stream__parquet)
    stream.write_labels(made.labels__parquet)
    made.policy__yaml.write_text("spec: {}\n")
    with pytest.raises(SystemExit) as left:
        cli.main(
            [
                *("profile", "--rows", str(made.reference__parquet), "--model", str(made.stable__onnx)),
                *("--labels", str(made.reference_labels__parquet), "--out", str(made.reference__profile)),
            ]
        )
    assert left.value.code == 0
    return made

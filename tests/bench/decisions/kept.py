"""Which episodes has this very code been asked already? A run of hours that was stopped goes on from there.

One line of JSON per episode, appended as it ends, with a digest of the code that it follows from: after a change of the engine or
of the episodes their outcomes are of the past and are passed over.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from .score import Outcome

Job = tuple[str, int]

ROOT: Final = Path(__file__).parents[3]
MEASURED: Final = ("stats", "core/chain.py", "core/drift", "replay")
"""Of operator/andon."""
MEASURING: Final = ("candidates", "engine", "episodes", "faults", "models", "peers", "plants", "score")
"""Of this package: the tables may change, the outcomes stay."""

_OUTCOME: Final = TypeAdapter(Outcome)


def code() -> str:
    """Digest of the sources that an outcome follows from."""
    digest = sha256()
    for path in sorted(_sources()):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    for name in MEASURED:
        path = ROOT / "operator" / "andon" / name
        yield from path.rglob("*.py") if path.is_dir() else (path,)
    yield from (Path(__file__).with_name(f"{name}.py") for name in MEASURING)


class Kept:
    """The outcomes in one file that are of today's code, with or without river's alarms as is asked for."""

    def __init__(self, path: Path, *, river: bool) -> None:
        """Reads what there is."""
        self._path, self._of = path, {"code": code(), "river": river}
        self.found = {(o.kind, o.seed): o for o in self._read()} if path.exists() else {}

    def _read(self) -> Iterator[Outcome]:
        for line in self._path.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                said = json.loads(line)
                if {key: said[key] for key in self._of} == self._of:
                    yield _OUTCOME.validate_python(said["outcome"])

    def add(self, outcome: Outcome) -> None:
        """One more; it is in the file when this returns."""
        self.found[outcome.kind, outcome.seed] = outcome
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps({**self._of, "outcome": _OUTCOME.dump_python(outcome, mode="json")}) + "\n")

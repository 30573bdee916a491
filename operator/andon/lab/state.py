"""Where a lab keeps its things, and what its supervisor last said of it."""

import json
import os
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from andon.lab.processes import Record

SUPERVISOR: Final = "supervisor"


def home() -> Path:
    """The folder of all labs of this user."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "andon" / "lab"


def folder_of(name: str) -> Path:
    """The folder of one lab."""
    return home() / name


class Phase(StrEnum):
    """How a lab is. Dead: its supervisor was killed; what it left is cleaned by the next `up` or `down`."""

    STARTING = "Starting"
    READY = "Ready"
    FAILED = "Failed"
    DEAD = "Dead"


class Stage(StrEnum):
    """How a component is. Done: a step that has ended well."""

    WAITING = "Waiting"
    STARTING = "Starting"
    READY = "Ready"
    DONE = "Done"
    RESTARTING = "Restarting"


@dataclass(frozen=True, slots=True)
class Row:
    """One component. seconds: from its start until it was ready."""

    name: str
    stage: Stage
    pid: int | None = None
    address: str = ""
    log: str = ""
    seconds: float | None = None
    restarts: int = 0


@dataclass(slots=True)
class State:
    """A lab as its supervisor wrote it down. seconds: from the start until all was ready."""

    name: str
    phase: Phase = Phase.STARTING
    message: str = ""
    kubeconfig: str = ""
    seconds: float | None = None
    components: list[Row] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Replace the file in one step: a reader sees the old or the new."""
        draft = folder / "status.draft"
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(folder / "status.json")

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """What the supervisor last said, corrected by whether it still lives; None when there is no lab."""
        try:
            said = json.loads((folder / "status.json").read_text())
        except FileNotFoundError:
            return None
        rows = [Row(**{**row, "stage": Stage(row["stage"])}) for row in said.pop("components")]
        state = cls(**{**said, "phase": Phase(said["phase"]), "components": rows})
        if state.phase is not Phase.FAILED and supervisor(folder) is None:
            state.phase, state.message = Phase.DEAD, f"its supervisor was killed; next: andon lab up --name {state.name}, or down"
            state.components = []
        return state


def supervisor(folder: Path) -> Record | None:
    """The living supervisor of the lab in this folder."""
    try:
        record = Record.read(folder / "run" / f"{SUPERVISOR}.json")
    except FileNotFoundError:
        return None
    return record if record.alive else None

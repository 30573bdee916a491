"""Child processes that are always accounted for: recorded on disk, ended in order, never outliving who started them.

A record names the pid *and* the time it started (from /proc), so that a pid that was given to someone else is never killed.
"""

import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Self

_PR_SET_PDEATHSIG: Final = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. address: where it listens, for people. env: added to this process's own."""

    argv: tuple[str | Path, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    address: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A process, leader of its group, as written to disk. began: start time in clock ticks after boot."""

    name: str
    pid: int
    began: int
    address: str
    log: str

    @classmethod
    def of(cls, pid: int, name: str, log: Path, address: str = "") -> Self:
        """The process that has this pid now."""
        return cls(name, pid, began(pid) or 0, address, str(log))

    @classmethod
    def read(cls, path: Path) -> Self:
        """The record in this file."""
        return cls(**json.loads(path.read_text()))

    def write(self, folder: Path) -> Path:
        """Keep it under this folder, where ``records`` finds it, whole or not at all; the file."""
        path = folder / "run" / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(path)
        return path

    @property
    def alive(self) -> bool:
        """Whether exactly this process still runs."""
        return began(self.pid) == self.began

    def signal(self, number: int) -> None:
        """Send a signal to the process and everything it started in its group; a process that is gone is left alone."""
        if self.alive:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                return


class Process:
    """A child of this process, leading a process group of its own, its output going to a log file."""

    def __init__(self, name: str, command: Command, folder: Path) -> None:
        """Start it. Must be called on the thread that lives longest: the kernel ties the child's life to that thread."""
        log = folder / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                [str(part) for part in command.argv],
                env={**os.environ, **command.env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 (nothing but two system calls runs between fork and exec)
            )
        self.record = Record.of(self._child.pid, name, log, command.address)
        self._file = self.record.write(folder)

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._child.poll()

    def last_words(self) -> str:
        """The last line of its log that says something."""
        lines = [line for line in Path(self.record.log).read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1].strip()[:500] if lines else "it said nothing"

    def signal(self, number: int) -> None:
        """Send a signal to it and its group."""
        if self._child.poll() is None:
            self.record.signal(number)

    def wait(self, seconds: float) -> bool:
        """Whether it ended within this time."""
        try:
            self._child.wait(max(seconds, 0.0))
        except subprocess.TimeoutExpired:
            return False
        self._file.unlink(missing_ok=True)
        return True

    def end(self, within: float) -> None:
        """SIGTERM, then SIGKILL when it has not ended ``within`` seconds."""
        self.signal(signal.SIGTERM)
        if not self.wait(within):
            self.signal(signal.SIGKILL)
            self.wait(5.0)


def began(pid: int) -> int | None:
    """When a process started, in clock ticks after boot; None when there is none (a zombie is none)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def records(folder: Path) -> list[Record]:
    """The processes recorded under this folder, in the order of their start; one that ends meanwhile may be left out."""
    found = []
    for path in (folder / "run").glob("*.json"):
        with suppress(FileNotFoundError):
            found.append(Record.read(path))
    return sorted(found, key=lambda record: record.began)


def sweep(leftovers: Iterable[Record], within: float = 5.0) -> None:
    """End processes that are not children of this one; SIGKILL for those that do not listen."""
    left = list(leftovers)
    for number, limit in ((signal.SIGTERM, within), (signal.SIGKILL, 5.0)):
        for record in left:
            record.signal(number)
        deadline = time.monotonic() + limit
        while (left := [record for record in left if record.alive]) and time.monotonic() < deadline:
            time.sleep(0.05)


def _die_with(parent: int) -> Callable[[], None]:
    """Run in the child before exec: die when the parent dies, at once if it already has."""

    def tie() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return tie

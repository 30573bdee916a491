"""Is a container started, ready, alive? Asks by HTTP, TCP or a command, and counts the answers as the kubelet does."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp

from andon.lab.node.guard import Guard
from andon.lab.node.process import Launch, Process
from andon.lab.node.waiting import NotYet

Json = Mapping[str, Any]
Check = Callable[[], Awaitable[str | None]]
"""Asks once: None when all is well, otherwise what is not. Raises what the question itself raises."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """As many equal answers in a row as the threshold wants, and the last of them."""

    passed: bool
    message: str


@dataclass(slots=True)
class Streak:
    """Counts equal answers in a row."""

    success: int
    failure: int
    _passed: bool | None = None
    _length: int = 0

    def add(self, passed: bool) -> bool:
        """Whether the answers so far are enough for a verdict."""
        self._length = self._length + 1 if passed is self._passed else 1
        self._passed = passed
        return self._length >= (self.success if passed else self.failure)


async def verdicts(probe: Json, check: Check) -> AsyncIterator[Verdict]:
    """One verdict per period, once the threshold is reached; for ever."""
    streak = Streak(probe.get("successThreshold", 1), probe.get("failureThreshold", 3))
    await asyncio.sleep(probe.get("initialDelaySeconds", 0))
    while True:
        problem = await _ask(check, probe.get("timeoutSeconds", 1))
        if streak.add(problem is None):
            yield Verdict(problem is None, problem or "")
        await asyncio.sleep(probe.get("periodSeconds", 10))


def check_of(probe: Json, container: Json, address: str, launch: Launch, guard: Guard) -> Check:
    """The question that this probe asks. Raises NotYet for one that a process node cannot ask."""
    if "httpGet" in probe:
        return _http(probe["httpGet"], container, address)
    if "tcpSocket" in probe:
        target = probe["tcpSocket"]
        return lambda: _tcp(target.get("host", address), port_of(container, target["port"]))
    if "exec" in probe:
        return lambda: _command(replace(launch, argv=probe["exec"]["command"]), guard)
    raise NotYet(
        "CreateContainerError",
        f"container {container['name']}: use httpGet, tcpSocket or exec; a process node knows no other probe",
    )


def port_of(container: Json, port: int | str) -> int:
    """A port by number or by its name in the container. Raises NotYet naming it."""
    if isinstance(port, int) or port.isdigit():
        return int(port)
    for declared in container.get("ports", ()):
        if declared.get("name") == port:
            return int(declared["containerPort"])
    raise NotYet("CreateContainerError", f"container {container['name']} has no port named {port}")


async def _ask(check: Check, timeout: float) -> str | None:
    try:
        return await asyncio.wait_for(check(), timeout)
    except TimeoutError:
        return f"no answer in {timeout} s"
    except (aiohttp.ClientError, OSError) as error:
        return str(error)


def _http(target: Json, container: Json, address: str) -> Check:
    scheme, host = target.get("scheme", "HTTP").lower(), target.get("host", address)
    url = f"{scheme}://{host}:{port_of(container, target['port'])}/{target.get('path', '/').lstrip('/')}"
    headers = {header["name"]: header["value"] for header in target.get("httpHeaders", ())}

    async def get() -> str | None:
        async with aiohttp.ClientSession() as http, http.get(url, headers=headers, allow_redirects=False, ssl=False) as response:
            return None if 200 <= response.status < 400 else f"{url} answered {response.status}"

    return get


async def _tcp(host: str, port: int) -> str | None:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    with contextlib.suppress(OSError):  # the other side may reset: it did accept
        await writer.wait_closed()
    return None


async def _command(launch: Launch, guard: Guard) -> str | None:
    with tempfile.NamedTemporaryFile(dir=launch.folder) as output:
        process = Process(launch, Path(output.name), guard)
        try:
            code = await process.exit()
        except asyncio.CancelledError:
            await process.stop(grace=0)
            raise
        said = output.read(1024).decode(errors="replace").strip()
    return None if code == 0 else f"{launch.argv[0]} exited with {code}: {said}"

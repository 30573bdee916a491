"""How is git run? With fixed arguments, an environment of its own, and an end to every wait."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from andon.api.missing import Missing

# Collecting garbage is called for when nobody waits (`gc`), deletes what a lost race left behind, and leaves big packs alone.
_FIXED: Final = {
    "core.hooksPath": os.devnull,
    "gc.auto": "2000",
    "gc.autoDetach": "false",
    "gc.pruneExpire": "1.hour.ago",
    "gc.bigPackThreshold": "256m",
    "maintenance.auto": "false",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "20",
}

_groups: Final[set[int]] = set()
"""Of the processes that were started and are not ended."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a process ended. said: what it wrote to stderr, on one line."""

    code: int
    out: bytes
    said: str


async def run(argv: Sequence[str], environment: Mapping[str, str], within: float, given: bytes = b"") -> Ran:
    """Runs a process in its HOME. Raises TimeoutError; however this ends, neither it nor a child of it is left."""
    process = await started(argv, environment)
    try:
        async with asyncio.timeout(within):
            out, err = await process.communicate(given)
    finally:
        await ended(process)
    return Ran(process.returncode or 0, out, " ".join(err.decode(errors="replace").split()))


async def started(argv: Sequence[str], environment: Mapping[str, str], longest_line: int = 2**16) -> asyncio.subprocess.Process:
    """A process in its HOME that leads a group of its own, until it is `ended`. longest_line: bytes that it may answer with."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=environment["HOME"],
        env=environment,
        start_new_session=True,
        limit=longest_line,
    )
    _groups.add(process.pid)
    return process


async def ended(process: asyncio.subprocess.Process) -> None:
    """Kills all of the group that a process leads, and closes its pipes, even while it is cancelled."""
    _kill(process.pid)
    _groups.discard(process.pid)
    closing = asyncio.create_task(process.communicate())
    try:
        await asyncio.shield(closing)
    finally:
        await closing


def end_all() -> None:
    """Kills whatever was started and is not ended, from any thread: the process that started it is about to end, too."""
    for group in tuple(_groups):
        _kill(group)


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def environment(home: Path) -> dict[str, str]:
    """What git and its children see: nobody's configuration, no prompts, no protocol that runs a command."""
    home.mkdir(parents=True, exist_ok=True)
    home = home.resolve()
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CEILING_DIRECTORIES": str(home.parent),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "http:https:ssh:file",
    }


class Git:
    """git in one bare repository, with one set of keys. clean: takes out of git's words what nobody may read."""

    def __init__(self, folder: Path, environment: Mapping[str, str], timeout: float, clean: Callable[[str], str]) -> None:
        self.folder = folder
        self.environment = environment
        self.timeout = timeout
        self._clean = clean

    async def __call__(
        self, command: str, *arguments: str, given: bytes = b"", patience: float = 1.0, **settings: str
    ) -> Ran | Missing:
        """Runs `git COMMAND ARGUMENTS`, for `patience` times the time-out at most. settings: `section_name=value`."""
        within = self.timeout * patience
        more = {key.replace("_", "."): value for key, value in settings.items()}
        fixed = (part for key, value in (_FIXED | more).items() for part in ("-c", f"{key}={value}"))
        argv = ("git", f"--git-dir={self.folder}", *fixed, command, *arguments)
        try:
            return await run(argv, self.environment, within, given)
        except TimeoutError:
            return Missing("Timeout", f"git {command} did not end within {within:g} s. Next: see whether the server is slow.")

    def told(self, ran: Ran) -> str:
        """What git said, fit for anybody's eyes and for the middle of a sentence."""
        return self._clean(ran.said)[-500:].rstrip(".") or f"exit code {ran.code}"

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


@dataclass(frozen=True, slots=True)
class Ran:
    """How a process ended. said: what it wrote to stderr, on one line."""

    code: int
    out: bytes
    said: str


async def run(argv: Sequence[str], environment: Mapping[str, str], within: float, given: bytes = b"") -> Ran:
    """Runs a process in its HOME. Raises TimeoutError; however this ends, neither it nor a child of it is left."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=environment["HOME"],
        env=environment,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(within):
            out, err = await process.communicate(given)
    finally:
        await ended(process)
    return Ran(process.returncode or 0, out, " ".join(err.decode(errors="replace").split()))


async def ended(process: asyncio.subprocess.Process) -> None:
    """Kills a process that leads its own group, and all of that group, and closes its pipes, even while it is cancelled."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    closing = asyncio.create_task(process.communicate())
    try:
        await asyncio.shield(closing)
    finally:
        await closing


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
        """What git said, fit for anybody's eyes."""
        return self._clean(ran.said)[-500:] or f"exit code {ran.code}"

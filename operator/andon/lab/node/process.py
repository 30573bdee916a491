"""One process group on this machine: started, waited for, ended."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from andon.lab.node.guard import Guard, kill_group


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start: everything is already handed over."""

    argv: Sequence[str]
    env: Mapping[str, str]
    folder: Path


class Process:
    """Leads a group of its own; when it ends, whatever is left of the group is killed, as in a container."""

    def __init__(self, launch: Launch, output: Path, guard: Guard) -> None:
        """Starts it, output appended to the file. Raises OSError if there is no such program or the guard is gone."""
        with output.open("ab") as sink:
            self._popen = subprocess.Popen(
                launch.argv,
                env=dict(launch.env),
                cwd=launch.folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        self.pid = self._popen.pid
        self._guard = guard
        self._pidfd = os.pidfd_open(self.pid)
        self._loop = asyncio.get_running_loop()
        self._exit: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(self._pidfd, self._reap)
        try:
            guard.watch(self.pid)
        except OSError:
            kill_group(self.pid, signal.SIGKILL)
            raise

    async def exit(self) -> int:
        """The exit code, 128 + N when signal N ended it."""
        return await asyncio.shield(self._exit)

    async def stop(self, grace: float) -> int:
        """SIGTERM, then SIGKILL after the grace period in seconds. Returns the exit code."""
        kill_group(self.pid, signal.SIGTERM)
        try:
            return await asyncio.wait_for(self.exit(), grace)
        except TimeoutError:
            kill_group(self.pid, signal.SIGKILL)
            return await self.exit()

    def _reap(self) -> None:
        kill_group(self.pid, signal.SIGKILL)  # before the reaping: until then nobody else can get the number
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        code = self._popen.wait()
        self._guard.forget(self.pid)
        self._exit.set_result(code if code >= 0 else 128 - code)

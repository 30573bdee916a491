"""The life of one container: started, probed, restarted, ended."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Final

from andon.lab.node.guard import Guard
from andon.lab.node.health import Checks, until_dead
from andon.lab.node.launching import termination_log
from andon.lab.node.probes import check_of
from andon.lab.node.process import Launch, Process
from andon.lab.node.restarts import BackOff, restarts
from andon.lab.node.status import ContainerState, Running, Terminated, Waiting
from andon.lab.node.waiting import NotYet

Json = Mapping[str, Any]

LONGEST_MESSAGE: Final = 4096
"""Bytes of the termination log that reach the status, as in Kubernetes."""

_PROBES: Final = ("startupProbe", "readinessProbe", "livenessProbe")
_PAUSES: Final = (1, 2, 5, 10)
"""Seconds between attempts to start a container that cannot start yet; the last one repeats."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a container has from its pod. grace: seconds between SIGTERM and SIGKILL."""

    folder: Path
    address: str
    policy: str
    grace: float
    guard: Guard
    launch: Callable[[Json], Awaitable[Launch]]
    changed: Callable[[], None]


class Container:
    """One container of a pod; `state` is what the status will say."""

    def __init__(self, spec: Json, around: Surroundings, back_off: BackOff, state: ContainerState) -> None:
        self.state = state
        self.grace = around.grace
        self._spec, self._around, self._back_off = spec, around, back_off
        self._log = around.folder / f"{state.name}.log"
        self._termination_log = termination_log(around.folder, state.name)
        self._ended_by = ""

    def wait_for(self, reason: str, message: str) -> None:
        """Says why it has not started yet; how it ended is not overwritten, for that decides whether it starts again."""
        if isinstance(self.state.now, Waiting):
            self._set(now=Waiting(reason, message))

    async def run(self) -> None:
        """Until it has ended for good; when cancelled, ends the process first."""
        if isinstance(self.state.now, Terminated) and not await self._start_again(self.state.now):
            return
        while await self._start_again(await self._once(*await self._prepared())):
            pass

    async def _prepared(self) -> tuple[Launch, Checks]:
        for attempt, pause in enumerate(chain(_PAUSES, repeat(_PAUSES[-1]))):
            try:
                launch = await self._around.launch(self._spec)
                return launch, {kind: (self._spec[kind], self._check(kind, launch)) for kind in _PROBES if kind in self._spec}
            except NotYet as why:
                self.wait_for(why.later if attempt else why.reason, why.message)
            await asyncio.sleep(pause)
        raise AssertionError("repeat never ends")

    def _check(self, kind: str, launch: Launch) -> Any:
        return check_of(self._spec[kind], self._spec, self._around.address, launch, self._around.guard)

    async def _once(self, launch: Launch, checks: Checks) -> Terminated:
        started = datetime.now(UTC)
        self._termination_log.unlink(missing_ok=True)
        self._ended_by = ""
        try:
            process = Process(launch, self._log, self._around.guard)
        except OSError as error:
            return self._terminated(128, started, f"{launch.argv[0]}: {error.strerror}")
        self._set(now=Running(started), pid=process.pid)
        probing = asyncio.create_task(self._probe(process, checks))
        try:
            code = await process.exit()
        except asyncio.CancelledError:
            self._terminated(await process.stop(self.grace), started)
            raise
        finally:
            probing.cancel()
            await asyncio.wait({probing})
        return self._terminated(code, started, self._ended_by)

    async def _probe(self, process: Process, checks: Checks) -> None:
        self._ended_by = await until_dead(checks, self._set)
        await process.stop(self.grace)

    def _terminated(self, code: int, started: datetime, otherwise: str = "") -> Terminated:
        message = otherwise
        if self._termination_log.is_file():
            message = self._termination_log.read_bytes()[:LONGEST_MESSAGE].decode(errors="replace") or otherwise
        ended = Terminated(code, started, datetime.now(UTC), "Completed" if code == 0 else "Error", message)
        self._set(now=ended, started=False, ready=False)
        return ended

    async def _start_again(self, ended: Terminated) -> bool:
        if not restarts(self._around.policy, ended.code):
            return False
        if delay := self._back_off.after((ended.finished - ended.started).total_seconds()):
            message = f"back-off {delay:.0f}s restarting container {self.state.name}, which exited with {ended.code}"
            self._set(now=Waiting("CrashLoopBackOff", message), last=ended)
            await asyncio.sleep(delay)
        self._set(now=Waiting("ContainerCreating"), last=ended, restarts=self.state.restarts + 1)
        return True

    def _set(self, **fields: Any) -> None:
        after = replace(self.state, **fields)
        if after != self.state:
            self.state = after
            self._around.changed()

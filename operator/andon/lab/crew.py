"""Which component may start now, is it ready, and what if one dies: components joined by what they need.

One thread does all of it by asking short questions in turn, so components start side by side without any locking.
"""

import errno
import logging
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from andon.api.errors import UserError
from andon.lab.processes import Command, Process

_TICK = 0.05
_STEADY = 60.0

log = logging.getLogger(__name__)


class LabError(UserError):
    """The lab cannot do what was asked; the message is one line with the next step."""


@dataclass(frozen=True, slots=True)
class Component:
    """One process of a lab, or one step on the way.

    command: made when everything in ``needs`` is ready, so that it can use what they made. ready: a short question; False or
    an OSError means not yet; None: it is a step, ready when it has ended well. limit: seconds it may take to be ready.
    patience: seconds between SIGTERM and SIGKILL.
    """

    name: str
    command: Callable[[], Command]
    ready: Callable[[], bool] | None
    needs: tuple[str, ...] = ()
    limit: float = 60.0
    patience: float = 5.0


@dataclass(slots=True)
class Member:
    """A component as it runs. ready_after: seconds from its start until it was ready, None before."""

    component: Component
    process: Process
    started: float
    ready_after: float | None = None
    restarts: int = 0
    dead_until: float | None = None

    @property
    def done(self) -> bool:
        """Whether it is a step that has ended well."""
        return self.component.ready is None and self.process.exit_code == 0


class Crew:
    """The processes of one lab, started in the order of their needs and ended in reverse."""

    def __init__(self, components: Sequence[Component], folder: Path) -> None:
        """Each may need only what is listed before it, so that no two wait for each other; raises ValueError otherwise."""
        self._components = tuple(components)
        for index, component in enumerate(self._components):
            unknown = set(component.needs) - {earlier.name for earlier in self._components[:index]}
            if unknown:
                raise ValueError(f"{component.name} needs {', '.join(sorted(unknown))}, not listed before it")
        self._folder = folder
        self.members: dict[str, Member] = {}

    def start(self, on_change: Callable[[Member], None] = lambda _: None) -> None:
        """Start everything, side by side where needs allow. Raises LabError when one fails; ``stop`` ends the others.

        on_change: told of each member when it has been started, and again when it is ready.
        """
        while len(self._ready()) < len(self._components):
            for member in (*self.supervise(), *self._start_next()):
                on_change(member)
            for member in self._unready():
                if self._became_ready(member):
                    on_change(member)
            time.sleep(_TICK)

    def supervise(self) -> list[Member]:
        """Start again what has died since it was ready, pausing longer each time; whom something happened to."""
        return [member for member in self.members.values() if member.ready_after is not None and self._care_for(member)]

    def stop(self) -> None:
        """End everything, what nobody needs any more first; nothing is left however it behaves."""
        while self.members:
            needed = {need for member in self.members.values() for need in member.component.needs}
            wave = [self.members.pop(name) for name in self.members.keys() - needed]
            for member in wave:
                member.process.signal(signal.SIGTERM)
            for member in wave:
                member.process.end(member.component.patience)

    def _ready(self) -> set[str]:
        return {name for name, member in self.members.items() if member.ready_after is not None}

    def _unready(self) -> list[Member]:
        return [member for member in self.members.values() if member.ready_after is None]

    def _start_next(self) -> list[Member]:
        ready, started = self._ready(), []
        for component in self._components:
            if component.name not in self.members and ready.issuperset(component.needs):
                command = component.command()
                _refuse_taken(component.name, command.address)
                process = Process(component.name, command, self._folder)
                started.append(self.members.setdefault(component.name, Member(component, process, time.monotonic())))
        return started

    def _became_ready(self, member: Member) -> bool:
        name, waited = member.component.name, time.monotonic() - member.started
        if member.process.exit_code is not None and not member.done:
            raise LabError(f"{name} ended with code {member.process.exit_code}: {member.process.last_words()}")
        if waited > member.component.limit:
            raise LabError(f"{name} was not ready within {member.component.limit:.0f} s; see {member.process.record.log}")
        if member.done or _answers(member.component.ready):
            member.ready_after = time.monotonic() - member.started
            return True
        return False

    def _care_for(self, member: Member) -> bool:
        now, name = time.monotonic(), member.component.name
        if member.process.exit_code is None or member.done:
            return False
        if member.dead_until is None:
            member.restarts = 1 if now - member.started > _STEADY else member.restarts + 1
            pause = min(2.0 ** (member.restarts - 1), 30.0)
            member.dead_until = now + pause
            words = member.process.last_words()
            log.warning("%s ended with code %d (%s); again in %.0f s", name, member.process.exit_code, words, pause)
            return True
        if now < member.dead_until:
            return False
        member.process, member.started, member.dead_until = Process(name, member.component.command(), self._folder), now, None
        log.warning("%s started again as pid %d", name, member.process.record.pid)
        return True


def _answers(question: Callable[[], bool] | None) -> bool:
    try:
        return question is not None and question()
    except OSError:
        return False


def _refuse_taken(name: str, address: str) -> None:
    """Say who cannot listen where, before it dies of it in its own words."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not port.isdigit():
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise LabError(
                f"{name} cannot listen at {host}:{port}: taken by another process; see: ss -ltnp 'sport = :{port}'"
            ) from error

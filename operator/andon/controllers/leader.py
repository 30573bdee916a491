"""When may this process write, if others stand by? From when it takes the Lease until it gives it back, or is late to renew it.

Who is late, by its own clock, ends at once and whatever it is doing; the next one has not begun by then. A process that was
paused wakes up late, and ends at the first thing that it wants to write.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NoReturn

from andon.api.exits import Exit
from andon.ports.cluster import ClusterError, ConflictError
from andon.ports.git.command import end_all
from andon.ports.lease import Lease, Leases, Sighting

log = logging.getLogger(__name__)

RENEW: Final = 2.0
"""Seconds between two renewals."""
DEADLINE: Final = 7.0
"""Seconds after which a renewal is too late: 3 less than anybody else waits, for a write that is on its way by then."""
LOOK: Final = 1.0
"""Seconds between two looks of who stands by."""
AGAIN: Final = 0.5
"""Seconds until a renewal that failed is tried again."""
_LAST_WORD: Final = 0.5

Now = Callable[[], float]
End = Callable[[str], NoReturn]


def awake_or_not() -> float:
    """Seconds by a clock that nobody sets, and that goes on while this process is paused or the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def end_process(why: str) -> NoReturn:
    """Says why and ends with exit code 75 and all that pushes, whatever other threads do.

    A log that nobody reads must not keep it alive.
    """
    words = threading.Thread(target=log.error, args=("%s", why), daemon=True)
    words.start()
    words.join(_LAST_WORD)
    end_all()
    os._exit(Exit.NOT_NOW)


class Held:
    """The Lease in this process's hands: renewed by one thread, watched by another, which no slow answer holds up."""

    def __init__(self, leases: Leases, me: str, lease: Lease, until: float, *, now: Now, end: End) -> None:
        """lease: as it was taken. until: the instant, by `now`, from which this process may not write unless it was renewed."""
        self._leases, self._me, self._now, self._end = leases, me, now, end
        self._lease, self._until = lease, until
        self._ending, self._given_back = threading.Event(), threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="lease-keeper", daemon=True)
        self._keeper.start()
        threading.Thread(target=self._watch, name="lease-watch", daemon=True).start()

    def check(self) -> None:
        """The Guard of all that writes. Raises ClusterError once it was given back; ends the process when it is late."""
        if self._given_back.is_set():
            raise ClusterError("this operator has given its Lease back")
        if self._now() >= self._until:
            self._end(self._too_late())

    async def give_back(self) -> None:
        """Let the next one begin at once. Only when nothing of this process writes any more."""
        self._ending.set()
        await asyncio.to_thread(self._keeper.join)
        self._given_back.set()
        try:
            await asyncio.to_thread(self._leases.write, self._lease, "")
        except ClusterError as error:
            log.warning("the Lease could not be given back, and is free when its time is up: %s", error)

    def _keep(self) -> None:
        pause = RENEW
        while not self._ending.wait(pause):
            try:
                self._renew()
            except ClusterError as error:
                pause = AGAIN
                log.warning("the Lease was not renewed: %s", error)
            else:
                pause = RENEW

    def _renew(self) -> None:
        try:
            self._write(self._lease)
        except ConflictError:
            found = self._leases.read()
            if found.holder not in {"", self._me}:
                self._end(f"{found.holder} has the Lease now: this process ends (exit code {Exit.NOT_NOW:d}).")
            self._write(found)  # ours: the answer to a renewal was lost; nobody's: somebody took it away by hand

    def _write(self, seen: Lease) -> None:
        sent = self._now()
        self._lease = self._leases.write(seen, self._me)
        self._until = sent + DEADLINE

    def _watch(self) -> None:
        while (left := self._until - self._now()) > 0:
            if self._given_back.wait(left):
                return
        self._end(self._too_late())

    def _too_late(self) -> str:
        late = self._now() - self._until + DEADLINE
        return (
            f"the Lease was not renewed for {late:.1f} s (limit {DEADLINE:g} s), so that another operator may write now: "
            f"this process ends (exit code {Exit.NOT_NOW:d}). It was paused, or the API server did not answer."
        )


class Candidate:
    """One who would like to write. me: another name for each process there ever was. trouble: why it could not take over now."""

    def __init__(self, leases: Leases, me: str, now: Now = awake_or_not, end: End = end_process) -> None:
        self._leases, self._me, self._now, self._end = leases, me, now, end
        self.trouble: str | None = "the Lease has not been read yet"

    async def elected(self, stop: asyncio.Event) -> Held | None:
        """Wait for the Lease, for as long as it takes. None when told to stop before."""
        sighting, said = None, ""
        while not stop.is_set():
            try:
                found = await asyncio.to_thread(self._look, sighting)
                if isinstance(found, Held):
                    log.info("%s has the Lease: this operator begins", self._me)
                    return found
                sighting, self.trouble = found, None
                news = f"{found.lease.holder} has the Lease: this operator stands by"
            except ClusterError as error:
                news = self.trouble = f"the Lease cannot be had: {error}"
            if news != said:
                log.info("%s", said := news)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._pause(sighting))
        return None

    def _look(self, before: Sighting | None) -> Sighting | Held:
        lease, now = self._leases.read(), self._now()
        sighting = before.then(lease, now) if before else Sighting(lease, now)
        if now < sighting.free_at and lease.holder != self._me:
            return sighting
        sent = self._now()
        taken = self._leases.write(lease, self._me)
        return Held(self._leases, self._me, taken, sent + DEADLINE, now=self._now, end=self._end)

    def _pause(self, sighting: Sighting | None) -> float:
        """Until the next look, which is when the Lease may be free if that is sooner."""
        left = sighting.free_at - self._now() if sighting else LOOK
        return left if 0 < left < LOOK else LOOK

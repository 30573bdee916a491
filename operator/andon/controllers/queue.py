"""Who is reconciled when: one worker per key, no key twice at once, failures again with back-off."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from andon.ports.cluster import ClusterError, ConflictError

log = logging.getLogger(__name__)

_FIRST_RETRY: Final = 0.1
_LONGEST_RETRY: Final = 60.0
_AT_ONCE: Final = 64


class Key(NamedTuple):
    """An object of the kind that the queue is for."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """As kubectl writes it."""
        return f"{self.namespace}/{self.name}"


Reconcile = Callable[[Key], Awaitable[float | None]]


class KeyedQueue:
    """Bounded by the number of objects: a key that waits is not added again, a key that changes while it runs runs once more."""

    def __init__(self, kind: str, reconcile: Reconcile) -> None:
        self._kind = kind
        self._reconcile = reconcile
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._again: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._failures: dict[Key, int] = {}
        self._begun: dict[Key, float] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._closed = False

    @property
    def depth(self) -> int:
        """How many keys wait for a place or have one."""
        return len(self._running)

    @property
    def longest(self) -> float:
        """Seconds since the oldest reconcile under way began; 0 if there is none."""
        return time.monotonic() - min(self._begun.values()) if self._begun else 0.0

    def add(self, key: Key) -> None:
        """Reconcile this key as soon as may be."""
        if self._closed:
            return
        self._forget_timer(key)
        if key in self._running:
            self._again.add(key)
            return
        self._running[key] = asyncio.create_task(self._work(key), name=f"{self._kind} {key}")

    def add_later(self, key: Key, seconds: float) -> None:
        """Reconcile this key after so many seconds, unless something makes it sooner."""
        if self._closed:
            return
        self._forget_timer(key)
        self._timers[key] = asyncio.get_running_loop().call_later(seconds, self.add, key)

    async def close(self) -> None:
        """Take no more, and wait for what is under way to end by cancellation."""
        self._closed = True
        for timer in self._timers.values():
            timer.cancel()
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _work(self, key: Key) -> None:
        wait: float | None = None
        try:
            async with self._places:
                wait = await self._attempt(key)
        finally:
            del self._running[key]
        if key in self._again:
            self._again.discard(key)
            self.add(key)
        elif wait is not None:
            self.add_later(key, wait)

    async def _attempt(self, key: Key) -> float | None:
        """Seconds until this key is looked at again. A bug in one object's reconcile must not stop the others'."""
        self._begun[key] = time.monotonic()
        try:
            wait = await self._reconcile(key)
        except ConflictError:
            return self._back_off(key)
        except ClusterError as error:
            log.warning("%s %s: %s", self._kind, key, error)
            return self._back_off(key)
        except Exception:
            log.exception("%s %s: reconcile failed", self._kind, key)
            return self._back_off(key)
        finally:
            del self._begun[key]
        self._failures.pop(key, None)
        return wait

    def _back_off(self, key: Key) -> float:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        longest = min(_LONGEST_RETRY, _FIRST_RETRY * 2 ** min(failures, 16))
        return random.uniform(longest / 2, longest)  # noqa: S311 - jitter, no secret

    def _forget_timer(self, key: Key) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

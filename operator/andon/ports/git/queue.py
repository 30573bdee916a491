"""Who is next at a branch? One queue for each: what waits is committed one upon the other and pushed at once.

A lost race is begun anew from the new tip, with whatever waits by then, and each decision is asked again whether it applies.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, overload

from andon.api import config
from andon.api.missing import Missing
from andon.ports.git.writeback import Outcome, Preflight, Refused, Task, WriteBack

BOUND: Final = 1000
_WINDOW: Final = 0.25
_MOST_AT_ONCE: Final = 64
_LONGEST_PAUSE: Final = 0.1


class Again(Enum):
    """Nobody has an answer yet."""

    LOST = "others were faster"
    FEWER = "several were refused or took too long, and one of them may be why"


class RaceError(Exception):
    """Nothing more can be landed with what this race began with. answers: what came of the last try all the same."""

    def __init__(self, answers: Sequence[Any] | Again) -> None:
        super().__init__("the race must be begun anew")
        self.answers = answers


Land = Callable[[list[Task]], Awaitable[Sequence[Any] | Again]]
"""Tries from the tip as it is now, with tasks of one kind: an answer for each. Raises RaceError."""

Race = Callable[[config.Repository], AbstractAsyncContextManager[Land]]
"""What one entry's tasks are landed with, as long as there are some."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    task: Task
    answer: asyncio.Future[Any]
    until: float


class PushQueue:
    """Of one branch. patience: seconds after which a task is given back to its caller, who comes again."""

    def __init__(self, race: Race, where: str, patience: float) -> None:
        self._race, self._where, self._patience = race, where, patience
        self._waiting: list[_Waiting] = []
        self._worker: asyncio.Task[None] | None = None
        self._most = _MOST_AT_ONCE

    @overload
    async def submit(self, task: WriteBack) -> Outcome: ...
    @overload
    async def submit(self, task: Preflight) -> Missing | Refused | None: ...
    async def submit(self, task: Task) -> Any:
        """What came of it. A caller that gives up takes its task out of the queue."""
        if len(self._waiting) >= BOUND:
            return Missing("Timeout", f"{len(self._waiting)} decisions wait for {self._where} already. It is tried again.")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(task, loop.create_future(), loop.time() + self._patience)
        self._waiting.append(waiting)
        if self._worker is None:
            self._begin()
        return await waiting.answer

    async def close(self) -> None:
        """Stops trying. What is in the middle of a push ends with its process."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)

    async def _work(self) -> None:
        await asyncio.sleep(_WINDOW)
        while waiting := self._still_waiting():
            entry = waiting[0].task.repository
            async with self._race(entry) as land:
                await self._land_all(entry, land)

    async def _land_all(self, entry: config.Repository, land: Land) -> None:
        while batch := self._batch(entry):
            try:
                answers = await land([waiting.task for waiting in batch])
            except RaceError as over:
                await self._tell(batch, over.answers)
                return
            await self._tell(batch, answers)

    def _batch(self, entry: config.Repository) -> list[_Waiting]:
        """All that wait, since one race won lands them all; questions only when no decision waits, as both need the tip."""
        waiting = [waiting for waiting in self._still_waiting() if waiting.task.repository == entry]
        return ([w for w in waiting if isinstance(w.task, WriteBack)] or waiting)[: self._most]

    async def _tell(self, batch: list[_Waiting], answers: Sequence[Any] | Again) -> None:
        """Fewer are tried next to find the one that is refused, or as many as there is time for; then more again."""
        if answers is Again.FEWER:
            self._most = max(1, len(batch) // 2)
        if isinstance(answers, Again):
            await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE))  # noqa: S311 - jitter, no secret
            return
        self._most = min(2 * self._most, _MOST_AT_ONCE)
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(answer)

    def _still_waiting(self) -> list[_Waiting]:
        """Those that are not answered, whose caller is there, and whose time is not over."""
        now = asyncio.get_running_loop().time()
        for waiting in self._waiting:
            if waiting.until <= now and not waiting.answer.done():
                why = "others were faster, or it is slow. It is tried again."
                said = f"{self._where} was not reached in {self._patience:g} s: {why}"
                waiting.answer.set_result(Missing("Timeout", said))
        self._waiting = [waiting for waiting in self._waiting if not waiting.answer.done()]
        return list(self._waiting)

    def _begin(self) -> None:
        self._worker = asyncio.create_task(self._work(), name=f"push to {self._where}")
        self._worker.add_done_callback(self._ended)

    def _ended(self, worker: asyncio.Task[None]) -> None:
        """Whoever still waits hears why nobody works on it any more; who came in the last moment is begun with."""
        self._worker = None
        error = None if worker.cancelled() else worker.exception()
        if error is None and not worker.cancelled():
            if self._still_waiting():
                self._begin()
            return
        for waiting in self._still_waiting():
            if error is None:
                waiting.answer.cancel()
            else:
                waiting.answer.set_exception(error)
        self._waiting.clear()

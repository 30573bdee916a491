"""Who may touch the ring? One thread: writing, reading and the clock have one order, the event loop never waits for a disk."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from andon.runtime.collect.records import Record
from andon.runtime.collect.ring import Ring

T = TypeVar("T")


class Keeper:
    """The ring's thread, and a bell that rings after each append."""

    def __init__(self, open_ring: Callable[[], Ring]) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ring")
        self._bell = asyncio.Event()
        self.ring = self._thread.submit(open_ring).result()

    async def append(self, records: list[Record]) -> None:
        """Commit records, then wake whoever waits for them."""
        if await self.ask(lambda ring: ring.append(records)):
            rung, self._bell = self._bell, asyncio.Event()
            rung.set()

    async def ask(self, question: Callable[[Ring], T]) -> T:
        """Run this with the ring, in its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question, self.ring)

    def bell(self) -> asyncio.Event:
        """Set at the next append. Take it before asking, so that nothing falls between."""
        return self._bell

    def close(self) -> None:
        """Finish what was asked, then close the file."""
        self._thread.submit(self.ring.close)
        self._thread.shutdown(wait=True)


async def heard(bell: asyncio.Event, within_s: float) -> None:
    """Wait for the bell, at most so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await bell.wait()

"""Where do records wait while the disk is busy? In a bounded queue that counts what it cannot take."""

import asyncio
from collections import deque
from collections.abc import Sequence

from andon.runtime.collect.records import Record


class Inbox:
    """Between the driver, which must never wait, and the ring, which may. Used on one event loop.

    limit: most records held. dropped: records refused so far because it was full.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.dropped = 0
        self._waiting: deque[Record] = deque()
        self._filled = asyncio.Event()

    def put(self, records: Sequence[Record]) -> None:
        """Take as many as there is room for; the rest is dropped and counted."""
        room = self.limit - len(self._waiting)
        self._waiting.extend(records[:room])
        self.dropped += max(0, len(records) - room)
        if self._waiting:
            self._filled.set()

    async def take(self) -> list[Record]:
        """Wait for records; all there are, oldest first."""
        await self._filled.wait()
        return self.drain()

    def drain(self) -> list[Record]:
        """All there are now, oldest first."""
        taken = list(self._waiting)
        self._waiting.clear()
        self._filled.clear()
        return taken

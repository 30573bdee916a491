"""How is a file of this machine or of a mounted volume read? From its beginning, for it is near; by threads that may be lost.

A volume whose server is away blocks whoever reads it, and no thread can be ended: these have nothing else to do.
"""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from andon.runtime.serve.fetch.stream import CHUNK, SILENCE, Stream

THREADS: Final = 2


class Volumes:
    """All that is mounted."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "volume")

    @asynccontextmanager
    async def opened(self, path: Path) -> AsyncIterator[Stream]:
        """The whole file. Raises OSError, and TimeoutError where the volume does not answer."""

        async def chunks() -> AsyncIterator[bytes]:
            chunk, at = first, 0
            while chunk:
                yield chunk
                at += len(chunk)
                chunk = await self._read(path, at)

        first = await self._read(path, 0)
        yield Stream(0, None, chunks())

    async def _read(self, path: Path, start: int) -> bytes:
        """A piece of it. It is opened for each: a thread that was given up leaves no open file behind."""
        work = asyncio.get_running_loop().run_in_executor(self._threads, _piece, path, start)
        return await asyncio.wait_for(work, SILENCE)


def _piece(path: Path, start: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(CHUNK)

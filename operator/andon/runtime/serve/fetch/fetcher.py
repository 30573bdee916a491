"""How does a file come here, whole and the right one? Once per digest, from where the last attempt ended, verified, then kept."""

import asyncio
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname
from weakref import WeakValueDictionary

from andon.api.types import Digest
from andon.runtime.serve.client import Client
from andon.runtime.serve.fetch import artifacts, filesystem
from andon.runtime.serve.fetch.cache import Cache
from andon.runtime.serve.fetch.part import Part
from andon.runtime.serve.fetch.stream import Stream, shown
from andon.runtime.serve.fetch.volume import Volumes
from andon.runtime.serve.slots.unloadable import UnloadableError

LARGEST_FILE: Final = 1 << 30

_WEATHER: Final = (TimeoutError, OSError, ValueError)


class Fetcher:
    """Files by address and digest. What takes time on the disk is done in threads: requests go on meanwhile."""

    def __init__(self, cache: Cache, client: Client) -> None:
        self._cache = cache
        self._client = client
        self._volumes = Volumes()
        self._under_way: WeakValueDictionary[Digest, asyncio.Lock] = WeakValueDictionary()

    def hold(self, digests: Iterable[Digest]) -> None:
        """These are wanted: once here, they stay."""
        self._cache.hold(frozenset(digests))

    async def fetch(self, url: str, wanted: Digest) -> Path:
        """The file with this digest. Raises UnloadableError: FetchFailed, DigestMismatch, CacheUnwritable, SourceUnsupported."""
        lock = self._under_way.setdefault(wanted, asyncio.Lock())
        async with lock:
            return await asyncio.to_thread(self._cache.find, wanted) or await self._new(url, wanted)

    async def _new(self, url: str, wanted: Digest) -> Path:
        try:
            with self._cache.part(wanted) as part:
                await asyncio.to_thread(part.resume)
                return await self._finish(url, wanted, part)
        except UnloadableError as error:
            if error.reason == "CacheUnwritable":
                await asyncio.to_thread(self._cache.make_room)
            raise
        except _WEATHER as error:
            raise UnloadableError("FetchFailed", f"{shown(url)}: {str(error) or type(error).__name__}", again=True) from error

    async def _finish(self, url: str, wanted: Digest, part: Part) -> Path:
        if part.digest != wanted:
            resumed = await self._download(url, part)
            if resumed and part.digest != wanted:
                await asyncio.to_thread(part.begin, None)
                await self._download(url, part)
        if part.digest == wanted:
            return await asyncio.to_thread(self._cache.keep, part, wanted)
        await asyncio.to_thread(part.drop)
        text = f"{shown(url)} has digest {part.digest}, not {wanted}: the file was changed after it was registered"
        raise UnloadableError("DigestMismatch", f"{text}; register it as a new version", again=True)

    async def _download(self, url: str, part: Part) -> bool:
        """Whether it only went on with what there was."""
        async with self._source(url, part.size, part.mark) as stream:
            if stream.start == 0:
                await asyncio.to_thread(part.begin, stream.mark)
            async for chunk in stream.chunks:
                if part.size + len(chunk) > LARGEST_FILE:
                    await asyncio.to_thread(part.drop)
                    raise ValueError(f"it is larger than {LARGEST_FILE} bytes; make the file smaller")
                await asyncio.to_thread(part.write, chunk)
            return stream.start > 0

    def _source(self, url: str, start: int, mark: str | None) -> AbstractAsyncContextManager[Stream]:
        match urlsplit(url).scheme:
            case "file":
                return self._volumes.opened(Path(url2pathname(urlsplit(url).path)))
            case "http" | "https" | artifacts.SCHEME as scheme:
                from andon.runtime.serve.fetch import web

                at = artifacts.located(url) if scheme == artifacts.SCHEME else url
                return web.opened(self._client.session, at, artifacts.credentials(at), start, mark)
            case _:
                return filesystem.opened(url, start, mark)

"""How does a revision get from its address into memory? Fetched, verified by digest, loaded, warmed: or not at all, and why."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import aiohttp

from andon.api.slots import LoadError, SlotModel
from andon.api.types import Digest, Revision, short
from andon.runtime.serve.model import NotAModelError, OnnxModel
from andon.stats.profile import Profile, ProfileError, digest

LARGEST_FILE: Final = 1 << 30
CACHED_FILES: Final = 16
_CHUNK: Final = 1 << 20
_TIMEOUT: Final = aiohttp.ClientTimeout(total=600, sock_connect=5, sock_read=15)


class UnloadableError(Exception):
    """A revision that could not be loaded. reason: a stable word. again: whether trying again may help."""

    def __init__(self, reason: str, message: str, *, again: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.again = again

    def of(self, slot: SlotModel) -> LoadError:
        """As it is acknowledged."""
        return LoadError(digest=slot.digest, reason=self.reason, message=str(self))


@dataclass(frozen=True, slots=True)
class Loaded:
    """A revision that is ready to answer. profile: what its rows are held against, if it brought one."""

    slot: SlotModel
    model: OnnxModel
    profile: Profile | None

    @property
    def revision(self) -> Revision:
        """Version and digest."""
        return self.slot.revision

    @property
    def tag(self) -> str:
        """What answers are signed with: version and the first twelve digits of the digest."""
        return f"{self.slot.version}/{short(self.slot.digest)}"

    def check_replaces(self, stable: "Loaded") -> None:
        """Raises UnloadableError when clients and rows of the stable would not fit this one."""
        if self.model.signature != stable.model.signature:
            raise _mismatch(self, f"has {self.model.signature}", stable, stable.model.signature)
        if self.profile and stable.profile and self._columns(self.profile) != self._columns(stable.profile):
            raise _mismatch(self, f"reads {self._columns(self.profile)}", stable, str(self._columns(stable.profile)))

    @staticmethod
    def _columns(profile: Profile) -> list[str]:
        return [f"{f.name}={f.tag}" for f in profile.features]


def _mismatch(candidate: Loaded, has: str, stable: Loaded, wanted: str) -> UnloadableError:
    text = f"version {candidate.slot.version} {has}, but version {stable.slot.version}, which it would replace, {wanted}"
    return UnloadableError("SignatureMismatch", f"{text[:700]}; train it on the same columns or deploy it under another name")


class Loader:
    """Loads revisions; files are kept in a cache by digest, so that a server starts without a network."""

    def __init__(self, cache: Path, session: aiohttp.ClientSession) -> None:
        self._cache = cache
        self._session = session
        cache.mkdir(parents=True, exist_ok=True)

    async def load(self, slot: SlotModel) -> Loaded:
        """Fetch, verify, load and warm up. Raises UnloadableError. The heavy part runs in a thread: requests go on."""
        content = await self._verified(slot.model, slot.digest)
        profile = await self._profile(slot)
        try:
            model = await asyncio.to_thread(OnnxModel, content)
        except NotAModelError as error:
            raise UnloadableError("NotAModel", f"{slot.model}: {error}"[:1000]) from error
        if profile and not model.scores_rows_of(len(profile.features)):
            text = f"{slot.profile}: has {len(profile.features)} features, which does not fit {model.signature}"
            raise UnloadableError("ProfileInvalid", f"{text[:900]}; train the version again")
        return Loaded(slot, model, profile)

    async def _profile(self, slot: SlotModel) -> Profile | None:
        if slot.profile is None:
            return None
        if slot.profile_digest is None:
            raise UnloadableError("ProfileInvalid", f"{slot.profile}: no digest is known for it; train the version again")
        try:
            return Profile.parse(await self._verified(slot.profile, slot.profile_digest))
        except ProfileError as error:
            raise UnloadableError("ProfileInvalid", f"{slot.profile}: {error}"[:1000]) from error

    async def _verified(self, url: str, wanted: Digest) -> bytes:
        """The bytes with this digest, from the cache if they are there."""
        path = self._cache / wanted.removeprefix("sha256:")
        cached = await asyncio.to_thread(_read, path)
        if cached is not None and digest(cached) == wanted:
            return cached
        part = path.with_suffix(".part")
        try:
            found = await self._fetch(url, part)
            if found == wanted:
                return await asyncio.to_thread(self._keep, part, path)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise UnloadableError("FetchFailed", f"{url}: {_why(error)}"[:1000], again=True) from error
        finally:
            part.unlink(missing_ok=True)
        text = f"{url} has digest {found}, not {wanted}: the file was changed after it was registered"
        raise UnloadableError("DigestMismatch", f"{text}; register it as a new version", again=True)

    async def _fetch(self, url: str, part: Path) -> Digest:
        """Stream to a file, never holding it whole; the digest of what came."""
        found, size = hashlib.sha256(), 0
        with await asyncio.to_thread(part.open, "wb") as file:
            async for chunk in self._chunks(url):
                size += len(chunk)
                if size > LARGEST_FILE:
                    raise ValueError(f"it is larger than {LARGEST_FILE} bytes; make the file smaller")
                found.update(chunk)
                await asyncio.to_thread(file.write, chunk)
        return f"sha256:{found.hexdigest()}"

    async def _chunks(self, url: str) -> AsyncIterator[bytes]:
        if url.startswith("file://"):
            with await asyncio.to_thread(Path(url2pathname(urlsplit(url).path)).open, "rb") as file:
                while chunk := await asyncio.to_thread(file.read, _CHUNK):
                    yield chunk
            return
        async with self._session.get(url, timeout=_TIMEOUT) as response:
            response.raise_for_status()
            async for chunk in response.content.iter_chunked(_CHUNK):
                yield chunk

    def _keep(self, part: Path, path: Path) -> bytes:
        """Give a verified file its name, and forget the files that were not used for longest."""
        part.replace(path)
        files = sorted((f for f in self._cache.iterdir() if not f.suffix), key=lambda f: f.stat().st_mtime, reverse=True)
        for old in files[CACHED_FILES:]:
            old.unlink()
        return path.read_bytes()


def _read(path: Path) -> bytes | None:
    """A cached file, marked as used just now."""
    try:
        content = path.read_bytes()
        path.touch()
    except OSError:
        return None
    return content


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientResponseError):
        return f"the server answered {error.status} {error.message}"
    return str(error) or type(error).__name__

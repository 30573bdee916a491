"""How does a revision get from its address into memory? Fetched, verified, loaded, warmed, proved: or not at all, and why."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from andon.api.slots import SlotModel
from andon.api.types import Digest, Revision, short
from andon.runtime.serve.client import Client
from andon.runtime.serve.fetch.cache import Cache
from andon.runtime.serve.fetch.fetcher import Fetcher
from andon.runtime.serve.fetch.stream import shown
from andon.runtime.serve.model import NotAModelError, OnnxModel
from andon.runtime.serve.slots import golden
from andon.runtime.serve.slots.unloadable import UnloadableError
from andon.stats.profile import Profile, ProfileError

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Record:
    """How a revision did since it was loaded. failed: what it raised on, or had no finite answer to.

    answered, failed: requests. failed_at: the monotonic second of the last that failed, None once that is over.
    rows, failed_rows: what it scored by itself, and of these.
    """

    answered: int = 0
    failed: int = 0
    failed_at: float | None = None
    rows: int = 0
    failed_rows: int = 0

    @property
    def asked(self) -> int:
        """All requests that could be answered."""
        return self.answered + self.failed


@dataclass(frozen=True, slots=True)
class Loaded:
    """A revision that is ready to answer. profile: what its rows are held against, if it brought one."""

    slot: SlotModel
    model: OnnxModel
    profile: Profile | None
    record: Record = field(default_factory=Record, compare=False)

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


def _mismatch(other: Loaded, has: str, stable: Loaded, wanted: str) -> UnloadableError:
    text = f"version {other.slot.version} {has}, but version {stable.slot.version}, beside which it would answer, {wanted}"
    return UnloadableError("SignatureMismatch", f"{text[:700]}; train it on the same columns or deploy it under another name")


class Loader:
    """Loads revisions; their files are kept by digest, so that a server starts without a network."""

    def __init__(self, cache: Path, client: Client) -> None:
        self._fetcher = Fetcher(Cache(cache), client)
        self._one_at_a_time = asyncio.Lock()

    def hold(self, slots: Iterable[SlotModel]) -> None:
        """These are wanted: their files stay."""
        self._fetcher.hold(file for slot in slots for file in (slot.digest, slot.profile_digest, slot.golden_digest) if file)

    async def load(self, slot: SlotModel, threads: int = 1) -> Loaded:
        """Raises UnloadableError. All files are fetched before any is opened; the heavy part runs in a thread, one at a time."""
        files = await self._fetcher.fetch(slot.model, slot.digest)
        profile = await self._extra(slot.profile, slot.profile_digest, "Profile")
        proof = await self._extra(slot.golden, slot.golden_digest, "Golden")
        async with self._one_at_a_time:
            return await asyncio.to_thread(_load, slot, threads, files, profile, proof)

    async def _extra(self, url: str | None, digest: Digest | None, what: str) -> Path | None:
        if url is None:
            return None
        if digest is None:
            raise UnloadableError(f"{what}Invalid", f"{url}: no digest is known for it; train the version again")
        return await self._fetcher.fetch(url, digest)


def _load(slot: SlotModel, threads: int, file: Path, profile_file: Path | None, golden_file: Path | None) -> Loaded:
    """ONNX Runtime reads the file itself, so that its bytes are never here as well."""
    profile = _profile(slot, profile_file.read_bytes()) if profile_file else None
    try:
        model = OnnxModel(file, threads)
    except NotAModelError as error:
        raise UnloadableError("NotAModel", f"{_in_one_file(str(error))[:700]} ({shown(slot.model)})") from error
    if not model.proven:
        log.warning(
            "version %s answers no row of a trial: its requests will not be joined; it is %s", slot.version, model.signature
        )
    if profile and not model.scores_rows_of(len(profile.features)):
        text = f"{slot.profile}: has {len(profile.features)} features, which does not fit {model.signature}"
        raise UnloadableError("ProfileInvalid", f"{text[:900]}; train the version again")
    if golden_file:
        golden.check(model, golden.read(golden_file.read_bytes()))
        model.proven = True
    return Loaded(slot, model, profile)


def _in_one_file(error: str) -> str:
    """ONNX Runtime looks for weights beside the file, where none are ever put: no digest would hold them."""
    if "external data" not in error.lower():
        return error
    return (
        f"it has external data: weights in another file, which no digest holds; export one file, without external data ({error})"
    )


def _profile(slot: SlotModel, content: bytes) -> Profile:
    try:
        return Profile.parse(content)
    except ProfileError as error:
        raise UnloadableError("ProfileInvalid", f"{slot.profile}: {error}") from error

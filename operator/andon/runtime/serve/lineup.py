"""Which revision answers, which is judged, which is kept warm? A flip is the swap of a reference, never delayed by a load.

What is wanted comes as `Slots`. What is loaded already takes its place at once; what is missing is fetched and loaded meanwhile,
the stable first. A load that fails is told in the acknowledgement and changes nothing else.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Final

from andon.api.slots import Ack, LoadError, SlotModel, Slots, config_hash
from andon.runtime.serve.loading import Loaded, Loader, UnloadableError

log = logging.getLogger(__name__)

FIRST_RETRY: Final = 1.0
LAST_RETRY: Final = 60.0

Key = tuple[str, str, str | None]


class Lineup:
    """The revisions in this process, by role. reference: the stable before this one, kept so that a revert needs no load."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._shelf: dict[Key, Loaded] = {}
        self._errors: dict[Key, LoadError] = {}
        self._retries: dict[Key, tuple[float, float]] = {}
        self._loading: tuple[Key, asyncio.Task[Loaded]] | None = None
        self._news: list[asyncio.Event] = []
        self._work = self.news()
        self._config_hash = config_hash("")
        self._since = datetime.now(UTC)
        self.wanted: Slots | None = None
        self.stable: Loaded | None = None
        self.candidate: Loaded | None = None
        self.reference: Loaded | None = None

    def news(self) -> asyncio.Event:
        """An event that is set now and whenever anything here changes; clear it before you look."""
        event = asyncio.Event()
        event.set()
        self._news.append(event)
        return event

    def want(self, slots: Slots, text: str) -> None:
        """Take new orders. What is loaded flips before this returns. text: `slots` as it was written."""
        self.wanted, self._config_hash = slots, config_hash(text)
        keys = [_key(slot) for slot in self._slots()]
        self._errors = {key: error for key, error in self._errors.items() if key in keys}
        self._retries = {key: retry for key, retry in self._retries.items() if key in keys}
        if self._loading and self._loading[0] not in keys:
            self._loading[1].cancel()
        self._flip()

    @property
    def ready(self) -> bool:
        """Whether the wanted stable revision answers."""
        wanted = self.wanted.stable if self.wanted else None
        return wanted is not None and self.stable is not None and _key(self.stable.slot) == _key(wanted)

    def ack(self) -> Ack:
        """What is true now."""
        return Ack(
            config_hash=self._config_hash,
            stable=self.stable.revision if self.stable else None,
            candidate=self.candidate.revision if self.candidate else None,
            loaded=sorted({loaded.slot.digest for loaded in self._shelf.values()}),
            since=self._since,
            error=next((self._errors[_key(s)] for s in self._slots() if _key(s) in self._errors), None),
        )

    async def keep_loading(self) -> None:
        """Load what is wanted and missing, one at a time, for ever."""
        while True:
            self._work.clear()
            slot, wait = self._next()
            if slot is not None:
                await self._load(slot)
                continue
            try:
                await asyncio.wait_for(self._work.wait(), wait)
            except TimeoutError:
                continue

    def _slots(self) -> list[SlotModel]:
        return [s for s in (self.wanted.stable, self.wanted.candidate) if s is not None] if self.wanted else []

    def _next(self) -> tuple[SlotModel | None, float]:
        """What to load now, and else for how many seconds there is nothing to do."""
        now, wait = time.monotonic(), LAST_RETRY
        for slot in self._slots():
            at, _ = self._retries.get(_key(slot), (0.0, 0.0))
            if _key(slot) not in self._shelf and at <= now:
                return slot, 0
            wait = min(wait, max(at - now, 0.01)) if _key(slot) not in self._shelf else wait
        return None, wait

    async def _load(self, slot: SlotModel) -> None:
        key, task = _key(slot), asyncio.create_task(self._loader.load(slot))
        self._loading = (key, task)
        started = time.monotonic()
        try:
            await asyncio.wait({task})
        finally:
            self._loading = None
            task.cancel()
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, UnloadableError):
            self._failed(slot, error)
            return
        self._shelf[key] = task.result()
        self._errors.pop(key, None)
        self._retries.pop(key, None)
        log.info("loaded version=%s digest=%s seconds=%.3f", slot.version, slot.digest, time.monotonic() - started)
        self._flip()

    def _failed(self, slot: SlotModel, error: UnloadableError) -> None:
        key = _key(slot)
        _, before = self._retries.get(key, (0.0, 0.0))
        wait = min(max(2 * before, FIRST_RETRY), LAST_RETRY) if error.again else float("inf")
        self._retries[key] = (time.monotonic() + wait, wait)
        self._refuse(slot, error)
        self._tell()

    def _refuse(self, slot: SlotModel, error: UnloadableError) -> None:
        told = error.of(slot)
        if self._errors.get(_key(slot)) != told:
            log.warning("not loaded version=%s reason=%s: %s", slot.version, error.reason, error)
        self._errors[_key(slot)] = told

    def _flip(self) -> None:
        """Put everything in its place. No await: between two requests, and never half."""
        if self.wanted is None:
            return
        before = (self.stable, self.candidate)
        self._place_stable(self.wanted.stable)
        self.candidate = self._fit(self.wanted.candidate)
        if (self.stable, self.candidate) != before:
            self._since = datetime.now(UTC)
        kept = [loaded for loaded in (self.stable, self.candidate, self.reference) if loaded is not None]
        keys = {_key(slot) for slot in (*self._slots(), *(loaded.slot for loaded in kept))}
        self._shelf = {key: loaded for key, loaded in self._shelf.items() if key in keys}
        self._tell()

    def _place_stable(self, wanted: SlotModel | None) -> None:
        stable = self._shelf.get(_key(wanted)) if wanted else None
        if stable is self.stable or (wanted is not None and stable is None):
            return
        self.reference, self.stable = self.stable, stable
        log.info("stable is now %s", stable.tag if stable else "nothing")

    def _fit(self, wanted: SlotModel | None) -> Loaded | None:
        """The candidate, if it is loaded and could take the stable's place."""
        candidate = self._shelf.get(_key(wanted)) if wanted else None
        if wanted is None or candidate is None or self.stable is None:
            return None
        try:
            candidate.check_replaces(self.stable)
        except UnloadableError as error:
            self._refuse(wanted, error)
            return None
        self._errors.pop(_key(wanted), None)
        return candidate

    def _tell(self) -> None:
        for event in self._news:
            event.set()


def _key(slot: SlotModel) -> Key:
    return slot.version, slot.digest, slot.profile_digest

"""Which revision answers, which is judged, which is kept beside it? A flip is the swap of a reference, never delayed by a load.

What is wanted comes as `Slots`. What is loaded already takes its place at once; what is missing is fetched and loaded meanwhile.
A load that fails is told in the acknowledgement and changes nothing else.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Final

from andon.api.slots import Ack, LoadError, SlotModel, Slots, config_hash
from andon.api.types import Revision
from andon.runtime.serve.slots.loading import Loaded, Loader
from andon.runtime.serve.slots.unloadable import UnloadableError

log = logging.getLogger(__name__)

FIRST_RETRY: Final = 1.0
LAST_RETRY: Final = 60.0
LAST_READING: Final = 600.0
"""Seconds at most until a file that was not the registered one, whole as it was, is read again."""

Order = tuple[SlotModel, int]
"""A revision, and on how many threads it is to run."""


class Lineup:
    """The revisions in this process, by role. weight: percent that the candidate in its place answers."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._shelf: dict[Order, Loaded] = {}
        self._errors: dict[Order, LoadError] = {}
        self._tasks: dict[Order, asyncio.Task[None]] = {}
        self._news: list[asyncio.Event] = []
        self._work = self.news()
        self._config_hash = config_hash("")
        self._since = datetime.now(UTC)
        self.wanted: Slots | None = None
        self.stable: Loaded | None = None
        self.candidate: Loaded | None = None
        self.reference: Loaded | None = None
        self.weight = 0

    def news(self) -> asyncio.Event:
        """An event that is set now and whenever anything here changes; clear it before you look."""
        event = asyncio.Event()
        event.set()
        self._news.append(event)
        return event

    def want(self, slots: Slots, text: str) -> None:
        """Take new orders. What is loaded flips before this returns. text: `slots` as it was written."""
        self.wanted, self._config_hash = slots, config_hash(text)
        orders = self._orders()
        self._loader.hold(slot for slot, _ in orders)
        self._errors = {order: error for order, error in self._errors.items() if order in orders}
        for order in self._tasks.keys() - set(orders):
            self._tasks.pop(order).cancel()
        self._flip()

    @property
    def ready(self) -> bool:
        """Whether the wanted stable revision answers."""
        wanted = self.wanted.stable if self.wanted else None
        return wanted is not None and self.stable is not None and self.stable.revision == wanted.revision

    def ack(self) -> Ack:
        """What is true now."""
        stable, candidate, reference, weight = self._places()
        return Ack(
            config_hash=self._config_hash,
            stable=stable,
            candidate=candidate,
            reference=reference,
            weight=weight,
            loaded=sorted({loaded.slot.digest for order, loaded in self._shelf.items() if order not in self._errors}),
            since=self._since,
            error=next((self._errors[order] for order in self._orders() if order in self._errors), self.profile_missing()),
        )

    def profile_missing(self) -> LoadError | None:
        """Why orders to score rows cannot be obeyed: nothing says what rows of the stable should be like."""
        if self.wanted is None or self.wanted.inputs is None or self.stable is None or self.stable.profile is not None:
            return None
        text = f"version {self.stable.slot.version} has no profile: no row is scored, and outputs get nothing"
        remedy = "train it with Andon, register the file that `andon profile` writes with it, or leave out inputs and outputs"
        return LoadError(digest=self.stable.slot.digest, reason="ProfileMissing", message=f"{text}; {remedy}")

    async def keep_loading(self) -> None:
        """Load what is wanted and missing, for ever. All are fetched at the same time, the stable is begun with."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._work.clear()
                for order in self._orders():
                    if order not in self._tasks and order not in self._shelf:
                        self._tasks[order] = group.create_task(self._bring(order))
                await self._work.wait()

    def _orders(self) -> list[Order]:
        if self.wanted is None:
            return []
        slots = (self.wanted.stable, self.wanted.candidate, self.wanted.reference)
        return [(slot, self.wanted.threads) for slot in slots if slot is not None]

    async def _bring(self, order: Order) -> None:
        """Load it, trying again for as long as that may help."""
        wait = FIRST_RETRY
        while (error := await self._load(order)) is not None:
            self._refuse(order, error)
            self._tell()
            if not error.again:
                return
            await asyncio.sleep(wait)
            wait = min(2 * wait, LAST_READING if error.reason == "DigestMismatch" else LAST_RETRY)

    async def _load(self, order: Order) -> UnloadableError | None:
        slot, threads = order
        started = time.monotonic()
        try:
            self._shelf[order] = await self._loader.load(slot, threads)
        except UnloadableError as error:
            return error
        self._errors.pop(order, None)
        log.info("loaded version=%s digest=%s seconds=%.3f", slot.version, slot.digest, time.monotonic() - started)
        self._flip()
        return None

    def _refuse(self, order: Order, error: UnloadableError) -> None:
        told = error.of(order[0])
        if self._errors.get(order) != told:
            log.warning("not loaded version=%s reason=%s: %s", order[0].version, error.reason, error)
        self._errors[order] = told

    def _flip(self) -> None:
        """Put everything in its place. No await: between two requests, and never half."""
        if self.wanted is None:
            return
        before, tags = self._places(), self._tags()
        self._place_stable(self.wanted.stable, self.wanted.threads)
        self.candidate = self._beside(self.wanted.candidate, self.wanted.threads)
        self.reference = self._beside(self.wanted.reference, self.wanted.threads)
        self.weight = self.wanted.weight if self.candidate else 0
        if self._places() != before:
            self._since = datetime.now(UTC)
        for role, tag in self._tags().items():
            if tag != tags[role]:
                log.info("%s is now %s", role, tag or "nothing")
        orders, placed = self._orders(), [id(loaded) for loaded in (self.stable, self.candidate, self.reference)]
        self._shelf = {order: loaded for order, loaded in self._shelf.items() if order in orders or id(loaded) in placed}
        self._tell()

    def _place_stable(self, wanted: SlotModel | None, threads: int) -> None:
        """The one before keeps answering until the wanted one can."""
        stable = self._find(wanted, threads) if wanted else None
        if wanted is not None and stable is None:
            return
        self.stable = stable

    def _beside(self, wanted: SlotModel | None, threads: int) -> Loaded | None:
        """What is judged or kept beside the stable, if it is loaded and another, and could take its place."""
        loaded = self._find(wanted, threads) if wanted else None
        if wanted is None or loaded is None or self.stable is None or loaded.revision == self.stable.revision:
            return None
        try:
            loaded.check_replaces(self.stable)
        except UnloadableError as error:
            self._refuse((wanted, threads), error)
            return None
        if (wanted, threads) in self._shelf:
            self._errors.pop((wanted, threads), None)
        return loaded

    def _find(self, wanted: SlotModel, threads: int) -> Loaded | None:
        """As ordered, or until that is loaded the same revision as it was ordered before: on other threads, say."""
        same = (loaded for loaded in self._shelf.values() if loaded.revision == wanted.revision)
        return self._shelf.get((wanted, threads)) or next(same, None)

    def _places(self) -> tuple[Revision | None, Revision | None, Revision | None, int]:
        """What an acknowledgement is about."""
        return _revision(self.stable), _revision(self.candidate), _revision(self.reference), self.weight

    def _tags(self) -> dict[str, str | None]:
        """What the log says of who is where."""
        placed = {"stable": self.stable, "candidate": self.candidate, "reference": self.reference}
        return {role: loaded.tag if loaded else None for role, loaded in placed.items()}

    def _tell(self) -> None:
        for event in self._news:
            event.set()


def _revision(loaded: Loaded | None) -> Revision | None:
    return loaded.revision if loaded else None

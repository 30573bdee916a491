"""Telling people, in the background: what tells must never hold up what acts.

An Event is the receipt: its name is made of its occasion, and it is posted when the webhook has been tried, so that a restart
neither tells twice nor forgets who was not told yet. What the webhook has not taken at the first try may be lost with the
operator; what is given up is counted.
"""

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from andon.api.missing import Missing
from andon.ports.cluster import ClusterError, RefusedError
from andon.ports.events import Events, Note
from andon.ports.webhook import CloudEvent, Webhook

log = logging.getLogger(__name__)

MOST_PENDING: Final = 1000
"""Notes under way at once; one more is lost. Half of them are kept for decisions: a whole fleet may turn blind at once."""
QUIET: Final = 600.0
"""Seconds in which the same passing reason of an object is told once."""

_TRIES: Final = 10
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0
_REMEMBERED: Final = 10_000


class Herald:
    """Posts Events, and CloudEvents beside them. on_lost: told in one word why something was given up."""

    def __init__(self, events: Events, webhook: Webhook | None, on_lost: Callable[[str], None]) -> None:
        self._events = events
        self._webhook = webhook
        self._on_lost = on_lost
        self._pending: set[asyncio.Task[None]] = set()
        self._lately: OrderedDict[tuple[str, str], float] = OrderedDict()

    def transition(self, note: Note) -> None:
        """A condition changed its reason. One that comes and goes is told now and then, not each time."""
        now, key = asyncio.get_running_loop().time(), (note.subject.uid, note.reason)
        if now - self._lately.get(key, -QUIET) < QUIET:
            return
        self._lately[key] = now
        self._lately.move_to_end(key)
        while len(self._lately) > _REMEMBERED:
            self._lately.popitem(last=False)
        self._start(note, None, MOST_PENDING // 2)

    def decision(self, note: Note, event: CloudEvent | None = None) -> None:
        """Something was decided, or came of it. event: for the webhook, if it was not told before."""
        self._start(note, event, MOST_PENDING)

    async def close(self, within: float = 5.0) -> None:
        """Give what is under way this many seconds to arrive."""
        if self._pending:
            await asyncio.wait(self._pending, timeout=within)
        late = list(self._pending)
        for task in late:
            task.cancel()
            self._lost("Stopped", task.get_name())
        await asyncio.gather(*late, return_exceptions=True)

    def _start(self, note: Note, event: CloudEvent | None, most: int) -> None:
        if len(self._pending) >= most:
            self._lost("QueueFull", note.reason, note.occasion)
            return
        task = asyncio.create_task(self._tell(note, event), name=f"tell {note.reason} {note.occasion}")
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _tell(self, note: Note, event: CloudEvent | None) -> None:
        if event is None or self._webhook is None:
            await self._post(note)
        elif not await self._told_before(note):
            missing = await self._webhook.post(event)
            await self._post(note)
            await self._insist(event, self._webhook, missing)

    async def _told_before(self, note: Note) -> bool:
        """Where nobody can say it counts as news: to be told twice is better than not at all."""
        try:
            return await self._events.posted(note)
        except ClusterError:
            return False

    async def _post(self, note: Note) -> None:
        for attempt in range(_TRIES):
            try:
                await self._events.post(note)
            except RefusedError as error:
                return self._lost("EventRefused", note.reason, str(error))
            except ClusterError:
                await _pause(attempt)
            else:
                return None
        return self._lost("EventNotTaken", note.reason, note.occasion)

    async def _insist(self, event: CloudEvent, webhook: Webhook, missing: Missing | None) -> None:
        for attempt in range(_TRIES - 1):
            if missing is None or missing.reason == "Refused":
                break
            await _pause(attempt)
            missing = await webhook.post(event)
        if missing is not None:
            self._lost(f"Webhook{missing.reason}", event.id, missing.detail)

    def _lost(self, reason: str, *what: str) -> None:
        self._on_lost(reason)
        log.warning("somebody was not told: %s: %s", reason, " ".join(what))


async def _pause(attempt: int) -> None:
    longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt)
    await asyncio.sleep(random.uniform(longest / 2, longest))  # noqa: S311 - jitter between tries, no secret

"""Where do orders come from, and where do acknowledgements go? A cluster, or two files; the last orders are remembered."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from pydantic import ValidationError

from andon.api.errors import invalid
from andon.api.slots import Ack, Slots
from andon.runtime.serve.slots.access import ClusterError
from andon.runtime.serve.slots.lineup import Lineup

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 0.02
FIRST_RETRY: Final = 0.2
LAST_RETRY: Final = 15.0

_Mark = tuple[int, int, int]


class Control(Protocol):
    """One who gives orders. source: where from, for people."""

    source: str

    def orders(self) -> AsyncIterator[str]:
        """The text of slots.json, now and at each change, for ever."""
        ...

    async def acknowledge(self, ack: Ack) -> None:
        """Tell what is true. Raises ClusterError or OSError when it could not be told."""
        ...


class Files:
    """Orders from a file that is looked at, for a machine without Kubernetes."""

    def __init__(self, slots: Path, acks: Path | None) -> None:
        self.source = str(slots)
        self._slots = slots
        self._acks = acks

    async def orders(self) -> AsyncIterator[str]:
        """See Control. A file that is away or half written is looked at again."""
        seen: _Mark | None = (0, 0, 0)
        while True:
            mark = _mark(self._slots)
            if mark is None and seen is not None:
                log.warning("%s is not there; the last orders hold", self._slots)
            elif mark is not None and mark != seen:
                with suppress(OSError):
                    yield self._slots.read_text(errors="replace")
            seen = mark
            await asyncio.sleep(LOOK_EVERY)

    async def acknowledge(self, ack: Ack) -> None:
        """See Control. The file is replaced whole."""
        if self._acks:
            part = self._acks.with_name(self._acks.name + ".part")
            part.write_text(ack.model_dump_json(by_alias=True))
            part.replace(self._acks)


class Orders:
    """Hands orders to the line-up, and remembers the last that made sense."""

    def __init__(self, lineup: Lineup, namespace: str, name: str, memory: Path) -> None:
        self._lineup = lineup
        self._whose = (namespace, name)
        self._memory = memory
        self._text: str | None = None

    def remembered(self) -> None:
        """Start from the last orders, so that a restart needs nobody."""
        if self._memory.is_file():
            self._obey(self._memory.read_text(errors="replace"), str(self._memory))

    async def follow(self, control: Control) -> None:
        """Obey, for ever."""
        async for text in control.orders():
            if text != self._text and self._obey(text, control.source):
                self._remember(text)

    def _remember(self, text: str) -> None:
        """On a full disk the orders are still obeyed; only a restart would need the cluster to know them."""
        part = self._memory.with_suffix(".part")
        try:
            part.write_text(text)
            part.replace(self._memory)
        except OSError as error:
            log.warning("the orders cannot be remembered for a restart: %s", error)

    def _obey(self, text: str, source: str) -> bool:
        """Whether the text is orders for this server; what is not changes nothing."""
        try:
            slots = Slots.model_validate_json(text)
        except ValidationError as error:
            log.warning("%s; the last orders hold", invalid(source, error))
            return False
        if (slots.namespace, slots.deployment) != self._whose:
            names = (slots.namespace, slots.deployment, *self._whose)
            log.warning("%s: these orders are for %s/%s, this server is %s/%s; the last orders hold", source, *names)
            return False
        self._text = text
        self._lineup.want(slots, text)
        return True


async def acknowledge_changes(lineup: Lineup, control: Control) -> None:
    """Tell every change until it is written, and nothing when nothing changed, for ever."""
    news, told, wait = lineup.news(), None, FIRST_RETRY
    while True:
        await news.wait()
        news.clear()
        ack = lineup.ack()
        if lineup.wanted is None or ack == told:
            continue
        try:
            await control.acknowledge(ack)
            told, wait = ack, FIRST_RETRY
        except (ClusterError, OSError) as error:
            log.warning("acknowledgement not written: %s; again in %.1f s", error, wait)
            await asyncio.sleep(wait)
            wait = min(2 * wait, LAST_RETRY)
            news.set()


def _mark(path: Path) -> _Mark | None:
    """Tells one file from the next; None while it is away."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size

"""Who is still to be told? A reader per output: it sends what its cursor has not passed, and moves it once that has arrived.

A consumer that is away is tried again, ever more slowly. Scoring never waits for a reader, only the log's own bound holds it.
"""

import asyncio
import hashlib
import itertools
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from andon.api.outputs import Output
from andon.runtime.serve.client import Client
from andon.runtime.serve.outputs.secrets import Secret
from andon.runtime.serve.outputs.senders import Message, OutputError, Send, Sender
from andon.runtime.serve.rows.journal import Journal, Prediction
from andon.runtime.serve.rows.tally import Tally
from andon.runtime.serve.slots.lineup import Lineup

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_RETRY: Final = 0.5
LAST_RETRY: Final = 30.0
LAST_WORDS: Final = 2.0
"""Seconds for which a batch under way is waited for at the end, so that it need not be sent again."""


class Log(Protocol):
    """The log of predictions and its transactions, for one thread."""

    @property
    def journal(self) -> Journal:
        """What was answered, and who has been told."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All that is written inside, or nothing."""
        ...


class InThread(Protocol):
    """Does work in the thread that may touch the log."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]:
        """What the work returns."""
        ...


@dataclass(slots=True)
class Reader:
    """One output. news: set when there may be something to send."""

    name: str
    deployment: str
    sender: Sender
    pages: "Pages"
    news: asyncio.Event

    async def run(self) -> None:
        """Send, for ever."""
        wait, trouble = FIRST_RETRY, ""
        while True:
            try:
                async with self.sender.connected() as send:
                    while True:
                        await self._next(send)
                        wait, trouble = FIRST_RETRY, self._told(trouble, "")
            except (OutputError, sqlite3.Error) as error:
                trouble = self._told(trouble, str(error))
                await asyncio.sleep(wait)
                wait = min(2 * wait, LAST_RETRY)

    async def _next(self, send: Send) -> None:
        """One batch, once there is something to send."""
        self.news.clear()
        batch = await self.pages.unsent(self.name, self.sender.most)
        if batch:
            await _to_its_end(self._deliver(send, batch))
        else:
            await self.news.wait()

    async def _deliver(self, send: Send, batch: Sequence[tuple[int, Prediction]]) -> None:
        """Send a batch; the cursor moves behind what has arrived of it. Raises OutputError, sqlite3.Error."""
        try:
            await send([_message(prediction, self.deployment) for _, prediction in batch])
        except OutputError as error:
            await self._passed(batch[: error.arrived])
            raise
        await self._passed(batch)

    async def _passed(self, batch: Sequence[tuple[int, Prediction]]) -> None:
        if batch:
            await self.pages.sent(self.name, batch[-1][0], len(batch))

    def _told(self, before: str, trouble: str) -> str:
        """Once when it begins and once when it is over."""
        if trouble != before:
            level = logging.WARNING if trouble else logging.INFO
            log.log(level, "output %s: %s", self.name, trouble or "its consumer takes predictions again")
        return trouble


@dataclass(frozen=True, slots=True)
class Pages:
    """The log, asked from the event loop. tally: told how the outputs fare."""

    log: Log
    in_thread: InThread
    tally: Tally

    async def unsent(self, output: str, most: int) -> list[tuple[int, Prediction]]:
        """See Journal."""
        return await self.in_thread(lambda: self.log.journal.unsent(output, most))

    async def sent(self, output: str, number: int, count: int) -> None:
        """See Journal."""
        await self._write(lambda journal: journal.sent(output, number, count))

    async def follow(self, outputs: Sequence[str]) -> None:
        """See Journal."""
        await self._write(lambda journal: journal.follow(outputs))

    async def _write(self, change: Callable[[Journal], None]) -> None:
        def write() -> None:
            with self.log.transaction():
                change(self.log.journal)

        await self.in_thread(write)
        await self.look()

    async def look(self) -> None:
        """Tell how the outputs fare."""
        self.tally.outputs = await self.in_thread(self.log.journal.standings)


class Outputs:
    """The readers of the outputs that are ordered."""

    def __init__(self, lineup: Lineup, client: Client, pages: Pages) -> None:
        self._lineup = lineup
        self._client = client
        self._pages = pages
        self._running: dict[str, tuple[Output, Reader, asyncio.Task[None]]] = {}

    async def tell(self) -> None:
        """There are new predictions."""
        if self._running:
            await self._pages.look()
        for _, reader, _ in self._running.values():
            reader.news.set()

    async def run(self) -> None:
        """Have a reader for every output that is ordered, for ever. Raises what breaks one: that is a defect."""
        news = self._lineup.news()
        try:
            while True:
                news.clear()
                await self._until_changed(news, again=None if await self._followed() else LAST_RETRY)
        finally:
            await self._end(tuple(self._running))

    async def _until_changed(self, news: asyncio.Event, again: float | None) -> None:
        """Wait for other orders, or so many seconds. Raises what breaks a reader."""
        changed = asyncio.ensure_future(news.wait())
        tasks = {changed, *(task for *_, task in self._running.values())}
        done, _ = await asyncio.wait(tasks, timeout=again, return_when=asyncio.FIRST_COMPLETED)
        changed.cancel()
        for task in done - {changed}:
            task.result()

    async def _followed(self) -> bool:
        """Whether the readers are those that are ordered now."""
        try:
            await self._follow()
        except sqlite3.Error as error:
            log.warning("outputs cannot be changed now: %s", error)
            return False
        return True

    async def _follow(self) -> None:
        wanted = self._lineup.wanted
        if wanted is None:
            return
        outputs = _named(wanted.outputs)
        gone = [name for name, (output, *_) in self._running.items() if outputs.get(name) != output]
        fresh = [name for name in outputs if name not in self._running or name in gone]
        await self._end(gone)
        await self._pages.follow(list(outputs))
        for name in fresh:
            reader = Reader(name, wanted.deployment, self._sender(outputs[name]), self._pages, asyncio.Event())
            self._running[name] = (outputs[name], reader, asyncio.create_task(reader.run()))

    def _sender(self, output: Output) -> Sender:
        secret = Secret(output.secret) if output.secret else None
        if output.mqtt and secret:
            from andon.runtime.serve.outputs.mqtt import Broker

            return Broker(output.mqtt.topic, secret)
        if output.http:
            from andon.runtime.serve.outputs.http import Service

            return Service(output.http.url, secret, self._client.session)
        raise ValueError(f"an output that is neither mqtt nor http: {output}")

    async def _end(self, names: Sequence[str]) -> None:
        tasks = [self._running.pop(name)[2] for name in names]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _named(outputs: Sequence[Output]) -> dict[str, Output]:
    """Each by a name of its own: those of one address are counted through."""
    named: dict[str, Output] = {}
    for output in outputs:
        name, more = _name(output), itertools.count(2)
        own = name
        while own in named:
            own = f"{name}#{next(more)}"
        named[own] = output
    return named


def _name(output: Output) -> str:
    """What metrics and the log call an output of this address: nothing secret."""
    if output.mqtt:
        return f"mqtt/{output.mqtt.broker_ref.name}/{output.mqtt.topic}"
    address, _, query = (output.http.url if output.http else "").partition("?")
    return f"http/{address}" + (f"?{hashlib.sha256(query.encode()).hexdigest()[:8]}" if query else "")


def _message(prediction: Prediction, deployment: str) -> Message:
    """As docs/wire.md has it."""
    return {"model": deployment} | {key: value for key, value in prediction.document().items() if key != "slot"}


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Do it even while being cancelled, for a few seconds: what has arrived is then known to have."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=LAST_WORDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise

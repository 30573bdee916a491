"""How does the collector stay connected to an OPC UA server, and how does it know that it is?

Each connection is new: namespaces are read, nodes resolved and the subscription made from nothing, so that no index outlives
the server it came from. Weather (refused, timed out, lost) is reported and tried again; nothing is ever written to the plant.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from asyncua import Client, ua

from andon.api.datasource import OpcUa, Tag
from andon.api.types import seconds
from andon.runtime.collect.inbox import Inbox
from andon.runtime.collect.link import Link, connecting, linked, unreachable
from andon.runtime.collect.nodes import NodeUnknownError, resolve
from andon.runtime.collect.records import BAD_NODE_ID_UNKNOWN, Record, is_good, overflowed
from andon.runtime.collect.subscription import Subscription

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HEARTBEAT_S: Final = 2.0
REQUEST_TIMEOUT_S: Final = 4.0
SHORTEST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 5.0

WEATHER: Final = (OSError, TimeoutError, ua.UaError)

log = logging.getLogger(__name__)


class Driver:
    """Keeps one subscription alive and puts what it delivers into the inbox.

    link: how it stands now. received, bad: records so far by tag. lost: values known to be lost before they reached the inbox.
    """

    def __init__(self, opcua: OpcUa, tags: Sequence[Tag], inbox: Inbox) -> None:
        self._opcua = opcua
        self._nodes = {tag.name: tag.node for tag in tags}
        self._inbox = inbox
        self._namespaces: list[str] | None = None
        self.link: Link = connecting(opcua.endpoint)
        self.received: Counter[str] = Counter()
        self.bad: Counter[str] = Counter()
        self.lost = 0

    async def run(self) -> None:
        """Connect, stay, and connect again, until cancelled."""
        waits = _waits()
        while True:
            began = time.monotonic()
            try:
                async with _connection(self._opcua.endpoint) as client:
                    await self._stay(client)
            except WEATHER as error:
                self._turn(unreachable(self._opcua.endpoint, error))
            if time.monotonic() - began > LONGEST_WAIT_S:
                waits = _waits()
            await asyncio.sleep(next(waits))

    async def _stay(self, client: Client) -> None:
        """Returns never; raises the weather that ends this connection."""
        namespaces = await self._read_namespaces(client)
        subscription = Subscription(client.uaclient.session, seconds(self._opcua.publishing_interval) * 1000, self._deliver)
        await subscription.open()
        unknown = await self._watch(subscription, self._nodes, namespaces)
        self._deliver([_unknown(tag) for tag in unknown])
        self._turn(linked(self._opcua.endpoint, unknown))
        async with client.subscribe_state() as states:
            while True:
                with suppress(TimeoutError):
                    state = await states.next_change(HEARTBEAT_S)
                    raise ConnectionResetError(f"the connection is {state.value}")
                subscription.check()
                if await client.get_namespace_array() != namespaces:
                    raise ConnectionError("the server changed its namespaces")
                if unknown:
                    unknown = await self._watch(subscription, unknown, namespaces)
                    self._turn(linked(self._opcua.endpoint, unknown))

    async def _read_namespaces(self, client: Client) -> list[str]:
        namespaces: list[str] = await client.get_namespace_array()
        if self._namespaces not in (None, namespaces):
            log.warning("%s came back with other namespaces %s, before %s", self._opcua.endpoint, namespaces, self._namespaces)
        self._namespaces = namespaces
        return namespaces

    async def _watch(self, subscription: Subscription, tags: Iterable[str], namespaces: Sequence[str]) -> dict[str, str]:
        """Subscribe to what can be found; of the rest, why not."""
        found: dict[str, ua.NodeId] = {}
        unknown: dict[str, str] = {}
        for tag in tags:
            try:
                found[tag] = resolve(self._nodes[tag], namespaces)
            except NodeUnknownError as error:
                unknown[tag] = str(error)
        refused = await subscription.add(found)
        return unknown | {tag: f"the server answers {ua.StatusCode(code).name}" for tag, code in refused.items()}

    def _deliver(self, records: list[Record]) -> None:
        self.received.update(record.tag for record in records)
        self.bad.update(record.tag for record in records if not is_good(record.status))
        self.lost += sum(overflowed(record.status) for record in records)
        self._inbox.put(records)

    def _turn(self, link: Link) -> None:
        if link != self.link:
            log.info("%s: %s", link.reason, link.message)
        self.link = link


@asynccontextmanager
async def _connection(endpoint: str) -> "AsyncIterator[Client]":
    client = Client(endpoint, timeout=REQUEST_TIMEOUT_S)
    await client.connect(auto_reconnect=False)
    try:
        yield client
    finally:
        with suppress(*WEATHER):
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                await client.disconnect()


def _waits() -> Iterator[float]:
    """Seconds before each next attempt: doubling up to a bound, jittered so that a site's collectors do not return as one."""
    jitter = random.SystemRandom()
    wait = SHORTEST_WAIT_S
    while True:
        yield wait * jitter.uniform(0.5, 1.0)
        wait = min(2 * wait, LONGEST_WAIT_S)


def _unknown(tag: str) -> Record:
    """A tag that was never found, or is no longer, is Bad from now on: its last value is not its value."""
    now_us = time.time_ns() // 1000
    return Record(tag, now_us, now_us, now_us, None, BAD_NODE_ID_UNKNOWN)

"""The OPC UA driver against real servers: what edge networks and PLCs do to data, and what is made of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from andon.api.datasource import OpcUa, Tag
from andon.runtime.collect import driver as driver_
from andon.runtime.collect.driver import Driver
from andon.runtime.collect.inbox import Inbox
from andon.runtime.collect.records import BAD_NODE_ID_UNKNOWN, Record
from integration.collect.machine import OTHER, PLANT, Machine, eventually

UNCERTAIN_LAST_USABLE, BAD_SENSOR_FAILURE = 0x40900000, 0x808C0000


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standing() -> AsyncIterator[Machine]:
    """A machine that stays up; starting one takes a second."""
    machine = Machine()
    await machine.start(plant=[])
    yield machine
    await machine.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def steady(standing: Machine) -> Machine:
    """The same with new variables A and B."""
    await standing.renew("A", "B")
    return standing


@pytest_asyncio.fixture(loop_scope="module")
async def machine() -> AsyncIterator[Machine]:
    """Not yet started: a test says with which variables."""
    machine = Machine()
    yield machine
    await machine.stop()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_, "HEARTBEAT_S", 0.2)
    monkeypatch.setattr(driver_, "LONGEST_WAIT_S", 0.5)


class Driven:
    """A running driver and all it delivered."""

    def __init__(self, driver: Driver, inbox: Inbox) -> None:
        self.driver = driver
        self._inbox = inbox
        self._records: list[Record] = []

    async def records(self, tag: str) -> list[Record]:
        self._records += self._inbox.drain()
        return [record for record in self._records if record.tag == tag]

    async def values(self, tag: str) -> list[float | None]:
        return [record.value for record in await self.records(tag)]

    async def link(self) -> str:
        return self.driver.link.reason

    async def becomes(self, reason: str) -> None:
        await eventually(self.link, lambda seen: seen == reason)


@asynccontextmanager
async def driving(machine: Machine, *names: str, uri: str = PLANT, inbox: Inbox | None = None) -> AsyncIterator[Driven]:
    inbox = inbox or Inbox(10_000)
    tags = [Tag(name=name.lower(), node=f"nsu={uri};s={name}") for name in names]
    driver = Driver(OpcUa(endpoint=machine.endpoint, publishing_interval="50ms"), tags, inbox)
    task = asyncio.create_task(driver.run())
    try:
        yield Driven(driver, inbox)
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def has(*values: float | None) -> Callable[[list[float | None]], bool]:
    return lambda seen: all(value in seen for value in values)


def micros(time: datetime) -> int:
    return round(time.timestamp() * 1_000_000)


async def test_a_restart_with_other_namespace_indices_gives_no_other_machines_value(machine):
    await machine.start(plant=["A"], other=["A"], order=[PLANT, OTHER])
    await machine.say("A", 1.0, uri=PLANT)
    await machine.say("A", 666.0, uri=OTHER)
    async with driving(machine, "A") as driven:
        await eventually(lambda: driven.values("a"), has(1.0))
        await machine.stop()
        await driven.becomes("EndpointUnreachable")
        await machine.start(plant=["A"], other=["A"], order=[OTHER, PLANT])
        await machine.say("A", 666.0, uri=OTHER)
        await machine.say("A", 2.0, uri=PLANT)
        await eventually(lambda: driven.values("a"), has(2.0))
        assert 666.0 not in await driven.values("a")


async def test_a_namespace_that_went_makes_its_tags_bad_and_not_another_machines(machine):
    await machine.start(plant=["A"], other=["A"], order=[PLANT, OTHER])
    await machine.say("A", 1.0)
    async with driving(machine, "A") as driven:
        await eventually(lambda: driven.values("a"), has(1.0))
        await machine.stop()
        await machine.start(plant=[], other=["A"], order=[OTHER, PLANT])
        await eventually(lambda: driven.values("a"), lambda seen: seen[-1] is None)
        assert (await driven.records("a"))[-1].status == BAD_NODE_ID_UNKNOWN


async def test_bad_and_uncertain_arrive_as_null_with_their_code(steady):
    async with driving(steady, "A") as driven:
        await driven.becomes("Connected")
        await steady.say("A", 1.0)
        await steady.say("A", 2.0, status=UNCERTAIN_LAST_USABLE)
        await steady.say("A", 3.0, status=BAD_SENSOR_FAILURE)
        await steady.say("A", 4.0)
        await eventually(lambda: driven.values("a"), has(4.0))
        said = [(record.value, record.status) for record in await driven.records("a")][-4:]
        assert said == [(1.0, 0), (None, UNCERTAIN_LAST_USABLE), (None, BAD_SENSOR_FAILURE), (4.0, 0)]
        assert (driven.driver.received["a"], driven.driver.bad["a"]) == (5, 2)


async def test_all_three_times_are_kept(steady):
    async with driving(steady, "A") as driven:
        await driven.becomes("Connected")
        before = datetime.now(UTC)
        source = await steady.say("A", 1.0, source=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))
        await eventually(lambda: driven.values("a"), has(1.0))
        record = (await driven.records("a"))[-1]
        assert record.source_us == micros(source)
        assert micros(before) <= record.server_us <= record.received_us <= micros(datetime.now(UTC))


async def test_a_frozen_value_whose_source_time_goes_on_still_arrives(steady):
    async with driving(steady, "A") as driven:
        await driven.becomes("Connected")
        start = datetime.now(UTC)
        for n in range(3):
            await steady.say("A", 5.0, source=start + timedelta(milliseconds=n))
        await eventually(lambda: driven.values("a"), lambda seen: seen.count(5.0) == 3)


async def test_a_burst_between_two_publishings_is_not_thinned(steady):
    async with driving(steady, "A") as driven:
        await driven.becomes("Connected")
        for n in range(40):
            await steady.say("A", float(n + 1))
        await eventually(lambda: driven.values("a"), has(40.0))
        assert (await driven.values("a"))[-40:] == [float(n + 1) for n in range(40)]


async def test_more_tags_than_fit_in_one_call_all_arrive(steady):
    names = [f"T{n}" for n in range(230)]
    await steady.renew(*names)
    async with driving(steady, *names) as driven:

        async def heard_of() -> int:
            return len([name for name in names if await driven.records(name.lower())])

        await eventually(heard_of, lambda count: count == 230)


async def test_an_unknown_node_is_named_and_the_others_flow(steady):
    async with driving(steady, "A", "MISSING") as driven:
        await driven.becomes("TagUnknown")
        message = driven.driver.link.message
        assert "1 tag(s) not found" in message
        assert "missing: the server answers BadNodeIdUnknown. Correct spec.tags[name=missing].node" in message
        assert driven.driver.link.connected
        await steady.say("A", 1.0)
        await eventually(lambda: driven.values("a"), has(1.0))
        assert [(r.value, r.status) for r in await driven.records("missing")] == [(None, BAD_NODE_ID_UNKNOWN)]


async def test_a_node_that_comes_later_is_found(steady):
    async with driving(steady, "A", "LATE") as driven:
        await driven.becomes("TagUnknown")
        await steady.add(PLANT, "LATE")
        await driven.becomes("Connected")
        await steady.say("LATE", 3.0)
        await eventually(lambda: driven.values("late"), has(3.0))


async def test_an_endpoint_that_does_not_answer_is_named_with_the_next_step(machine):
    async with driving(machine, "A") as driven:
        await driven.becomes("EndpointUnreachable")
        assert machine.endpoint in driven.driver.link.message
        assert "Check that the OPC UA server runs and that spec.opcua.endpoint names it" in driven.driver.link.message
        assert not driven.driver.link.connected


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"ACKF" + b"\xff" * 60])
async def test_something_else_at_the_endpoint_is_weather_too(machine, answer):
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    port = int(machine.endpoint.rpartition(":")[2])
    async with await asyncio.start_server(talk, "127.0.0.1", port), driving(machine, "A") as driven:
        await driven.becomes("EndpointUnreachable")


async def test_a_restarted_server_is_found_again(machine):
    await machine.start()
    async with driving(machine, "A") as driven:
        await driven.becomes("Connected")
        for value in (1.0, 2.0):
            await machine.stop()
            await driven.becomes("EndpointUnreachable")
            await machine.start()
            await driven.becomes("Connected")
            await machine.say("A", value)
            await eventually(lambda value=value: driven.values("a"), has(value))


async def test_a_silent_server_is_left(steady, monkeypatch):
    """The connection stands and requests are answered, only the subscription delivers nothing, not even a keep-alive."""
    monkeypatch.setattr("andon.runtime.collect.subscription.KEEP_ALIVE_S", 0.1)
    async with driving(steady, "A") as driven:
        await driven.becomes("Connected")
        for subscription in steady._server.iserver.subscription_service.subscriptions.values():
            subscription._task.cancel()
        await driven.becomes("EndpointUnreachable")
        assert "not even a keep-alive" in driven.driver.link.message
        await driven.becomes("Connected")


async def test_what_a_full_inbox_cannot_take_is_counted(steady):
    inbox = Inbox(limit=10)
    async with driving(steady, "A", inbox=inbox) as driven:
        await driven.becomes("Connected")
        for n in range(30):
            await steady.say("A", float(n + 1))

        async def dropped() -> int:
            return inbox.dropped

        await eventually(dropped, lambda count: count >= 20)
        assert inbox.dropped + len(inbox.drain()) == driven.driver.received["a"]

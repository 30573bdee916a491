"""Who holds a Lease, and until when it may write: with a clock and an API server of the test's own."""

import asyncio
import threading
from dataclasses import replace
from typing import NoReturn

import pytest

from andon.controllers import leader
from andon.controllers.leader import DEADLINE, Candidate, Held
from andon.ports.cluster import ClusterError, ConflictError
from andon.ports.lease import Lease


class EndedError(Exception):
    """Instead of the end of the process."""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Server:
    """Holds one Lease, compares and swaps; answers slowly, or not at all."""

    def __init__(self, clock: Clock) -> None:
        self.lease = Lease()
        self.away = False
        self.loses_answers = False
        self.slow = 0.0
        self._clock = clock

    def read(self) -> Lease:
        if self.away:
            raise ClusterError("away")
        return self.lease

    def write(self, seen: Lease, holder: str) -> Lease:
        self._clock.now += self.slow
        if self.away:
            raise ClusterError("away")
        if seen.version != self.lease.version:
            raise ConflictError("changed")
        self.lease = Lease(version=str(int(seen.version or 0) + 1), holder=holder)
        if self.loses_answers:
            raise ClusterError("the answer was lost")
        return self.lease


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Server:
    return Server(clock)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leader, "LOOK", 0.01)
    monkeypatch.setattr(leader, "RENEW", 3600.0)  # threads renew nothing by themselves: tests do


def ends(why: str) -> NoReturn:
    """A thread that would end the process goes no further."""
    if threading.current_thread() is not threading.main_thread():
        threading.Event().wait()
    raise EndedError(why)


async def elected(server: Server, clock: Clock, me: str = "a") -> Held:
    held = await Candidate(server, me, clock, ends).elected(asyncio.Event())
    assert held is not None
    return held


async def test_who_comes_first_may_write_until_its_deadline(server: Server, clock: Clock):
    held = await elected(server, clock)
    clock.now += DEADLINE - 0.1
    held.check()
    clock.now += 0.1
    with pytest.raises(EndedError, match=r"not renewed for 7.0 s \(limit 7 s\)"):
        held.check()


async def test_the_deadline_counts_from_before_the_request_was_sent(server: Server, clock: Clock):
    server.slow = 5.0
    held = await elected(server, clock)
    clock.now += DEADLINE - 5.0
    with pytest.raises(EndedError):
        held.check()


async def test_a_renewal_moves_the_deadline(server: Server, clock: Clock):
    held = await elected(server, clock)
    clock.now += 5.0
    held._renew()
    clock.now += DEADLINE - 0.1
    held.check()


async def test_a_renewal_whose_answer_was_lost_is_found_and_counts(server: Server, clock: Clock):
    held = await elected(server, clock)
    server.loses_answers = True
    with pytest.raises(ClusterError):
        held._renew()
    server.loses_answers = False
    clock.now += 5.0
    held._renew()
    clock.now += DEADLINE - 0.1
    held.check()


async def test_who_finds_another_in_its_place_ends(server: Server, clock: Clock):
    held = await elected(server, clock)
    server.lease = Lease(version="77", holder="b")
    with pytest.raises(EndedError, match="b has the Lease now"):
        held._renew()


async def test_a_lease_deleted_by_hand_is_made_anew_by_its_holder(server: Server, clock: Clock):
    held = await elected(server, clock)
    server.lease = Lease()
    held._renew()
    assert server.lease.holder == "a"


async def test_given_back_it_is_nobodys_and_nothing_may_be_written(server: Server, clock: Clock):
    held = await elected(server, clock)
    await held.give_back()
    assert server.lease.holder == ""
    with pytest.raises(ClusterError, match="given its Lease back"):
        held.check()


async def test_giving_back_does_not_wait_for_an_api_server_that_is_away(server: Server, clock: Clock):
    held = await elected(server, clock)
    server.away = True
    async with asyncio.timeout(5):
        await held.give_back()


async def test_who_stands_by_waits_the_whole_time_and_takes_it_then(server: Server, clock: Clock):
    server.lease = Lease(version="1", holder="b", duration=10)
    standing_by = asyncio.create_task(elected(server, clock))
    for seconds in (0.0, 9.9):
        clock.now += seconds
        await asyncio.sleep(0.1)  # ten looks
        assert not standing_by.done()
    clock.now += 0.2
    async with asyncio.timeout(5):
        await standing_by
    assert server.lease.holder == "a"


async def test_who_stands_by_bears_an_api_server_that_is_away(server: Server, clock: Clock, caplog: pytest.LogCaptureFixture):
    server.away = True
    caplog.set_level("INFO")
    candidate = Candidate(server, "a", clock, ends)
    standing_by = asyncio.create_task(candidate.elected(asyncio.Event()))
    await asyncio.sleep(0.1)
    assert candidate.trouble == "the Lease cannot be had: away"
    server.away = False
    async with asyncio.timeout(5):
        await standing_by
    assert caplog.text.count("the Lease cannot be had: away") == 1


async def test_of_two_who_take_it_at_once_one_waits(server: Server, clock: Clock):
    given = server.write

    def overtaken(seen: Lease, holder: str) -> Lease:
        server.write = given  # type: ignore[method-assign]
        server.lease = replace(server.lease, version="9", holder="b")
        return given(seen, holder)

    server.write = overtaken  # type: ignore[method-assign]
    standing_by = asyncio.create_task(elected(server, clock))
    await asyncio.sleep(0.1)
    assert not standing_by.done()
    standing_by.cancel()


async def test_who_is_told_to_stop_while_standing_by_takes_nothing(server: Server, clock: Clock):
    server.lease = Lease(version="1", holder="b")
    stop, candidate = asyncio.Event(), Candidate(server, "a", clock, ends)
    waiting = asyncio.create_task(candidate.elected(stop))
    await asyncio.sleep(0.05)
    assert candidate.trouble is None
    stop.set()
    async with asyncio.timeout(5):
        assert await waiting is None


async def test_the_process_ends_though_nobody_writes(server: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(leader, "DEADLINE", 0.1)
    ended = threading.Event()

    def end(why: str) -> NoReturn:
        ended.set()
        ends(why)

    assert await Candidate(server, "a", end=end).elected(asyncio.Event())
    assert await asyncio.to_thread(ended.wait, 5)

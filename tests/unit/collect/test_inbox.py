"""A full inbox drops, and counts what it dropped."""

import asyncio

from andon.runtime.collect.inbox import Inbox
from andon.runtime.collect.records import Record


def records(count):
    return [Record("pressure", n, n, n, float(n), 0) for n in range(count)]


async def test_what_does_not_fit_is_dropped_and_counted():
    inbox = Inbox(limit=3)
    inbox.put(records(2))
    inbox.put(records(4))
    assert inbox.dropped == 3
    assert await inbox.take() == [*records(2), *records(1)]


async def test_taking_waits_for_the_first_record():
    inbox = Inbox(limit=3)
    taking = asyncio.create_task(inbox.take())
    await asyncio.sleep(0)
    assert not taking.done()
    inbox.put(records(1))
    assert await asyncio.wait_for(taking, 1) == records(1)

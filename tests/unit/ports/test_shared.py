"""One answer for all who ask at about the same time."""

import asyncio

import pytest

from andon.ports.shared import Shared


class Source:
    """Counts how often it was asked, and answers when told to."""

    def __init__(self):
        self.asked = 0
        self.may_answer = asyncio.Event()

    async def __call__(self):
        self.asked += 1
        await self.may_answer.wait()
        return self.asked


async def test_a_thousand_callers_are_one_query():
    source = Source()
    shared = Shared(source, max_age=60)
    callers = [asyncio.create_task(shared.get()) for _ in range(1000)]
    await asyncio.sleep(0)
    source.may_answer.set()
    assert set(await asyncio.gather(*callers)) == {1}
    assert await shared.get() == 1
    assert source.asked == 1


async def test_an_answer_that_has_aged_is_asked_for_again():
    source = Source()
    source.may_answer.set()
    shared = Shared(source, max_age=0)
    assert [await shared.get(), await shared.get()] == [1, 2]


async def test_a_cancelled_caller_takes_the_answer_from_nobody_else():
    source = Source()
    shared = Shared(source, max_age=60)
    impatient, patient = asyncio.create_task(shared.get()), asyncio.create_task(shared.get())
    await asyncio.sleep(0)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    source.may_answer.set()
    assert await patient == 1

"""One look at git answers all who ask at once; a long one goes on while they are told so."""

import asyncio

from andon.api.missing import Missing
from andon.ports.git import trailers
from andon.ports.git.trailers import Trailers
from unit.ports.test_trailers import TWO, rollback

DECISION, MADE_SO = rollback()


class Ran:
    code, out = 0, MADE_SO.encode()


class Branch:
    """Its remote answers when the test lets it."""

    where = "branch main of https://git/plant.git"

    def __init__(self, tip="c0ffee"):
        self.tip, self.fetched, self.reached = tip, 0, asyncio.Event()

    async def fetch(self):
        self.fetched += 1
        await self.reached.wait()
        return self.tip

    async def git(self, *_, **__):
        return Ran()


async def asked(look, times=1):
    return await asyncio.gather(*(look.convictions("plant-a", "reactor") for _ in range(times)))


async def test_all_who_ask_at_once_and_soon_after_are_answered_by_one_look():
    branch = Branch()
    look = Trailers(branch)
    branch.reached.set()
    for answers in (await asked(look, 5), await asked(look, 2)):
        assert {a.digest for (a,) in answers} == {TWO}
    assert branch.fetched == 1


async def test_a_long_look_goes_on_and_answers_who_asks_again(monkeypatch):
    monkeypatch.setattr(trailers, "_LONGEST_WAIT", 0.01)
    branch = Branch()
    look = Trailers(branch)
    (early,) = await asked(look)
    assert (early.reason, "is still being read" in early.detail) == ("Timeout", True)
    branch.reached.set()
    await asyncio.sleep(0)
    monkeypatch.setattr(trailers, "_LONGEST_WAIT", 5.0)
    ((found,),) = await asked(look)
    assert (found.decision, branch.fetched) == (DECISION, 1)


async def test_what_could_not_be_read_is_asked_for_anew():
    branch = Branch(tip=Missing("Unreachable", "It is away."))
    branch.reached.set()
    look = Trailers(branch)
    assert [(await asked(look))[0].reason for _ in range(2)] == ["Unreachable"] * 2
    assert branch.fetched == 2
    look.close()

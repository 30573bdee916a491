"""What a try comes to when the child is late, or others push while a push is rehearsed."""

import pytest

from andon.api.config import Repository
from andon.api.missing import Missing
from andon.ports.git.landing import Landing
from andon.ports.git.queue import Again, RaceError
from andon.ports.git.scribe import LateError
from andon.ports.git.writeback import Preflight
from andon.ports.splice import ObjectRef

REFUSED = Missing("Refused", "protected")


class Branch:
    """Its tip is a letter further with each look. pushes: what comes of each push."""

    def __init__(self, *pushes, tips="ab"):
        self.pushes, self.tips = list(pushes), list(tips)

    async def fetch(self):
        return self.tips.pop(0) if len(self.tips) > 1 else self.tips[0]

    async def push(self, moves, *options):
        assert options == ("--dry-run",)
        return self.pushes.pop(0)


class Scribe:
    """late: does not answer. tips: from which it was asked."""

    def __init__(self, *, late=False):
        self.late, self.tips = late, []

    async def check(self, tip, checks, fetched):
        self.tips.append(tip)
        if self.late:
            raise LateError("late")
        return [*({} for _ in checks), {"commit": "trial"}]


def checks(number):
    entry = Repository(name="plant", url="https://git/plant.git")
    return [Preflight(entry, ObjectRef("v1", "ModelDeployment", "plant-a", str(n)), "spec") for n in range(number)]


@pytest.mark.parametrize(("number", "answers"), [(1, [Missing("Timeout", "late")]), (2, Again.FEWER)])
async def test_a_late_child_ends_the_race_and_several_are_tried_by_fewer(number, answers):
    with pytest.raises(RaceError) as over:
        await Landing(Branch(), "main", Scribe(late=True), None)(checks(number))
    assert over.value.answers == answers


async def test_a_rehearsal_that_others_overtook_is_no_trouble_and_is_made_anew_from_their_tip():
    scribe = Scribe()
    assert await Landing(Branch(REFUSED, None), "main", scribe, None)(checks(2)) == [None, None]
    assert scribe.tips == ["a", "b"]


async def test_a_rehearsal_that_is_refused_where_nobody_pushed_is_trouble():
    assert await Landing(Branch(REFUSED, tips="a"), "main", Scribe(), None)(checks(1)) == [REFUSED]

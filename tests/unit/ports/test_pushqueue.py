"""Who is next at a branch, as far as it can be told without git."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from andon.api.config import Repository
from andon.api.missing import Missing
from andon.ports.git import queue as pushqueue
from andon.ports.git.queue import Again, PushQueue, RaceError
from andon.ports.git.writeback import Committed, Preflight, WriteBack
from andon.ports.splice import ObjectRef

ENTRY = Repository(name="plant", url="https://git/plant.git")
OTHER = Repository(name="other", url="https://git/plant.git", path="elsewhere")


def decision(name):
    return WriteBack(ENTRY, ObjectRef("v1", "ModelDeployment", "plant-a", name), "spec", "2", "1", f"d-{name}", "over", "Back")


def task(name, entry=ENTRY):
    return Preflight(entry, ObjectRef("v1", "ModelDeployment", "plant-a", name), "spec")


class Branch:
    """Answers each try in turn; then always the same, or commits all. tries: the names of each."""

    def __init__(self, *answers, always=None):
        self.answers, self.always, self.tries, self.races = list(answers), always, [], 0

    @asynccontextmanager
    async def race(self, entry):
        self.races += 1
        yield self.land

    async def land(self, tasks):
        self.tries.append([task.object.name for task in tasks])
        await asyncio.sleep(0)
        answer = self.answers.pop(0) if self.answers else self.always
        if isinstance(answer, Exception):
            raise answer
        return answer or [Committed(task.object.name) for task in tasks]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(pushqueue, "_WINDOW", 0.01)
    monkeypatch.setattr(pushqueue, "_LONGEST_PAUSE", 0.0)


async def all_of(queue, *tasks):
    return await asyncio.gather(*(queue.submit(task) for task in tasks), return_exceptions=True)


async def test_what_is_asked_in_one_moment_is_tried_at_once():
    branch = Branch()
    told = await all_of(PushQueue(branch.race, "main", 5), *(task(name) for name in "abc"))
    assert (branch.tries, [outcome.commit for outcome in told]) == ([["a", "b", "c"]], ["a", "b", "c"])


async def test_a_lost_race_is_run_again_with_who_has_come_meanwhile():
    branch = Branch(Again.LOST)
    queue = PushQueue(branch.race, "main", 5)
    late = []

    async def comes_late(tasks, land=branch.land):
        if not late:
            late.append(asyncio.create_task(queue.submit(task("late"))))
        return await land(tasks)

    branch.land = comes_late
    await all_of(queue, task("a"))
    assert await late[0] == Committed("late")
    assert branch.tries == [["a"], ["a", "late"]]


async def test_of_several_refused_the_one_is_found_by_halves():
    branch = Branch(Again.FEWER, Again.FEWER, [Missing("Refused", "not this one")])
    told = await all_of(PushQueue(branch.race, "main", 5), *(task(name) for name in "abcd"))
    assert branch.tries == [["a", "b", "c", "d"], ["a", "b"], ["a"], ["b", "c"], ["d"]]
    assert [isinstance(outcome, Missing) for outcome in told] == [True, False, False, False]


async def test_a_batch_that_takes_too_long_is_tried_by_halves_each_with_a_race_of_its_own_until_all_have_landed():
    branch = Branch()

    async def slow(tasks, land=branch.land):
        answers = await land(tasks)
        if len(tasks) > 2:
            raise RaceError(Again.FEWER)
        return answers

    branch.land = slow
    told = await all_of(PushQueue(branch.race, "main", 5), *(task(name) for name in "abcdefgh"))
    assert [outcome.commit for outcome in told] == list("abcdefgh")
    assert branch.races == 1 + sum(len(names) > 2 for names in branch.tries)


async def test_one_that_takes_too_long_is_told_so_and_the_next_begins_with_another_race():
    branch = Branch(RaceError([Missing("Timeout", "late")]))
    queue = PushQueue(branch.race, "main", 5)
    queue._most = 1
    told = await all_of(queue, task("a"), task("b"))
    assert (told, branch.races) == ([Missing("Timeout", "late"), Committed("b")], 2)


async def test_decisions_go_first_and_questions_are_asked_of_the_branch_as_it_is_then():
    branch = Branch()
    await all_of(PushQueue(branch.race, "main", 5), task("a"), decision("b"), task("c"), decision("d"))
    assert (branch.tries, branch.races) == ([["b", "d"], ["a", "c"]], 1)


async def test_entries_of_one_branch_are_not_mixed():
    branch = Branch()
    await all_of(PushQueue(branch.race, "main", 5), task("a"), task("b", OTHER), task("c"))
    assert (branch.tries, branch.races) == ([["a", "c"], ["b"]], 2)


async def test_who_gives_up_is_not_told_to_git():
    branch = Branch()
    queue = PushQueue(branch.race, "main", 5)
    impatient = asyncio.create_task(queue.submit(task("impatient")))
    patient = asyncio.create_task(queue.submit(task("patient")))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == Committed("patient")
    assert branch.tries == [["patient"]]


async def test_a_queue_that_is_full_says_so_and_one_that_lasts_too_long_gives_back(monkeypatch):
    monkeypatch.setattr(pushqueue, "BOUND", 2)
    told = await all_of(PushQueue(Branch().race, "main", 5), *(task(name) for name in "abc"))
    assert [isinstance(outcome, Missing) for outcome in told] == [False, False, True]
    told = await all_of(PushQueue(Branch(always=Again.LOST).race, "main", 0.05), task("a"))
    assert (told[0].reason, "faster" in told[0].detail) == ("Timeout", True)


async def test_a_bug_is_told_to_all_who_wait_and_the_next_begins_anew():
    queue = PushQueue(Branch(RuntimeError("the child died")).race, "main", 5)
    assert [str(error) for error in await all_of(queue, task("a"), task("b"))] == ["the child died"] * 2
    assert await queue.submit(task("c")) == Committed("c")


async def test_closing_lets_nobody_wait():
    queue = PushQueue(Branch(always=Again.LOST).race, "main", 60)
    waiting = asyncio.create_task(queue.submit(task("a")))
    await asyncio.sleep(0.03)
    await queue.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_who_comes_in_the_moment_in_which_the_worker_leaves_is_served():
    """Between the worker's last line and the loop's word of it, others run."""
    branch = Branch()
    queue = PushQueue(branch.race, "main", 5)
    told = []

    async def one_after_another(name):
        for number in range(20):
            told.append(await queue.submit(task(f"{name}{number}")))

    async with asyncio.timeout(20):
        await asyncio.gather(*(one_after_another(name) for name in "abc"))
    assert len(told) == 60

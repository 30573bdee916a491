"""git is asked in the background whether it would take a rollback: once for each spec, and again while it would not."""

import asyncio

from andon.api.config import Repository as Entry
from andon.api.decision import WriteBackMode
from andon.api.missing import Missing
from andon.controllers import preflight
from andon.controllers.preflight import AGAIN, HOUR, Preflights
from andon.controllers.queue import Key
from andon.ports.git.writeback import Refused

KEY = Key("plant-a", "product-e")
ENTRY = Entry(name="plant", url="https://git/plant.git", namespaces=["plant-a"])
TEMPLATED = Refused("Templated", "plant.yaml:4: the line is a template. Write it out.")


class Git:
    """Answers one after the other; an exception is raised."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), 0

    async def preflight(self, entry, ref, path, mode):
        assert (entry, ref.name, path) == (ENTRY, KEY.name, "spec.model.mlflow.version")
        self.asked += 1
        self.mode = mode
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def answered(asked, generation=1, mode=WriteBackMode.COMMIT):
    """What is known once git has answered."""
    before = asked.trouble(KEY, generation, ENTRY, mode)
    for _ in range(3):
        await asyncio.sleep(0)
    return before, asked.trouble(KEY, generation, ENTRY, mode)


async def test_nobody_waits_for_git_and_what_is_well_is_asked_once_for_each_spec():
    git, told = Git(None, TEMPLATED), []
    asked = Preflights(git, told.append)
    assert await answered(asked) == (None, None)
    assert (asked.look_again(KEY), git.asked, told) == (HOUR, 1, []), "there is nothing to say"
    before, after = await answered(asked, generation=2)
    assert (before, after.reason, git.asked, told) == (None, "Templated", 2, [KEY])


async def test_another_way_to_tell_git_is_asked_about_anew():
    git = Git(TEMPLATED, None)
    asked = Preflights(git, lambda _: None)
    await answered(asked)
    assert (await answered(asked, mode=WriteBackMode.PULL_REQUEST))[1] is None
    assert (git.asked, git.mode) == (2, WriteBackMode.PULL_REQUEST)


async def test_trouble_is_asked_about_again_and_stands_until_git_says_otherwise(monkeypatch):
    asked = Preflights(Git(Missing("Unreachable", "git cannot be read."), None), lambda _: None)
    _, trouble = await answered(asked)
    assert (trouble.state, trouble.reason, asked.look_again(KEY)) == ("Away", "Unreachable", AGAIN)
    monkeypatch.setattr(preflight, "AGAIN", 0.0)
    before, after = await answered(asked)
    assert (before, after) == (trouble, None)


async def test_what_is_well_is_asked_about_again_within_the_hour(monkeypatch):
    git = Git(None, TEMPLATED)
    asked = Preflights(git, lambda _: None)
    await answered(asked)
    await answered(asked)
    assert git.asked == 1
    monkeypatch.setattr(preflight, "HOUR", 0.0)
    assert (await answered(asked))[1].reason == "Templated"


async def test_a_bug_in_asking_stops_nobody_and_it_is_asked_again(caplog, monkeypatch):
    asked = Preflights(Git(RuntimeError("a bug"), TEMPLATED), lambda _: None)
    assert await answered(asked) == (None, None)
    assert "could not be asked whether it would take a commit" in caplog.text
    assert asked.look_again(KEY) == AGAIN
    monkeypatch.setattr(preflight, "AGAIN", 0.0)
    assert (await answered(asked))[1].reason == "Templated"


async def test_what_is_gone_is_forgotten():
    asked = Preflights(Git(None), lambda _: None)
    asked.trouble(KEY, 1, ENTRY, WriteBackMode.COMMIT)
    asked.forget(KEY)
    assert asked.look_again(KEY) is None
    await asyncio.sleep(0)

"""One try to bring decisions to a branch, from its tip as it is now: fetch, commit, push, and read again what came of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from andon.api.decision import WriteBackMode
from andon.api.missing import Missing
from andon.ports.git.cache import Branch, Move
from andon.ports.git.pullbranch import PullBranches, family
from andon.ports.git.queue import Again, RaceError
from andon.ports.git.scribe import LateError, Said, Scribe, ScribeError
from andon.ports.git.writeback import AlreadySo, Committed, Outcome, Preflight, Refused, Task, WriteBack

_TRIES: Final = 4


class Landing:
    """For one entry's tasks, as long as there are some."""

    def __init__(self, branch: Branch, name: str, scribe: Scribe, pulls: PullBranches) -> None:
        self._branch, self._name, self._scribe, self._pulls = branch, name, scribe, pulls
        self._losing = False

    async def __call__(self, tasks: list[Task]) -> Sequence[Outcome | None] | Again:
        """An answer for each, unless others were faster time and again, or several were refused.

        Raises ScribeError; and RaceError, when the child is late: with fewer it may be in time.
        """
        tip = await self._branch.fetch()
        for _ in range(_TRIES):
            if isinstance(tip, Missing):
                return [tip] * len(tasks)
            try:
                answers = await self._from(tip, tasks)
            except ScribeError:
                await self._branch.forget()
                raise
            except LateError as late:
                raise RaceError(Again.FEWER if len(tasks) > 1 else [Missing("Timeout", str(late))]) from late
            self._losing = isinstance(answers, str)
            if not isinstance(answers, str):
                return answers
            tip = answers
        return Again.LOST

    async def _from(self, tip: str, tasks: list[Task]) -> Sequence[Outcome | None] | str | Again:
        """The answers, or the tip to which others have moved the branch meanwhile. tasks: of one kind."""
        intents = [task for task in tasks if isinstance(task, WriteBack)]
        checks = [task for task in tasks if isinstance(task, Preflight)]
        return await (self._tell(tip, intents) if intents else self._check(tip, checks))

    async def _tell(self, tip: str, intents: list[WriteBack]) -> Sequence[Outcome] | str | Again:
        said = await self._with_files(lambda fetched: self._scribe.write(tip, intents, fetched))
        if isinstance(said, Missing):
            return [said] * len(intents)
        both = list(zip(intents, said, strict=True))
        made = [one["commit"] for intent, one in both if "commit" in one and not intent.proposes]
        untaken = await self._push(tip, made[-1]) if made else None
        if isinstance(untaken, str):
            return untaken
        if untaken is not None and len(made) > 1:
            return Again.FEWER
        landed = [] if untaken else made
        await self._pulls.clear([i.object for i, one in both if "already" in one or one.get("commit") in landed])
        return [await self._propose(i, one) if i.proposes and "commit" in one else _answer(one, made, untaken) for i, one in both]

    async def _with_files(self, ask: Callable[[str | None], Awaitable[list[Said] | str | Missing]]) -> list[Said] | Missing:
        """Mostly the files are there; where the folder has changed, they are fetched and the question is put again."""
        said = await ask(None)
        if not isinstance(said, str):
            return said
        absent = await self._branch.prefetch(said)
        again = await ask(said) if absent is None else absent
        if isinstance(again, str):
            raise ScribeError(f"the folder changed under one tip: {again}")
        return again

    async def _push(self, tip: str, head: str) -> str | Missing | None:
        """None once the branch has it. A failure is judged by where the branch is now: at the tip that others moved it to."""
        pushing = asyncio.create_task(self._branch.push([Move(self._name, head, tip)]))
        try:
            overtaken = await self._watch(pushing, tip, head)
            failure = None if overtaken else await pushing
        finally:
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)
        return overtaken if failure is None else await self._judged(failure, tip, head)

    async def _judged(self, failure: Missing, tip: str, head: str) -> str | Missing | None:
        """What a failed push means: only where the branch has not moved has it been refused."""
        now = await self._branch.fetch()
        if isinstance(now, Missing):
            return now
        return None if now == head else failure if now == tip else now

    async def _watch(self, pushing: asyncio.Task[Missing | None], tip: str, head: str) -> str | None:
        """Who has lost before looks while pushing: what is overtaken need not fail first, and the next try begins sooner."""
        while self._losing and not pushing.done():
            now = await self._branch.fetch()
            if isinstance(now, str) and now not in {tip, head}:
                return now
        return None

    async def _propose(self, intent: WriteBack, said: Said) -> Outcome:
        """A commit that only explains is of use in its branch, and still a refusal."""
        opened = await self._pulls.open(intent, said["commit"])
        if "refused" not in said or isinstance(opened, Missing):
            return opened
        return Refused(said["refused"], f"{said['message']}. Branch {opened.branch} explains it")

    async def _check(self, tip: str, checks: list[Preflight]) -> Sequence[Missing | Refused | None] | str:
        """A trial commit is signed and not pushed. Of those that are told in one way, one push is rehearsed."""
        said = await self._with_files(lambda fetched: self._scribe.check(tip, checks, fetched))
        if isinstance(said, Missing):
            return [said] * len(checks)
        *editable, trial = said
        failures: dict[WriteBackMode, Missing | None] = {}
        for mode, check in {check.mode: check for check in checks}.items():
            failure = await self._rehearsed(tip, trial["commit"], check)
            if isinstance(failure, str):
                return failure
            failures[mode] = failure
        both = zip(checks, editable, strict=True)
        return [failures[c.mode] or (Refused(e["refused"], e["message"]) if "refused" in e else None) for c, e in both]

    async def _rehearsed(self, tip: str, trial: str, check: Preflight) -> str | Missing | None:
        """A server says to a dry run whether it would let us."""
        proposal = Move(f"{family(check.object)}preflight", trial, None)
        move = proposal if check.mode is WriteBackMode.PULL_REQUEST else Move(self._name, trial, tip)
        failed = await self._branch.push([move], "--dry-run")
        return None if failed is None else await self._judged(failed, tip, trial)


def _answer(said: Said, made: Sequence[str], untaken: Missing | None) -> Outcome:
    """untaken: why none of the commits made is on the branch."""
    if "refused" in said:
        return Refused(said["refused"], said["message"])
    commit = said.get("commit", said.get("already"))
    if untaken is not None and commit in made:
        return untaken
    return Committed(said["commit"]) if "commit" in said else AlreadySo(commit)

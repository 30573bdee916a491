"""One try to bring decisions to a branch, from its tip as it is now: fetch, commit, push, and read again what came of it."""

from collections.abc import Sequence

from andon.api.missing import Missing
from andon.ports.gitcache import Branch, Move
from andon.ports.pullbranch import PullBranches
from andon.ports.scribe import Said, Scribe, ScribeError
from andon.ports.writeback import AlreadySo, Committed, Outcome, Preflight, Refused, Task, WriteBack


class Landing:
    """For one entry's tasks, as long as there are some."""

    def __init__(self, branch: Branch, name: str, scribe: Scribe, pulls: PullBranches) -> None:
        self._branch, self._name, self._scribe, self._pulls = branch, name, scribe, pulls

    async def __call__(self, tasks: list[Task]) -> Sequence[Outcome | None] | None:
        """An answer for each, or None: somebody else was faster, or the push of several was refused. Raises ScribeError."""
        folder = tasks[0].repository.path
        tip = await self._branch.fetch()
        if isinstance(tip, Missing):
            return [tip] * len(tasks)
        absent = await self._branch.prefetch(tip, folder)
        if absent is not None:
            return [absent] * len(tasks)
        try:
            return await self._from(tip, tasks)
        except ScribeError:
            await self._branch.forget()
            raise

    async def _from(self, tip: str, tasks: list[Task]) -> Sequence[Outcome | None] | None:
        intents = [task for task in tasks if isinstance(task, WriteBack)]
        checks = [task for task in tasks if isinstance(task, Preflight)]
        told = await self._tell(tip, intents) if intents else []
        if told is None:
            return None
        checked = await self._check(tip, checks) if checks else []
        answers: dict[int, Outcome | None] = {id(t): a for t, a in zip((*intents, *checks), (*told, *checked), strict=True)}
        return [answers[id(task)] for task in tasks]

    async def _tell(self, tip: str, intents: list[WriteBack]) -> Sequence[Outcome] | None:
        said = await self._scribe.write(tip, intents)
        if isinstance(said, Missing):
            return [said] * len(intents)
        both = list(zip(intents, said, strict=True))
        made = [one["commit"] for intent, one in both if "commit" in one and not intent.proposes]
        landed = await self._push(tip, made[-1]) if made else True
        if landed is False or (isinstance(landed, Missing) and len(made) > 1):
            return None
        unsaid = landed if isinstance(landed, Missing) else None
        return [await self._propose(i, one) if i.proposes and "commit" in one else _answer(one, made, unsaid) for i, one in both]

    async def _push(self, tip: str, head: str) -> bool | Missing:
        """Whether the branch has it. A failure is judged by where the branch is now: moved by others, it says nothing."""
        failure = await self._branch.push([Move(self._name, head, tip)])
        if failure is None:
            return True
        now = await self._branch.tip()
        if isinstance(now, Missing):
            return now
        return True if now == head else failure if now == tip else False

    async def _propose(self, intent: WriteBack, said: Said) -> Outcome:
        """A commit that only explains is of use in its branch, and still a refusal."""
        opened = await self._pulls.open(intent, said["commit"])
        if "refused" not in said or isinstance(opened, Missing):
            return opened
        return Refused(said["refused"], f"{said['message']}. Branch {opened.branch} explains it")

    async def _check(self, tip: str, checks: list[Preflight]) -> Sequence[Missing | Refused | None]:
        """A trial commit is signed and not pushed: a server says to a dry run whether it would let us."""
        said = await self._scribe.check(tip, checks)
        if isinstance(said, Missing):
            return [said] * len(checks)
        *editable, trial = said
        failure = await self._branch.push([Move(self._name, trial["commit"], tip)], "--dry-run")
        return [failure or (Refused(one["refused"], one["message"]) if "refused" in one else None) for one in editable]


def _answer(said: Said, made: Sequence[str], unsaid: Missing | None) -> Outcome:
    """unsaid: the commits made were not taken."""
    if "refused" in said:
        return Refused(said["refused"], said["message"])
    commit = said.get("commit", said.get("already"))
    if unsaid is not None and commit in made:
        return unsaid
    return Committed(said["commit"]) if "commit" in said else AlreadySo(commit)

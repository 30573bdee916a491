"""Where does a change wait for the person who merges it? In a branch of its own, `andon/NAMESPACE/NAME/DECISION`.

Andon never moves such a branch: it makes it once, and deletes it for a newer decision about the same object, proposed or
committed, as long as nobody else has committed there. That is a push of its own: a server that forbids it keeps nothing back.
Opening the pull request itself is the server's part, where push options ask it to, or a person's.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from andon.api.missing import Missing
from andon.ports.git.cache import PREFIX, Branch, Move
from andon.ports.git.writeback import Proposed, WriteBack
from andon.ports.splice import ObjectRef

_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class PullBranch:
    """One that is there. made: seconds since 1970. decision: of the newest commit, empty for a person's."""

    name: str
    commit: str
    made: float
    decision: str

    @property
    def ours(self) -> bool:
        """Whether nobody else has committed there."""
        return self.decision == self.name.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Made:
    """A branch that this process made, open or not. at: seconds since 1970."""

    name: str
    at: float


def family(ref: ObjectRef) -> str:
    """What the names of all branches about one object begin with."""
    return f"{PREFIX}{ref.namespace}/{ref.name}/"


class PullBranches:
    """Of one repository. per_day: how many may be made in a day. made: what was, and is added to."""

    def __init__(self, branch: Branch, per_day: int, made: list[Made], options: tuple[str, ...] = ()) -> None:
        self._branch, self._per_day, self._log, self._options = branch, per_day, made, options

    async def open(self, intent: WriteBack, commit: str) -> Proposed | Missing:
        """Makes the branch, unless it is there, and then deletes those of older decisions about the object."""
        fetched = await self._branch.fetch()
        there = fetched if isinstance(fetched, Missing) else await self._there()
        if isinstance(there, Missing):
            return there
        name = f"{family(intent.object)}{intent.decision}"
        known = next((branch for branch in there if branch.name == name), None)
        if known is not None:
            return Proposed(name, known.commit)
        superseded = _superseded(there, [intent.object])
        opened = (None if superseded else self._full(there)) or await self._made(name, commit)
        if superseded and isinstance(opened, Proposed):
            await self._branch.push(superseded)
        return opened

    async def clear(self, refs: Iterable[ObjectRef]) -> None:
        """Deletes what waits about objects whose line is settled. What cannot be deleted is tried with their next decision."""
        there = await self._there()
        superseded = [] if isinstance(there, Missing) else _superseded(there, refs)
        if superseded:
            await self._branch.push(superseded)

    async def _made(self, name: str, commit: str) -> Proposed | Missing:
        """A server that takes no options refuses all, so that it is asked again without."""
        moves, options = [Move(name, commit, None)], [f"--push-option={option}" for option in self._options]
        failure = await self._branch.push(moves, *options)
        if failure is not None and options and failure.reason == "Refused":
            failure = await self._branch.push(moves)
        if failure is not None:
            there = await self._branch.heads(f"refs/heads/{name}")
            if isinstance(there, Missing) or there.get(f"refs/heads/{name}") != commit:
                return failure
        self._log.append(Made(name, time.time()))
        return Proposed(name, commit)

    def _full(self, there: list[PullBranch]) -> Missing | None:
        """What was made counts, merged or deleted since or not; what is open tells of those made before this process began."""
        yesterday = time.time() - _DAY
        self._log[:] = [made for made in self._log if made.at > yesterday]
        known = {made.name for made in self._log}
        fresh = len(self._log) + sum(b.ours and b.made > yesterday and b.name not in known for b in there)
        if fresh < self._per_day:
            return None
        return Missing(
            "Refused",
            f"{fresh} pull branches were made at {self._branch.where} within a day. It is tried again when the day is over. "
            f"Next: see whether so many are right, or raise limits.pullBranchesPerDay of the operator's configuration.",
        )

    async def _there(self) -> list[PullBranch] | Missing:
        listed = await self._branch.pulls()
        if isinstance(listed, Missing):
            return listed
        return [PullBranch(name, commit, float(made), decision) for name, commit, made, decision in listed]


def _superseded(there: list[PullBranch], refs: Iterable[ObjectRef]) -> list[Move]:
    """Those about these objects on which nobody else has committed."""
    families = tuple(map(family, refs))
    return [Move(branch.name, None, branch.commit) for branch in there if branch.name.startswith(families) and branch.ours]

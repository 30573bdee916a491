"""Where does a change wait for the person who merges it? In a branch of its own, `andon/NAMESPACE/NAME/DECISION`.

Andon never moves such a branch: it makes it once, and deletes it for a newer decision about the same object, as long as nobody
else has committed there. Opening the pull request itself is the server's part, where push options ask it to, or a person's.
"""

import time
from dataclasses import dataclass
from typing import Final

from andon.api.missing import Missing
from andon.ports.git.cache import Branch, Move
from andon.ports.git.writeback import Proposed, WriteBack

PREFIX: Final = "andon/"
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


class PullBranches:
    """Of one repository. per_day: how many may be made in a day."""

    def __init__(self, branch: Branch, per_day: int, options: tuple[str, ...] = ()) -> None:
        self._branch, self._per_day, self._options = branch, per_day, options

    async def open(self, intent: WriteBack, commit: str) -> Proposed | Missing:
        """Makes the branch, unless it is there. Branches of older decisions about the object are deleted with the same push."""
        there = await self._there()
        if isinstance(there, Missing):
            return there
        family = f"{PREFIX}{intent.object.namespace}/{intent.object.name}/"
        name = f"{family}{intent.decision}"
        known = next((branch for branch in there if branch.name == name), None)
        if known is not None:
            return Proposed(name, known.commit)
        full = self._full(there)
        if full is not None:
            return full
        superseded = [Move(b.name, None, b.commit) for b in there if b.name.startswith(family) and b.ours]
        return await self._made([Move(name, commit, None), *superseded])

    async def _made(self, moves: list[Move]) -> Proposed | Missing:
        """A server that takes no options refuses all, so that it is asked again without."""
        wanted, options = moves[0], [f"--push-option={option}" for option in self._options]
        failure = await self._branch.push(moves, *options)
        if failure is not None and options and failure.reason == "Refused":
            failure = await self._branch.push(moves)
        if failure is not None:
            there = await self._branch.heads(f"refs/heads/{wanted.branch}")
            if isinstance(there, Missing) or there.get(f"refs/heads/{wanted.branch}") != wanted.commit:
                return failure
        return Proposed(wanted.branch, wanted.commit or "")

    def _full(self, there: list[PullBranch]) -> Missing | None:
        fresh = sum(1 for branch in there if branch.ours and branch.made > time.time() - _DAY)
        if fresh < self._per_day:
            return None
        return Missing(
            "Refused",
            f"{fresh} pull branches were made at {self._branch.where} within a day and are open. Next: merge or delete some of "
            f"{PREFIX}*, or raise limits.pullBranchesPerDay of the operator's configuration.",
        )

    async def _there(self) -> list[PullBranch] | Missing:
        listed = await self._branch.others(PREFIX)
        if isinstance(listed, Missing):
            return listed
        return [PullBranch(name, commit, float(made), decision) for name, commit, made, decision in listed]

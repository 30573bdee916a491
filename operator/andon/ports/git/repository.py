"""How does git learn of a decision: one commit, one changed line, on top of whatever others pushed meanwhile."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from andon.api import config
from andon.api.decision import WriteBackMode
from andon.api.missing import Missing
from andon.api.quarantine import Conviction
from andon.ports.blocking import without_secrets
from andon.ports.git.cache import Branch
from andon.ports.git.command import Git, environment
from andon.ports.git.credentials import credentials
from andon.ports.git.landing import Landing
from andon.ports.git.pullbranch import Made, PullBranches
from andon.ports.git.queue import Land, PushQueue
from andon.ports.git.scribe import scribe
from andon.ports.git.signing import signer
from andon.ports.git.trailers import Trailers
from andon.ports.git.writeback import Outcome, Preflight, Refused, Task, WriteBack
from andon.ports.guard import Guard, alone
from andon.ports.splice import ObjectRef

_PATIENCE: Final = 10.0


class Repository(Protocol):
    """The repositories of the operator's configuration."""

    async def write_back(self, intent: WriteBack) -> Outcome:
        """Tells git, once: killed at any moment and repeated, there is one commit."""
        ...

    async def preflight(
        self, entry: config.Repository, ref: ObjectRef, path: str, mode: WriteBackMode = WriteBackMode.COMMIT
    ) -> Missing | Refused | None:
        """Why telling git of another value would fail; None: it would not, as far as can be known before."""
        ...

    async def convictions(self, entry: config.Repository, namespace: str, name: str) -> tuple[Conviction, ...] | Missing:
        """What the branch's commits say was rolled back from this deployment."""
        ...

    async def probe(self, repository: config.Repository) -> str | Missing:
        """The commit at the branch's tip, or why it cannot be read."""
        ...

    async def close(self) -> None:
        """Stops trying."""
        ...


class GitRepository:
    """Fetches and pushes with git, writes commits in a short-lived child; one queue for each branch.

    folder: for caches, may be empty at any start. secrets: of Secrets, each in a folder of its name. timeout: seconds for each
    process; a call waits for its turn ten times as long at most. pulls_per_day: branches for pull requests in one repository.
    may_write: asked before each push.
    """

    def __init__(
        self,
        folder: Path,
        timeout: float = 30.0,
        *,
        secrets: Path = Path("/nonexistent"),
        pulls_per_day: int = 20,
        may_write: Guard = alone,
    ) -> None:
        self._folder, self._timeout = folder.resolve(), timeout
        self._secrets, self._pulls_per_day, self._may_write = secrets, pulls_per_day, may_write
        self._environment = environment(folder / "home")
        self._queues: dict[tuple[str, str], PushQueue] = {}
        self._trailers: dict[tuple[str, str], Trailers] = {}
        self._pulls_made: dict[str, list[Made]] = {}

    async def write_back(self, intent: WriteBack) -> Outcome:
        """Tells git, once. A lost race starts again from the new tip and never rebases: what was decided is checked anew."""
        return await self._queue(intent.repository).submit(intent)

    async def preflight(
        self, entry: config.Repository, ref: ObjectRef, path: str, mode: WriteBackMode = WriteBackMode.COMMIT
    ) -> Missing | Refused | None:
        """Why telling git of another value would fail now. When to ask again is the caller's to know, who sees it change."""
        return await self._queue(entry).submit(Preflight(entry, ref, path, mode))

    async def convictions(self, entry: config.Repository, namespace: str, name: str) -> tuple[Conviction, ...] | Missing:
        """What the branch's commits say was rolled back from this deployment, read in a cache of its own beside the pushes."""
        key = (entry.url, entry.branch)
        if key not in self._trailers:
            branch = self._branch(entry, cache="history")
            if isinstance(branch, Missing):
                return branch
            self._trailers[key] = Trailers(branch)
        return await self._trailers[key].convictions(namespace, name)

    async def probe(self, repository: config.Repository) -> str | Missing:
        """The commit at the branch's tip, or why it cannot be read."""
        branch = self._branch(repository)
        return branch if isinstance(branch, Missing) else await branch.tip()

    async def close(self) -> None:
        """Stops trying; what is begun is killed, and found half done or done by whoever comes next."""
        for trailers in self._trailers.values():
            trailers.close()
        await asyncio.gather(*(queue.close() for queue in self._queues.values()))

    def _queue(self, entry: config.Repository) -> PushQueue:
        key = (entry.url, entry.branch)
        if key not in self._queues:
            self._queues[key] = PushQueue(self._race, _where(entry), _PATIENCE * self._timeout)
        return self._queues[key]

    @asynccontextmanager
    async def _race(self, entry: config.Repository) -> AsyncIterator[Land]:
        branch = self._branch(entry)
        if isinstance(branch, Missing):
            yield _nothing_but(branch)
            return
        async with signer(entry, self._secrets, self._environment, self._timeout) as key:
            if isinstance(key, Missing):
                yield _nothing_but(key)
                return
            made = self._pulls_made.setdefault(entry.url, [])
            pulls = PullBranches(branch, self._pulls_per_day, made, tuple(entry.push_options))
            async with scribe(entry, branch.git.folder, key, self._environment, self._timeout) as child:
                yield Landing(branch, entry.branch, child, pulls)
        await branch.tidy()

    def _branch(self, entry: config.Repository, cache: str = "tip") -> Branch | Missing:
        name = hashlib.sha256(f"{entry.url}\n{entry.branch}".encode()).hexdigest()[:16]
        keys = credentials(entry, self._secrets, Path(self._environment["HOME"]))
        if isinstance(keys, Missing):
            return keys
        git = Git(self._folder / f"{name}-{cache}.git", {**self._environment, **keys.environment}, self._timeout, keys.clean)
        return Branch(entry.url, entry.branch, _where(entry), git, self._may_write)


def _where(entry: config.Repository) -> str:
    return f"branch {entry.branch} of {without_secrets(entry.url)}"


def _nothing_but(missing: Missing) -> Land:
    async def land(tasks: list[Task]) -> list[Any]:
        return [missing] * len(tasks)

    return land

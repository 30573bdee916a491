"""How does git learn of a decision: one commit, one changed line, on top of whatever others pushed meanwhile."""

import asyncio
import hashlib
import json
import random
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from andon.api import config
from andon.api.missing import Missing
from andon.ports.gitcommand import Branch, environment, run
from andon.ports.splice import ObjectRef

_TRIES: Final = 20
_LONGEST_PAUSE: Final = 2.0


@dataclass(frozen=True, slots=True)
class WriteBack:
    """A decision as git is to hear of it.

    path: of the scalar, by field names with dots. old: what must stand there still; new: what is to stand there. override: path
    of the scalar by which a person forbids this decision, by naming it. trailers: in order, after `Andon-Decision`, which is
    always the first and by which a repeat knows the commit again.
    """

    repository: config.Repository
    object: ObjectRef
    path: str
    old: str
    new: str
    decision: str
    override: str
    subject: str
    body: str = ""
    trailers: tuple[tuple[str, str], ...] = ()

    def message(self) -> str:
        """The whole commit message. Text from elsewhere cannot break out of its line, nor add a trailer of its own."""
        trailers = [f"{key}: {' '.join(value.split())}" for key, value in (("Andon-Decision", self.decision), *self.trailers)]
        paragraphs = [" ".join(self.subject.split()), " ".join(self.body.split()), "\n".join(trailers)]
        return "\n\n".join(p for p in paragraphs if p) + "\n"


@dataclass(frozen=True, slots=True)
class Committed:
    """The branch has the commit now."""

    commit: str


@dataclass(frozen=True, slots=True)
class AlreadySo:
    """The branch said so before. commit: the one of this decision, None if somebody else wrote the value."""

    commit: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """This edit is for a person, however often it is tried. message: file, line and next step."""

    reason: str
    message: str


class Repository(Protocol):
    """The repositories of the operator's configuration."""

    async def write_back(self, intent: WriteBack) -> Committed | AlreadySo | Refused | Missing:
        """Tells git, once: killed at any moment and repeated, there is one commit."""
        ...

    async def probe(self, repository: config.Repository) -> str | Missing:
        """The commit at the branch's tip, or why it cannot be read."""
        ...


class GitRepository:
    """Fetches and pushes with git, writes the commit in a short-lived child; one at a time for each branch.

    folder: for caches, may be empty at any start. timeout: seconds for each process; a call that waits for its turn waits ten
    times as long at most.
    """

    def __init__(self, folder: Path, timeout: float = 30.0) -> None:
        self._folder = folder.resolve()
        self._timeout = timeout
        self._environment = environment(folder / "home")
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}

    async def write_back(self, intent: WriteBack) -> Committed | AlreadySo | Refused | Missing:
        """Tells git, once. A lost race starts again from the new tip and never rebases: what was decided is checked anew."""
        branch = self._branch(intent.repository)
        turn = self._turns.setdefault((intent.repository.url, intent.repository.branch), asyncio.Lock())
        try:
            async with asyncio.timeout(10 * self._timeout):
                async with turn:
                    return await self._raced(branch, intent)
        except TimeoutError:
            return Missing("Timeout", f"{branch.where} was busy for {10 * self._timeout:g} s. It is tried again.")

    async def probe(self, repository: config.Repository) -> str | Missing:
        """The commit at the branch's tip, or why it cannot be read."""
        return await self._branch(repository).tip()

    async def _raced(self, branch: Branch, intent: WriteBack) -> Committed | AlreadySo | Refused | Missing:
        for attempt in range(_TRIES):
            outcome = await self._try(branch, intent)
            if outcome is not None:
                return outcome
            await asyncio.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.1 * 2**attempt)))  # noqa: S311 - jitter, no secret
        return Missing("Timeout", f"others pushed to {branch.where} first, {_TRIES} times in a row. It is tried again.")

    async def _try(self, branch: Branch, intent: WriteBack) -> Committed | AlreadySo | Refused | Missing | None:
        """One round from the tip as it is now; None when somebody else was faster."""
        tip = await branch.fetch()
        if isinstance(tip, Missing):
            return tip
        made = await self._commit(branch, tip, intent)
        if not isinstance(made, Committed):
            return made
        failure = await branch.push(made.commit, onto=tip)
        if failure is None:
            return made
        now = await branch.tip()
        if isinstance(now, Missing):
            return now
        if now == made.commit:
            return made
        return failure if now == tip else None

    async def _commit(self, branch: Branch, tip: str, intent: WriteBack) -> Committed | AlreadySo | Refused | Missing:
        child = (sys.executable, "-m", "andon.ports.gitwork")
        order = json.dumps(_order(branch, tip, intent)).encode()
        try:
            ran = await run(child, {**self._environment, "PYTHONPATH": _source()}, self._timeout, order)
        except TimeoutError:
            return Missing("Timeout", f"a commit for {branch.where} was not written within {self._timeout:g} s.")
        if ran.code:
            await branch.forget()
            raise RuntimeError(f"writing a commit for {branch.where} failed: {ran.said[-500:]}")
        outcome = json.loads(ran.out)
        if "refused" in outcome:
            return Refused(outcome["refused"], outcome["message"])
        return Committed(outcome["commit"]) if "commit" in outcome else AlreadySo(outcome["already"])

    def _branch(self, repository: config.Repository) -> Branch:
        name = hashlib.sha256(f"{repository.url}\n{repository.branch}".encode()).hexdigest()[:16]
        return Branch(repository.url, repository.branch, self._folder / f"{name}.git", self._environment, self._timeout)


def _order(branch: Branch, tip: str, intent: WriteBack) -> dict[str, Any]:
    author = re.fullmatch(r"(?P<name>[^<>\n]+) <(?P<email>[^<>\n]+)>", intent.repository.author)
    if author is None:
        raise ValueError(f"repository {intent.repository.name}: author {intent.repository.author!r} is not `NAME <EMAIL>`")
    return {
        "repository": str(branch.cache),
        "tip": tip,
        "folder": intent.repository.path,
        "object": asdict(intent.object),
        "path": intent.path,
        "old": intent.old,
        "new": intent.new,
        "decision": intent.decision,
        "override": intent.override,
        "message": intent.message(),
        "author": author.groupdict(),
    }


def _source() -> str:
    """Where this package was imported from, so that the child is of the same version."""
    return str(Path(__file__).parents[2])

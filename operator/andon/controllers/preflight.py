"""Could git be told of a rollback, were one decided now? Asked in the background: git may be slow, and nobody waits for it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from andon.api import API_VERSION
from andon.api.config import Repository as Entry
from andon.api.decision import WriteBackMode
from andon.api.deployment import VERSION_LINE
from andon.api.missing import Missing
from andon.controllers.queue import Key
from andon.core.deployment.facts import GitOutcome
from andon.ports.git.repository import Repository
from andon.ports.git.writeback import Refused
from andon.ports.splice import ObjectRef

log = logging.getLogger(__name__)

_AT_ONCE: Final = 64
"""Questions for git: after a start everybody has one, and a rollback must not wait behind all of them."""

AGAIN: Final = 60.0
"""Seconds after which trouble is asked about again, and what git could not be asked."""

HOUR: Final = 3600.0
"""Seconds after which is asked again what was well: a person may have changed the file, or the right to push."""


@dataclass(slots=True)
class _Asked:
    """Of one deployment. about: its generation, and how git would be told. trouble: what was found last. well: nothing was."""

    about: tuple[int, WriteBackMode]
    task: asyncio.Task[None]
    trouble: GitOutcome | None = None
    well: bool = False
    at: float = field(default_factory=lambda: asyncio.get_running_loop().time())


class Preflights:
    """The last answer for each deployment. on_answer: told of whom there is something new to say."""

    def __init__(self, repository: Repository, on_answer: Callable[[Key], None]) -> None:
        self._repository, self._on_answer = repository, on_answer
        self._asked: dict[Key, _Asked] = {}
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    def trouble(self, key: Key, generation: int, entry: Entry, mode: WriteBackMode) -> GitOutcome | None:
        """What stood in the way when it was asked last; asks anew where that is due."""
        asked, about = self._asked.get(key), (generation, mode)
        if asked is None or (asked.task.done() and self._is_due(asked, about)):
            before = asked.trouble if asked is not None else None
            asked = _Asked(about, asyncio.create_task(self._ask(key, entry, mode), name=f"preflight {key}"), before)
            self._asked[key] = asked
        return asked.trouble

    def look_again(self, key: Key) -> float | None:
        """Seconds until it is to be asked again."""
        asked = self._asked.get(key)
        return _interval(asked) if asked is not None else None

    def forget(self, key: Key) -> None:
        """The deployment is gone."""
        asked = self._asked.pop(key, None)
        if asked is not None:
            asked.task.cancel()

    def _is_due(self, asked: _Asked, about: tuple[int, WriteBackMode]) -> bool:
        return asked.about != about or asyncio.get_running_loop().time() >= asked.at + _interval(asked)

    async def _ask(self, key: Key, entry: Entry, mode: WriteBackMode) -> None:
        ref = ObjectRef(API_VERSION, "ModelDeployment", key.namespace, key.name)
        try:
            async with self._at_once:
                found = _outcome(await self._repository.preflight(entry, ref, VERSION_LINE, mode))
        except Exception:
            log.exception("ModelDeployment %s: git could not be asked whether it would take a commit", key)
            return
        asked = self._asked[key]
        before, asked.trouble, asked.well = asked.trouble, found, found is None
        if found != before:
            self._on_answer(key)


def _interval(asked: _Asked) -> float:
    return HOUR if asked.well else AGAIN


def _outcome(found: Missing | Refused | None) -> GitOutcome | None:
    match found:
        case Refused(reason=reason, message=message):
            return GitOutcome("Refused", reason, message)
        case Missing(reason=reason, detail=detail):
            return GitOutcome("Away", reason, detail)
    return None

"""Which revisions were rolled back here, as git remembers it in the trailers of its commits?

A trailer does not say which deployment it is about; the decision's id does, which is a hash of it and of both revisions. So what
was convicted elsewhere is not convicted here, and a name in a subject line proves nothing.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from andon.api.decision import rollback_id
from andon.api.missing import Missing
from andon.api.quarantine import Conviction
from andon.ports.git.cache import Branch

_COMMITS: Final = 2000
"""The newest ones that carry a decision, wherever they are in the history."""

_KEYS: Final = ("Andon-Decision", "Andon-From", "Andon-To")
_REVISION: Final = re.compile(r"(?P<version>[1-9][0-9]{0,8}) (?P<digest>sha256:[0-9a-f]{64})")
_PATIENCE: Final = 4.0
_LONGEST_WAIT: Final = 20.0
"""Seconds: a large history is read on in the background, and who asked is told so."""

_FRESH: Final = 15.0
"""Seconds for which git is not asked again: after a cluster was rebuilt, everybody asks at once."""


@dataclass(frozen=True, slots=True)
class Told:
    """One commit that carries a rollback, of whichever deployment: from one revision to another digest."""

    decision: str
    version: str
    digest: str
    back_to: str
    since: datetime | None


class Trailers:
    """Of one branch, which has its cache to itself. All who ask at the same time are answered by one look."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self._until = 0.0
        self._look: asyncio.Task[list[Told] | Missing] | None = None

    async def convictions(self, namespace: str, name: str) -> tuple[Conviction, ...] | Missing:
        """What was rolled back from this deployment, the newest decision about each revision."""
        now = asyncio.get_running_loop().time()
        if self._look is None or (self._look.done() and now >= self._until):
            self._look = asyncio.create_task(self._read(), name=f"history of {self._branch.where}")
        try:
            async with asyncio.timeout(_LONGEST_WAIT):
                told = await asyncio.shield(self._look)
        except TimeoutError:
            return Missing("Timeout", f"The history of {self._branch.where} is still being read.")
        return told if isinstance(told, Missing) else about(namespace, name, told)

    def close(self) -> None:
        """Looks no further."""
        if self._look is not None:
            self._look.cancel()

    async def _read(self) -> list[Told] | Missing:
        told = await self._listed()
        self._until = asyncio.get_running_loop().time() + (0.0 if isinstance(told, Missing) else _FRESH)
        return told

    async def _listed(self) -> list[Told] | Missing:
        tip = await self._branch.fetch()
        if isinstance(tip, Missing):
            return tip
        fields = "%x00".join(["%ct", *(f"%(trailers:key={key},valueonly,separator=%x20)" for key in _KEYS)])
        which = ("--grep=^Andon-Decision: ", f"--max-count={_COMMITS}", f"--format=%x01{fields}")
        listed = await self._branch.git("log", *which, tip, patience=_PATIENCE)
        if isinstance(listed, Missing):
            return listed
        if listed.code:
            said = self._branch.git.told(listed)
            return Missing("ServerError", f"git cannot read the history of {self._branch.where}: {said}")
        return list(read(listed.out.decode(errors="replace")))


def read(log: str) -> Iterator[Told]:
    """git's answer, oldest commit first. A commit that says less than a rollback must is passed over."""
    for entry in reversed(log.split("\x01")):
        fields = entry.strip("\n").split("\0")
        if len(fields) != 1 + len(_KEYS):
            continue
        made, decision, convicted, back_to = fields
        from_, to = _REVISION.fullmatch(convicted), _REVISION.fullmatch(back_to)
        if from_ is not None and to is not None:
            yield Told(decision, from_["version"], from_["digest"], to["digest"], _moment(made))


def _moment(seconds: str) -> datetime | None:
    """Anybody may commit in any year; none before 2286 has more digits."""
    return datetime.fromtimestamp(int(seconds), UTC) if re.fullmatch(r"[0-9]{1,10}", seconds) else None


def about(namespace: str, name: str, told: Iterable[Told]) -> tuple[Conviction, ...]:
    """Those of one deployment. A decision that was made after an override has the overridden one's id in its own."""
    mine: set[str | None] = {None}
    found: dict[str, Conviction] = {}
    for said in told:
        ids = (rollback_id(namespace, name, said.digest, said.back_to, override) for override in mine)
        if said.decision in ids:
            mine.add(said.decision)
            found[said.digest] = Conviction(said.version, said.digest, said.decision, f"{namespace}/{name}", said.since)
    return tuple(found.values())

"""Who writes commits: a child process that knows the repository's files, for as long as one race lasts."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from andon.api import config
from andon.api.missing import Missing
from andon.ports.git.command import ended, started
from andon.ports.git.signing import Signer
from andon.ports.git.writeback import Preflight, WriteBack

_LONGEST_ANSWER: Final = 2**26

Said = dict[str, Any]


class ScribeError(Exception):
    """The child died: a broken cache, or a bug."""


class LateError(Exception):
    """The child did not answer in time. Its answer may still come, so that nothing more can be asked of it."""


class Scribe:
    """Answers about one tip after another. timeout: seconds for each answer."""

    def __init__(self, process: asyncio.subprocess.Process, timeout: float) -> None:
        self._process, self._timeout = process, timeout
        self._number = 0

    async def write(self, tip: str, intents: Sequence[WriteBack], fetched: str | None) -> list[Said] | str | Missing:
        """What `work.Session.write` says, or the tree of a folder whose files must be fetched first.

        Raises ScribeError; and LateError, after which there must be another child.
        """
        return await self._ask(tip, [_asked(intent) for intent in intents], fetched, check=False)

    async def check(self, tip: str, checks: Sequence[Preflight], fetched: str | None) -> list[Said] | str | Missing:
        """Likewise what `work.Session.check` says."""
        return await self._ask(tip, [{"object": asdict(one.object), "path": one.path} for one in checks], fetched, check=True)

    async def send(self, order: Any) -> None:
        """One line. A child that is gone is found out about when it does not answer."""
        if self._process.stdin is not None:
            self._process.stdin.write(f"{json.dumps(order)}\n".encode())
            await self._process.stdin.drain()

    async def _ask(self, tip: str, intents: Sequence[Said], fetched: str | None, *, check: bool) -> list[Said] | str | Missing:
        self._number += 1
        order = {"number": self._number, "tip": tip, "intents": list(intents), "check": check, "fetched": fetched}
        try:
            async with asyncio.timeout(self._timeout):
                await self.send(order)
                line = await self._process.stdout.readline() if self._process.stdout else b""
                said = b"" if line or self._process.stderr is None else await self._process.stderr.read()
        except TimeoutError as error:
            raise LateError(f"commits were not written within {self._timeout:g} s. It is tried again.") from error
        except OSError as error:
            raise ScribeError(f"writing commits ended: {error.strerror}") from error
        if not line:
            raise ScribeError(f"writing commits failed: {' '.join(said.decode(errors='replace').split())[-500:]}")
        number, answer = json.loads(line)
        if number != self._number:
            raise ScribeError(f"question {self._number} was given the answer of question {number}")
        if isinstance(answer, list):
            return answer
        return str(answer["unfetched"]) if "unfetched" in answer else _unsigned(answer["uncommitted"])


@asynccontextmanager
async def scribe(
    entry: config.Repository, cache: Path, signer: Signer, environment: Mapping[str, str], timeout: float
) -> AsyncIterator[Scribe]:
    """A child for one entry, and the end of it."""
    around = {**environment, **signer.environment, "GIT_ALLOW_PROTOCOL": "none", "PYTHONPATH": _source()}
    process = await started((sys.executable, "-m", "andon.ports.git.work"), around, _LONGEST_ANSWER)
    try:
        made = Scribe(process, timeout)
        await made.send(
            {"repository": str(cache), "folder": entry.path, "people": _people(entry), "signing": list(signer.options)}
        )
        yield made
    finally:
        await ended(process)


def _asked(intent: WriteBack) -> Said:
    return {
        "object": asdict(intent.object),
        "path": intent.path,
        "old": intent.old,
        "new": intent.new,
        "decision": intent.decision,
        "override": intent.override,
        "message": intent.message(),
        "proposal": intent.proposes,
    }


def _people(entry: config.Repository) -> list[tuple[str, str]]:
    """Author and committer: the model has checked that each is `NAME <EMAIL>`."""
    split = (who.rpartition(" <") for who in (entry.author, entry.committer or entry.author))
    return [(name, email.removesuffix(">")) for name, _, email in split]


def _unsigned(said: str) -> Missing:
    return Missing("Refused", f"the commit cannot be made: {said}. Next: check the Secret of the entry's signingKey.")


def _source() -> str:
    """Where this package was imported from, so that the child is of the same version."""
    return str(Path(__file__).parents[3])

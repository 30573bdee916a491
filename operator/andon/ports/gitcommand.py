"""How git is run: fixed arguments, an environment of its own, and an end to every wait.

One bare cache for one branch of one repository. It is only a cache: whatever a killed process left in it, it can be made anew.
"""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from andon.api.missing import Missing
from andon.ports.blocking import without_secrets

_TIP: Final = "refs/andon/tip"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a process ended. said: what it wrote to stderr, on one line; it may hold a URL's secrets."""

    code: int
    out: bytes
    said: str


async def run(argv: Sequence[str], environment: Mapping[str, str], within: float, given: bytes = b"") -> Ran:
    """Runs a process in its HOME. Raises TimeoutError; however this ends, neither it nor a child of it is left."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=environment["HOME"],
        env=environment,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(within):
            out, err = await process.communicate(given)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return Ran(process.returncode or 0, out, " ".join(err.decode(errors="replace").split()))


def environment(home: Path) -> dict[str, str]:
    """What git and its children see: nobody's configuration, no prompts, no protocol that runs a command."""
    home.mkdir(parents=True, exist_ok=True)
    home = home.resolve()
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CEILING_DIRECTORIES": str(home.parent),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "http:https:ssh:file",
    }


class Branch:
    """One branch of a remote repository, and a bare cache of it. timeout: seconds for each git process."""

    def __init__(self, url: str, name: str, cache: Path, environment: Mapping[str, str], timeout: float) -> None:
        self.where = f"branch {name} of {without_secrets(url)}"
        self.cache = cache
        self._url = url
        self._ref = f"refs/heads/{name}"
        self._environment = environment
        self._timeout = timeout

    async def fetch(self) -> str | Missing:
        """Brings the cache up to date; the commit at the tip."""
        fetched = await self._fetch()
        if not isinstance(fetched, Ran):
            return fetched
        there = await self.tip()
        if isinstance(there, Missing):
            return there
        # The remote answers, so it is the cache that is broken: a killed fetch leaves lock files that stop every later one.
        await self.forget()
        again = await self._fetch()
        return Missing("ServerError", f"git cannot fetch {self.where}: {self._clean(again)}") if isinstance(again, Ran) else again

    async def forget(self) -> None:
        """Drops the cache; the next fetch makes it anew."""
        await asyncio.to_thread(shutil.rmtree, self.cache, ignore_errors=True)

    async def tip(self) -> str | Missing:
        """The commit at the tip, asked of the remote."""
        listed = await self._git("ls-remote", "--exit-code", "--", self._url, self._ref)
        if isinstance(listed, Missing):
            return listed
        commits = [line.split(b"\t")[0].decode() for line in listed.out.splitlines() if line.endswith(b"\t" + self._ref.encode())]
        if commits:
            return commits[0]
        if listed.code in {0, 2}:
            return Missing("NotFound", f"there is no {self.where}. Next: correct the repository's entry, or push the branch.")
        return Missing(
            "Unreachable", f"git cannot read {self.where}: {self._clean(listed)}. Next: check address and credentials."
        )

    async def push(self, commit: str, onto: str) -> Missing | None:
        """Moves the branch from `onto` to `commit`. A failure says nothing of its cause: read the tip again, never the text."""
        lease = f"--force-with-lease={self._ref}:{onto}"
        pushed = await self._git("push", "--quiet", "--no-verify", lease, "--", self._url, f"{commit}:{self._ref}")
        if isinstance(pushed, Missing) or pushed.code == 0:
            return pushed if isinstance(pushed, Missing) else None
        next_step = "Next: check the right to push and the branch's protection."
        return Missing("Refused", f"git cannot push to {self.where}: {self._clean(pushed)}. {next_step}")

    async def _fetch(self) -> str | Missing | Ran:
        """The tip's commit; or how git failed."""
        if not (self.cache / "HEAD").exists():
            self.cache.parent.mkdir(parents=True, exist_ok=True)
            made = await self._git("init", "--quiet", "--bare", "--", str(self.cache), inside=False)
            if isinstance(made, Missing) or made.code:
                return made
        quiet = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--force")
        fetched = await self._git("fetch", *quiet, "--", self._url, f"{self._ref}:{_TIP}")
        if isinstance(fetched, Missing) or fetched.code:
            return fetched
        parsed = await self._git("rev-parse", "--verify", "--quiet", f"{_TIP}^{{commit}}")
        return parsed if isinstance(parsed, Missing) or parsed.code else parsed.out.decode().strip()

    async def _git(self, *arguments: str, inside: bool = True) -> Ran | Missing:
        where = (f"--git-dir={self.cache}",) if inside and arguments[0] != "ls-remote" else ()
        fixed = ("-c", f"core.hooksPath={os.devnull}", "-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false")
        try:
            return await run(("git", *where, *fixed, *arguments), self._environment, self._timeout)
        except TimeoutError:
            return Missing("Timeout", f"git {arguments[0]} of {self.where} did not end within {self._timeout:g} s.")

    def _clean(self, ran: Ran) -> str:
        return ran.said.replace(self._url, without_secrets(self._url))[-500:] or f"exit code {ran.code}"

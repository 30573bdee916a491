"""One branch of a remote repository, and a bare cache of it: read its tip, move it, and nothing in between.

All commits and folders are fetched, never a part of the history, and only those files that are looked at, where the server can
leave the others out. It is only a cache: whatever a killed process left in it, it can be made anew.
"""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from andon.api.missing import Missing
from andon.ports.git.command import Git, Ran
from andon.ports.guard import Guard
from andon.ports.splice.tree import matters

PREFIX: Final = "andon/"
"""Of the names of branches for pull requests."""

_TIP: Final = "refs/andon/tip"
_PULLS: Final = "refs/andon/pulls/"
_FIRST_FETCH: Final = 10.0
_QUIET: Final = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance", "--force")


@dataclass(frozen=True, slots=True)
class Move:
    """A branch is to point elsewhere. commit: None deletes it; expected: where it points now, None: nowhere."""

    branch: str
    commit: str | None
    expected: str | None


class Branch:
    """git: runs in the cache's folder. where: the branch, as people may read it."""

    def __init__(self, url: str, name: str, where: str, git: Git, may_write: Guard) -> None:
        self.where = where
        self.git = git
        self._url, self._may_write = url, may_write
        self._ref = f"refs/heads/{name}"
        self._blobless = True

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
        if isinstance(again, Ran):
            return Missing("ServerError", f"git cannot fetch {self.where}: {self.git.told(again)}")
        return again

    async def prefetch(self, tree: str) -> Missing | None:
        """Gets the YAML files of a folder, all at once. A server that cannot give single files is asked for everything."""
        absent = await self._absent(tree)
        if isinstance(absent, Missing):
            return absent
        got = await self._get(absent) if absent else None
        return await self._get_everything() if isinstance(got, Ran) else got

    async def forget(self) -> None:
        """Drops the cache; the next fetch makes it anew."""
        await asyncio.to_thread(shutil.rmtree, self.git.folder, ignore_errors=True)

    async def tip(self) -> str | Missing:
        """The commit at the tip, asked of the remote."""
        listed = await self.heads(self._ref)
        if isinstance(listed, Missing):
            return listed
        if self._ref in listed:
            return listed[self._ref]
        return Missing("NotFound", f"there is no {self.where}. Next: correct the repository's entry, or push the branch.")

    async def heads(self, pattern: str) -> dict[str, str] | Missing:
        """Branches and their commits, asked of the remote. pattern: `refs/heads/…`, with `*`."""
        listed = await self.git("ls-remote", "--", self._url, pattern)
        if isinstance(listed, Missing):
            return listed
        if listed.code:
            said = self.git.told(listed)
            return Missing("Unreachable", f"git cannot read {self.where}: {said}. Next: check address and credentials.")
        lines = (line.split("\t") for line in listed.out.decode(errors="replace").splitlines())
        return {ref: commit for commit, ref in lines}

    async def pulls(self) -> list[tuple[str, str, str, str]] | Missing:
        """Branches for pull requests as of the last fetch: name, commit, its time in seconds, the decision in its trailers."""
        told = (
            "%(refname)%09%(objectname)%09%(committerdate:unix)%09%(contents:trailers:key=Andon-Decision,valueonly,separator=%2C)"
        )
        listed = await self.git("for-each-ref", f"--format={told}", _PULLS)
        if isinstance(listed, Missing):
            return listed
        entries = (line.split("\t") for line in listed.out.decode(errors="replace").splitlines())
        return [(f"{PREFIX}{ref.removeprefix(_PULLS)}", commit, made, decision) for ref, commit, made, decision in entries]

    async def push(self, moves: Sequence[Move], *options: str) -> Missing | None:
        """Moves branches that are where they are expected. A failure says nothing of its cause: read the remote again."""
        self._may_write()
        leases = [f"--force-with-lease={_full(move.branch)}:{move.expected or ''}" for move in moves]
        updates = [f"{move.commit or ''}:{_full(move.branch)}" for move in moves]
        pushed = await self.git("push", "--quiet", "--no-verify", *leases, *options, "--", self._url, *updates)
        if isinstance(pushed, Missing) or pushed.code == 0:
            return pushed if isinstance(pushed, Missing) else None
        next_step = "Next: check the right to push and the branch's protection."
        return Missing("Refused", f"git cannot push to {self.where}: {self.git.told(pushed)}. {next_step}")

    async def tidy(self) -> None:
        """Packs what has gathered, when nobody waits. One that fails is tried again after the next push."""
        await self.git("gc", "--auto", "--quiet")

    async def _fetch(self) -> str | Missing | Ran:
        """The tip's commit; or how git failed."""
        unmade = None if (self.git.folder / "HEAD").exists() else await self._make()
        if unmade is not None:
            return unmade
        patience = 1.0 if isinstance(await self._cached(), str) else _FIRST_FETCH
        what = (f"+{self._ref}:{_TIP}", f"+refs/heads/{PREFIX}*:{_PULLS}*")
        fetched = await self.git("fetch", *_QUIET, "--prune", "origin", *what, patience=patience)
        return fetched if isinstance(fetched, Missing) or fetched.code else await self._cached()

    async def _cached(self) -> str | Missing | Ran:
        """The tip that was fetched last; a cache whose first fetch was cut off has none."""
        written = self.git.folder / _TIP  # as git writes it when it moves: every process less is a race won sooner
        if await asyncio.to_thread(written.is_file):
            return written.read_text().strip()
        parsed = await self.git("rev-parse", "--verify", "--quiet", f"{_TIP}^{{commit}}")
        return parsed if isinstance(parsed, Missing) or parsed.code else parsed.out.decode().strip()

    async def _make(self) -> Missing | Ran | None:
        """An empty cache, once the remote answers: filling it is given more time. It holds the address, which holds no secret."""
        answers = await self.tip()
        if isinstance(answers, Missing):
            return answers
        self.git.folder.parent.mkdir(parents=True, exist_ok=True)
        settings = {"remote.origin.url": self._url}
        if self._blobless:
            settings |= {
                "remote.origin.promisor": "true",
                "remote.origin.partialclonefilter": "blob:none",
                "core.repositoryformatversion": "1",
                "extensions.partialClone": "origin",
            }
        for arguments in (("init", "--quiet", "--bare"), *(("config", key, value) for key, value in settings.items())):
            made = await self.git(*arguments)
            if isinstance(made, Missing) or made.code:
                return made
        return None

    async def _get_everything(self) -> Missing | None:
        self._blobless = False
        await self.forget()
        fetched = await self.fetch()
        return fetched if isinstance(fetched, Missing) else None

    async def _absent(self, tree: str) -> list[str] | Missing:
        """Blobs of YAML files that the cache does not hold."""
        listed = await self.git("ls-tree", "-r", "-z", tree)
        if isinstance(listed, Missing):
            return listed
        walked = await self.git("rev-list", "--objects", "--missing=print", tree)
        if isinstance(walked, Missing):
            return walked
        absent = {line[1:] for line in walked.out.split(b"\n") if line.startswith(b"?")}
        return sorted({blob for blob in wanted_blobs(listed.out).values() if blob.encode() in absent})

    async def _get(self, blobs: list[str]) -> Ran | Missing | None:
        """In one batch. Nothing is said of what is there already: the server would think the blobs are, too."""
        asked, order = "\n".join(blobs).encode(), (*_QUIET, "--filter=blob:none", "--stdin", "origin")
        got = await self.git("fetch", *order, given=asked, patience=_FIRST_FETCH, fetch_negotiationAlgorithm="noop")
        return got if isinstance(got, Missing) or got.code else None


def wanted_blobs(listing: bytes) -> dict[str, str]:
    """Of `git ls-tree -r -z`: files that the editor wants to see, and their ids. A link is not followed."""
    entries = (entry.partition(b"\t") for entry in listing.split(b"\0") if entry)
    blobs = ((what.split(), path.decode(errors="surrogateescape")) for what, _, path in entries)
    return {path: what[2].decode() for what, path in blobs if what[0] in {b"100644", b"100755"} and matters(path)}


def _full(branch: str) -> str:
    return f"refs/heads/{branch}"

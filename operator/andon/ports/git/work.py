"""Commits on top of a tip, written into a bare repository: run as a process of its own, which ends with the race it is for.

GitPython leaks and leaves `cat-file` children behind, which is nothing in a process that lives for some seconds and is then
killed with its group. The first line on stdin says where; each line after it is a number, a tip and what to write, and is
answered with one line, of the same number. What went wrong unforeseen is a traceback and exit code 1. Nothing here reaches the
network.
"""

import json
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from git import Commit, Repo
from git.exc import GitError
from gitdb.exc import ODBError

from andon.ports.git.files import Edit, Files, Snapshot
from andon.ports.splice import ObjectRef, Refusal

Order = dict[str, Any]
Outcome = dict[str, Any]

_REMEMBERED = 500
_ROLES = ("author", "committer")
_PARTS = ("NAME", "EMAIL")


@dataclass(frozen=True, slots=True)
class Ground:
    """What the next commit is made on. done: the newest commit of each decision in its history."""

    commit: str
    files: Snapshot
    done: dict[str, str]


class Session:
    """One repository, for as long as one race lasts."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._files = Files(order["folder"])
        self._history = History()
        self._made = 0

    def answer(self, tip: str, intents: list[Order], *, check: bool, fetched: str | None) -> list[Outcome] | Outcome:
        """An outcome of each; or `{"unfetched": a folder's tree}` whose files must be there first."""
        self._open()
        folder = self._files.tree_of(tip)
        if isinstance(folder, str) and folder not in {fetched, *self._files.listed}:
            return {"unfetched": folder}
        return self.check(tip, intents) if check else self.write(tip, intents)

    def _open(self) -> None:
        """Anew where the repository was made anew."""
        made = Path(self._order["repository"], "HEAD").stat().st_mtime_ns
        if made != self._made:
            self._made = made
            self._repo = self._files.repo = Repo(self._order["repository"])

    def write(self, tip: str, intents: list[Order]) -> list[Outcome]:
        """Of each intent, in order: `{"commit"}`, `{"already": commit or null}`, or `{"refused": reason, "message"}`.

        Commits for the branch stand one upon the other, each proposal upon the tip alone.
        """
        done = self._history.up_to(self._repo.commit(tip))
        ground = start = Ground(tip, self._files.at(tip), done)
        outcomes = []
        for intent in intents:
            outcome, after = self._told(start if intent["proposal"] else ground, intent)
            outcomes.append(outcome)
            ground = ground if intent["proposal"] else after
        return outcomes

    def check(self, tip: str, intents: list[Order]) -> list[Outcome]:
        """Whether each line could be edited: `{}` or `{"refused", "message"}`; and `{"commit"}`, signed and changing nothing."""
        files = self._files.at(tip)
        return [*(self._editable(files, intent) for intent in intents), {"commit": self._commit(tip, files.tree, "A trial\n")}]

    def _told(self, ground: Ground, intent: Order) -> tuple[Outcome, Ground]:
        ref, decision = ObjectRef(**intent["object"]), intent["decision"]
        try:
            value, file, data = _edited(ground.files, ref, intent["path"], intent["new"])
        except Refusal as refusal:
            return self._explained(ground, intent, refusal), ground
        done = ground.done.get(decision)
        if value == intent["new"]:
            return {"already": done}, ground
        declined = _past(file, value, intent, done) or _overridden(ground.files, ref, intent)
        if declined is not None:
            return declined, ground
        files = ground.files.with_file(file, data)
        commit = self._commit(ground.commit, files.tree, intent["message"])
        return {"commit": commit}, replace(ground, commit=commit, files=files, done=ground.done | {decision: commit})

    def _explained(self, ground: Ground, intent: Order, refusal: Refusal) -> Outcome:
        """What only a person can do. A proposal says so with a commit that changes nothing."""
        outcome = _refused(refusal.reason, str(refusal))
        if not intent["proposal"]:
            return outcome
        subject, _, rest = intent["message"].partition("\n")
        message = f"{subject}: by hand\n\nAndon did not edit this ({refusal.reason}): {refusal}.\n{rest}"
        return outcome | {"commit": self._commit(ground.commit, ground.files.tree, message)}

    def _editable(self, files: Snapshot, intent: Order) -> Outcome:
        try:
            _edited(files, ObjectRef(**intent["object"]), intent["path"], None)
        except Refusal as refusal:
            return _refused(refusal.reason, str(refusal))
        return {}

    def _commit(self, parent: str, tree: str, message: str) -> str:
        """Signed by git itself, which is a process for each. Raises CalledProcessError, which says why it cannot."""
        signing, people = self._order["signing"], self._order["people"]
        if not signing:
            now = f"{time.time():.0f} +0000"
            who = "".join(f"{role} {name} <{email}> {now}\n" for role, (name, email) in zip(_ROLES, people, strict=True))
            return self._files.store("commit", f"tree {tree}\nparent {parent}\n{who}\n{message}".encode())
        argv = ("git", f"--git-dir={self._repo.git_dir}", *signing, "commit-tree", "-S", "-p", parent, tree)
        told = ((f"GIT_{role.upper()}_", person) for role, person in zip(_ROLES, people, strict=True))
        around = {f"{role}{what}": value for role, person in told for what, value in zip(_PARTS, person, strict=True)}
        ran = subprocess.run(argv, input=message.encode(), env={**os.environ, **around}, capture_output=True, check=True)
        return ran.stdout.decode().strip()


class History:
    """The decisions in the trailers of recent commits; from one tip to the next, only of what came since."""

    def __init__(self) -> None:
        self._tip: str | None = None
        self._seen: set[str] = set()
        self._done: dict[str, str] = {}

    def up_to(self, tip: Commit) -> dict[str, str]:
        """The newest commit of each decision."""
        news = list(self._since(tip))
        if self._tip is not None and self._tip not in {tip.hexsha, *(p.hexsha for commit in news for p in commit.parents)}:
            self._seen, self._done = set(), {}  # somebody took commits back
            news = list(self._since(tip))
        self._tip = tip.hexsha
        found: dict[str, str] = {}
        for commit in news:
            for line in str(commit.message).rstrip().rpartition("\n\n")[2].splitlines():
                key, _, decision = line.partition(": ")
                if key == "Andon-Decision":
                    found.setdefault(decision, commit.hexsha)
        self._done = {**self._done, **found}
        return self._done

    def _since(self, tip: Commit) -> Iterator[Commit]:
        """Newest first, without a process for it."""
        ahead = deque([tip])
        for _ in range(_REMEMBERED):
            if not ahead:
                return
            commit = ahead.popleft()
            if commit.hexsha not in self._seen:
                self._seen.add(commit.hexsha)
                ahead.extend(commit.parents)
                yield commit


def _edited(files: Snapshot, ref: ObjectRef, path: str, value: str | None) -> Edit:
    """Raises Refusal also for what nobody foresaw in these files: a broken repository is everybody's, a file is one intent's."""
    try:
        return files.edited(ref, path, value)
    except (Refusal, OSError, MemoryError, GitError, ODBError):
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        raise Refusal("Unreadable", f"{ref}: the editor gave up on what may declare it ({said}); edit it by hand") from error


def _past(file: str, value: str, intent: Order, done: str | None) -> Outcome | None:
    """Somebody has decided otherwise since."""
    if done is not None:
        said = f"commit {done[:12]} already carried {intent['decision']}, and {value} was committed again since"
        return _refused("Overwritten", f"{file}: {said}; commit another version, or override the decision")
    if value != intent["old"]:
        said = f"git names {value}, and neither {intent['old']} nor {intent['new']}"
        return _refused("Superseded", f"{file}: {said}; somebody decided otherwise, nothing to do")
    return None


def _overridden(files: Snapshot, ref: ObjectRef, intent: Order) -> Outcome | None:
    """A person's override reaches git before it reaches the cluster, and so before us."""
    try:
        value, file, _ = _edited(files, ref, intent["override"], None)
    except Refusal:
        return None
    if value != intent["decision"]:
        return None
    return _refused("Overridden", f"{file}: {intent['override']} takes back what {value} convicted; nothing to do")


def _refused(reason: str, message: str) -> Outcome:
    return {"refused": reason, "message": message}


def main() -> None:
    """Answers line by line until stdin ends."""
    session = Session(json.loads(sys.stdin.buffer.readline()))
    for line in sys.stdin.buffer:
        order = json.loads(line)
        number = order.pop("number")
        try:
            answer: Any = session.answer(**order)
        except subprocess.CalledProcessError as error:
            answer = {"uncommitted": " ".join(error.stderr.decode(errors="replace").split())[-500:]}
        sys.stdout.write(f"{json.dumps([number, answer])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

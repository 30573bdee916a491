"""Telling git in the background: a slow or absent git must never hold up serving."""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Final

from andon.api import API_VERSION
from andon.api.config import Repository as Entry
from andon.api.deployment import VERSION_LINE
from andon.api.missing import Missing
from andon.api.types import short
from andon.controllers.queue import Key
from andon.core.deployment.decisions import GitTask
from andon.core.deployment.facts import GitOutcome
from andon.ports.git.repository import Repository
from andon.ports.git.writeback import AlreadySo, Committed, Outcome, Proposed, Refused, WriteBack
from andon.ports.splice import ObjectRef
from andon.render.documents import text

log = logging.getLogger(__name__)

_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0


class Committer:
    """One task per decision, retried until git answers or nobody asks any more; what came of it is kept until it is in a status.

    A killed operator loses the task and not the intent: that is in the deployment's status, and writing back twice is the
    same commit.
    """

    def __init__(self, repository: Repository, on_outcome: Callable[[Key], None]) -> None:
        self._repository = repository
        self.on_outcome = on_outcome
        self._tasks: dict[Key, dict[str, asyncio.Task[None]]] = defaultdict(dict)
        self._outcomes: dict[Key, dict[str, GitOutcome]] = defaultdict(dict)

    def outcomes(self, key: Key) -> Mapping[str, GitOutcome]:
        """Of a deployment's decisions, by id."""
        return dict(self._outcomes.get(key, {}))

    def start(self, key: Key, task: GitTask, entry: Entry) -> None:
        """Tell git of this decision, unless that is under way or done."""
        decision = task.decision.id
        known = self._outcomes.get(key, {}).get(decision)
        if (known is None or known.state == "Away") and decision not in self._tasks[key]:
            self._tasks[key][decision] = asyncio.create_task(self._work(key, task, entry), name=f"commit {decision}")

    def forget(self, key: Key, but: Collection[str]) -> None:
        """Nobody acts on this deployment's other decisions any more: git is told no more of them."""
        for decision, task in self._tasks.get(key, {}).items():
            if decision not in but:
                task.cancel()
        kept = {d: outcome for d, outcome in self._outcomes.pop(key, {}).items() if d in but}
        if kept:
            self._outcomes[key] = kept

    async def close(self) -> None:
        """Stop trying. What is in the middle of a push ends with its process."""
        tasks = [task for of_key in self._tasks.values() for task in of_key.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._repository.close()

    async def _work(self, key: Key, task: GitTask, entry: Entry) -> None:
        decision, wait = task.decision.id, _FIRST_WAIT
        try:
            while True:
                outcome = await self._told(key, task, entry)
                self._outcomes[key][decision] = outcome
                log.info("ModelDeployment %s: %s in git: %s %s", key, decision, outcome.state, outcome.message or outcome.commit)
                self.on_outcome(key)
                if outcome.state != "Away":
                    return
                await asyncio.sleep(random.uniform(wait / 2, wait))  # noqa: S311 - jitter between tries, no secret
                wait = min(_LONGEST_WAIT, 2 * wait)
        finally:
            self._ended(key, decision)

    async def _told(self, key: Key, task: GitTask, entry: Entry) -> GitOutcome:
        """What git said. A bug, a full disk or no git at all must not leave a decision acting without another try."""
        try:
            return _outcome(await self._repository.write_back(_intent(key, task, entry)))
        except Exception as error:
            log.exception("ModelDeployment %s: %s could not be written to git", key, task.decision.id)
            return GitOutcome(
                "Away", "CommitFailed", f"No commit could be made ({type(error).__name__}); see the operator's log. Retried."
            )

    def _ended(self, key: Key, decision: str) -> None:
        del self._tasks[key][decision]
        if not self._tasks[key]:
            del self._tasks[key]


def _intent(key: Key, task: GitTask, entry: Entry) -> WriteBack:
    decision, to = task.decision, task.decision.to
    if to is None:
        raise ValueError(f"{decision.id} has no version to go back to: there is no line to write")
    message = text("rollback.txt.j2", namespace=key.namespace, name=key.name, decision=decision)
    subject, _, body = message.partition("\n")
    return WriteBack(
        repository=entry,
        object=ObjectRef(API_VERSION, "ModelDeployment", key.namespace, key.name),
        path=VERSION_LINE,
        old=decision.from_.version,
        new=to.version,
        decision=decision.id,
        override="spec.model.overrides",
        mode=decision.write_back,
        subject=subject,
        body=body.strip(),
        trailers=(
            ("Andon-Verdict", decision.verdict.value),
            ("Andon-Policy", f"{key.namespace}/{decision.policy}"),
            ("Andon-From", f"{decision.from_.version} {decision.from_.digest}"),
            ("Andon-To", f"{to.version} {to.digest}"),
            ("Andon-Digest", short(decision.from_.digest)),
            ("Andon-Evidence", f"{decision.evidence.value}, limit {decision.evidence.limit}, {decision.evidence.rows} rows"),
            *([("Andon-Approved-By", decision.approved_by)] if decision.approved_by else []),
        ),
    )


def _outcome(result: Outcome) -> GitOutcome:
    match result:
        case Committed(commit=commit):
            return GitOutcome("Committed", commit=commit)
        case Proposed(branch=branch, commit=commit):
            return GitOutcome("Committed", "Proposed", f"branch {branch} waits for a person who merges it", commit)
        case AlreadySo(commit=commit):
            return GitOutcome("AlreadySo", commit=commit)
        case Refused(reason=reason, message=message):
            return GitOutcome("Refused", reason, message)
        case Missing(reason=reason, detail=detail):
            return GitOutcome("Away", reason, f"Git could not be told yet: {detail} Retried.")

"""Telling git in the background: a slow or absent git must never hold up serving."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from typing import Final

from andon.api import API_VERSION
from andon.api.config import Repository as Entry
from andon.api.missing import Missing
from andon.api.types import short
from andon.controllers.queue import Key
from andon.core.deployment.decisions import GitTask
from andon.core.deployment.facts import GitOutcome
from andon.ports.repository import AlreadySo, Committed, Refused, Repository, WriteBack
from andon.ports.splice import ObjectRef
from andon.render.documents import text

log = logging.getLogger(__name__)

_LONGEST_WAIT: Final = 60.0


class Committer:
    """One task per decision, retried until git answers; what came of it is kept until the process ends.

    A killed operator loses the task and not the intent: that is in the deployment's status, and writing back twice is the
    same commit.
    """

    def __init__(self, repository: Repository, on_outcome: Callable[[Key], None]) -> None:
        self._repository = repository
        self._on_outcome = on_outcome
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._outcomes: dict[str, GitOutcome] = {}

    @property
    def outcomes(self) -> Mapping[str, GitOutcome]:
        """By decision id."""
        return self._outcomes

    def start(self, key: Key, task: GitTask, entry: Entry) -> None:
        """Tell git of this decision, unless that is under way or done."""
        decision = task.decision.id
        ended = decision in self._outcomes and self._outcomes[decision].state != "Away"
        if not ended and decision not in self._tasks:
            self._tasks[decision] = asyncio.create_task(self._work(key, task, entry), name=f"commit {decision}")

    async def close(self) -> None:
        """Stop trying. What is in the middle of a push ends with its child process."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _work(self, key: Key, task: GitTask, entry: Entry) -> None:
        decision, wait = task.decision.id, 1.0
        try:
            while True:
                outcome = _outcome(await self._repository.write_back(_intent(key, task, entry)))
                self._outcomes[decision] = outcome
                log.info("ModelDeployment %s: %s in git: %s %s", key, decision, outcome.state, outcome.message or outcome.commit)
                self._on_outcome(key)
                if outcome.state != "Away":
                    return
                await asyncio.sleep(random.uniform(wait / 2, wait))  # noqa: S311 - jitter between tries, no secret
                wait = min(_LONGEST_WAIT, 2 * wait)
        finally:
            del self._tasks[decision]


def _intent(key: Key, task: GitTask, entry: Entry) -> WriteBack:
    decision = task.decision
    message = text("rollback.txt.j2", namespace=key.namespace, name=key.name, decision=decision)
    subject, _, body = message.partition("\n")
    return WriteBack(
        repository=entry,
        object=ObjectRef(API_VERSION, "ModelDeployment", key.namespace, key.name),
        path="spec.model.mlflow.version",
        old=decision.from_.version,
        new=decision.to.version,
        decision=decision.id,
        subject=subject,
        body=body.strip(),
        trailers=(
            ("Andon-Verdict", decision.verdict.value),
            ("Andon-Policy", f"{key.namespace}/{decision.policy}"),
            ("Andon-From", f"{decision.from_.version} {decision.from_.digest}"),
            ("Andon-To", f"{decision.to.version} {decision.to.digest}"),
            ("Andon-Digest", short(decision.from_.digest)),
            ("Andon-Evidence", f"{decision.evidence.value}, limit {decision.evidence.limit}, {decision.evidence.rows} rows"),
        ),
    )


def _outcome(result: Committed | AlreadySo | Refused | Missing) -> GitOutcome:
    match result:
        case Committed(commit=commit):
            return GitOutcome("Committed", commit=commit)
        case AlreadySo(commit=commit):
            return GitOutcome("AlreadySo", commit=commit)
        case Refused(reason=reason, message=message):
            return GitOutcome("Refused", reason, message)
        case Missing(reason=reason, detail=detail):
            return GitOutcome("Away", reason, f"Git could not be told yet: {detail} Retried.")

"""Git is told of a decision until it has answered, or until nobody asks any more."""

import asyncio
from datetime import UTC, datetime

import pytest

from andon.api.config import Repository as Entry
from andon.api.decision import ActedDecision, ActedState, Evidence, Verdict
from andon.api.missing import Missing
from andon.api.permissions import WriteBackMode
from andon.api.types import Revision
from andon.controllers import committer
from andon.controllers.committer import Committer
from andon.controllers.queue import Key
from andon.core.deployment.decisions import GitTask
from andon.ports.git.writeback import Committed, Proposed, WriteBack

NOW = datetime(2026, 1, 2, tzinfo=UTC)
KEY = Key("plant-a", "product-e")
ENTRY = Entry(name="plant-a", url="http://git/plant-a.git", namespaces=["plant-a"])
DECISION = ActedDecision(
    id="d-0123456789",
    policy="watch",
    verdict=Verdict.MODEL_REGRESSION,
    from_=Revision(version="2", digest="sha256:" + "2" * 64),
    to=Revision(version="1", digest="sha256:" + "1" * 64),
    summary="Version 2 was rolled back to 1.",
    evidence=Evidence(question="paired", rows=60, value="1.8", limit="1.1", scraped=NOW),
    decided=NOW,
    state=ActedState.ACTING,
)


class Git:
    """Answers in turn; an exception is raised."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.told = 0

    async def write_back(self, intent: WriteBack) -> object:
        self.told, self.intent = self.told + 1, intent
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def probe(self, repository: Entry) -> str:
        return "c0ffee"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committer, "_FIRST_WAIT", 0.001)


async def until(holds, seconds: float = 2) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)


def state(of: Committer) -> str | None:
    outcome = of.outcomes(KEY).get(DECISION.id)
    return outcome.state if outcome else None


@pytest.mark.parametrize("trouble", [Missing("Unreachable", "git is away."), RuntimeError("the child died"), OSError("no git")])
async def test_whatever_goes_wrong_is_said_and_tried_again(trouble):
    said = []
    told = Committer(Git(trouble, Committed("c0ffee")), lambda key: said.append((key, state(told))))
    told.start(KEY, GitTask(DECISION, "plant-a"), ENTRY)
    await until(lambda: len(said) == 2)
    assert said == [(KEY, "Away"), (KEY, "Committed")]


async def test_git_is_told_once_while_its_answer_is_known():
    git = Git(Committed("c0ffee"))
    told = Committer(git, lambda _: None)
    for _ in range(3):
        told.start(KEY, GitTask(DECISION, "plant-a"), ENTRY)
    await until(lambda: state(told) == "Committed")
    told.start(KEY, GitTask(DECISION, "plant-a"), ENTRY)
    assert git.told == 1


async def test_a_decision_that_is_acted_on_no_more_is_not_written_to_git_later(monkeypatch):
    monkeypatch.setattr(committer, "_FIRST_WAIT", 0.05)
    git = Git(Missing("Unreachable", "git is away."), Committed("c0ffee"))
    told = Committer(git, lambda _: None)
    told.start(KEY, GitTask(DECISION, "plant-a"), ENTRY)
    await until(lambda: state(told) == "Away")
    told.forget(KEY, but=())
    await asyncio.sleep(0.1)
    assert (git.told, told.outcomes(KEY)) == (1, {})


async def test_an_answer_that_is_in_the_status_is_not_kept():
    told = Committer(Git(Committed("c0ffee")), lambda _: None)
    told.start(KEY, GitTask(DECISION, "plant-a"), ENTRY)
    await until(lambda: state(told) == "Committed")
    told.forget(KEY, but={DECISION.id})
    assert state(told) == "Committed"
    told.forget(KEY, but=())
    assert state(told) is None


@pytest.mark.parametrize(("approved_by", "told"), [("jane@plant.example", ["jane@plant.example"]), (None, [])])
async def test_who_approved_is_in_the_trailers_and_how_git_is_told_is_the_decisions_word(approved_by, told):
    git = Git(Committed("c0ffee"))
    made = DECISION.model_copy(update={"approved_by": approved_by, "write_back": WriteBackMode.PULL_REQUEST})
    committing = Committer(git, lambda _: None)
    committing.start(KEY, GitTask(made, "plant-a"), ENTRY)
    await until(lambda: state(committing) == "Committed")
    assert git.intent.proposes
    assert [value for key, value in git.intent.trailers if key == "Andon-Approved-By"] == told


async def test_a_proposal_is_told_with_its_branch():
    committing = Committer(Git(Proposed("andon/plant-a/product-e/d-0123456789", "c0ffee")), lambda _: None)
    committing.start(KEY, GitTask(DECISION, "plant-a"), ENTRY)
    await until(lambda: state(committing) == "Committed")
    outcome = committing.outcomes(KEY)[DECISION.id]
    assert (outcome.commit, "andon/plant-a/product-e/d-0123456789" in outcome.message) == ("c0ffee", True)

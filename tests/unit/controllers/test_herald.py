"""People are told once, in the background, and what is given up is counted."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from andon.api.missing import Missing
from andon.controllers import herald
from andon.controllers.herald import Herald
from andon.ports.cluster import ClusterError, RefusedError
from andon.ports.events import Note, Subject
from andon.ports.webhook import CloudEvent

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SUBJECT = Subject("DriftPolicy", "plant-a", "watch", "uid-1")
EVENT = CloudEvent("d-1", "/policies/watch", "dev.andon.decision.opened", "plant-a/product-e", NOW, {})


def note(occasion: str = "d-1", reason: str = "RollbackDecided") -> Note:
    return Note(SUBJECT, reason, "Version 2 was rolled back.", NOW, occasion=occasion)


class Answers:
    """Answers in turn, the last one for good; an exception is raised."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.got: list[object] = []

    async def post(self, what: object) -> object:
        self.got.append(what)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(herald, "_FIRST_WAIT", 0.001)
    monkeypatch.setattr(herald, "_LONGEST_WAIT", 0.001)


async def told(events: Answers, webhook: Answers | None, tell: Callable[[Herald], None]) -> list[str]:
    """What was lost."""
    lost: list[str] = []
    telling = Herald(events, webhook, lost.append)
    tell(telling)
    await telling.close(within=2)
    return lost


@pytest.mark.parametrize(
    ("event", "hook", "posted", "lost"),
    [
        pytest.param([True], [None], 1, [], id="news"),
        pytest.param([False], [None], 0, [], id="told before a restart: not again"),
        pytest.param([ClusterError("away"), True], [None], 1, [], id="the API server was away"),
        pytest.param([RefusedError("no right")], [None], 1, ["EventRefused"], id="no right to post Events: the webhook is told"),
        pytest.param([ClusterError("away")], [None], 1, ["EventNotTaken"], id="it stays away"),
        pytest.param([True], [Missing("Timeout", ""), Missing("ServerError", ""), None], 3, [], id="the webhook was slow"),
        pytest.param([True], [Missing("Refused", "404")], 1, ["WebhookRefused"], id="a wrong address is not tried again"),
        pytest.param([True], [Missing("Unreachable", "")], 10, ["WebhookUnreachable"], id="it stays away: given up and counted"),
    ],
)
async def test_telling(event, hook, posted, lost):
    events, webhook = Answers(*event), Answers(*hook)
    assert await told(events, webhook, lambda telling: telling.decision(note(), EVENT)) == lost
    assert len(webhook.got) == posted


async def test_without_a_webhook_events_are_posted_all_the_same():
    events = Answers(True)
    assert await told(events, None, lambda telling: telling.decision(note(), EVENT)) == []
    assert events.got == [note()]


async def test_a_reason_that_comes_and_goes_is_told_once():
    def flap(telling: Herald) -> None:
        for n in range(50):
            telling.transition(note(str(n), ("Watching", "Unreachable")[n % 2]))

    events = Answers(True)
    await told(events, None, flap)
    assert [n.reason for n in events.got] == ["Watching", "Unreachable"]


async def test_no_more_is_under_way_than_may_be_and_a_flood_of_transitions_leaves_room_for_decisions(monkeypatch):
    def flood(telling: Herald) -> None:
        for n in range(5):
            telling.transition(note(str(n), f"Reason{n}"))
        for n in range(5):
            telling.decision(note(str(n)))

    monkeypatch.setattr(herald, "MOST_PENDING", 4)
    events = Answers(True)
    lost = await told(events, None, flood)
    assert (len(lost), [n.reason for n in events.got]) == (6, ["Reason0", "Reason1", "RollbackDecided", "RollbackDecided"])


async def test_who_hangs_does_not_hold_up_the_end_and_is_counted():
    class Hangs(Answers):
        async def post(self, what: object) -> object:
            await asyncio.Event().wait()
            return None

    lost: list[str] = []
    telling = Herald(Hangs(True), None, lost.append)
    telling.decision(note())
    async with asyncio.timeout(2):
        await telling.close(within=0.01)
    assert lost == ["Stopped"]

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


AWAY = ClusterError("away")
NO_RIGHT = RefusedError("no right")


def note(occasion: str = "d-1", reason: str = "RollbackDecided") -> Note:
    return Note(SUBJECT, reason, "Version 2 was rolled back.", NOW, occasion=occasion)


class Answers:
    """Answers in turn, the last one for good; an exception is raised. before: what `posted` says."""

    def __init__(self, *answers: object, before: object = False) -> None:
        self.answers = list(answers)
        self.got: list[object] = []
        self.before = before

    async def post(self, what: object) -> object:
        self.got.append(what)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def posted(self, _: Note) -> object:
        if isinstance(self.before, Exception):
            raise self.before
        return self.before


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
    ("before", "event", "hook", "posted", "lost"),
    [
        pytest.param(False, [None], [None], 1, [], id="news"),
        pytest.param(True, [None], [None], 0, [], id="told before a restart: not again"),
        pytest.param(AWAY, [None], [None], 1, [], id="nobody can say whether it was told: told"),
        pytest.param(False, [AWAY, None], [None], 1, [], id="the API server was away"),
        pytest.param(NO_RIGHT, [NO_RIGHT], [None], 1, ["EventRefused"], id="no right to post Events: the webhook is told"),
        pytest.param(AWAY, [AWAY], [None], 1, ["EventNotTaken"], id="it stays away"),
        pytest.param(False, [None], [Missing("Timeout", ""), Missing("ServerError", ""), None], 3, [], id="the webhook was slow"),
        pytest.param(False, [None], [Missing("Refused", "404")], 1, ["WebhookRefused"], id="a wrong address: not tried again"),
        pytest.param(False, [None], [Missing("Unreachable", "")], 10, ["WebhookUnreachable"], id="it stays away: given up"),
    ],
)
async def test_telling(before, event, hook, posted, lost):
    events, webhook = Answers(*event, before=before), Answers(*hook)
    assert await told(events, webhook, lambda telling: telling.decision(note(), EVENT)) == lost
    assert len(webhook.got) == posted


async def test_the_receipt_is_written_when_the_webhook_was_tried_and_does_not_wait_until_it_has_taken_it():
    order: list[str] = []

    class Noted(Answers):
        async def post(self, what: object) -> object:
            order.append(type(what).__name__)
            return await super().post(what)

    events, webhook = Noted(None), Noted(Missing("Timeout", ""), None)
    await told(events, webhook, lambda telling: telling.decision(note(), EVENT))
    assert order == ["CloudEvent", "Note", "CloudEvent"]


async def test_without_a_webhook_events_are_posted_all_the_same():
    events = Answers(None)
    assert await told(events, None, lambda telling: telling.decision(note(), EVENT)) == []
    assert events.got == [note()]


async def test_a_reason_that_comes_and_goes_is_told_once():
    def flap(telling: Herald) -> None:
        for n in range(50):
            telling.transition(note(str(n), ("Watching", "Unreachable")[n % 2]))

    events = Answers(None)
    await told(events, None, flap)
    assert [n.reason for n in events.got] == ["Watching", "Unreachable"]


async def test_no_more_is_under_way_than_may_be_and_a_flood_of_transitions_leaves_room_for_decisions(monkeypatch):
    def flood(telling: Herald) -> None:
        for n in range(5):
            telling.transition(note(str(n), f"Reason{n}"))
        for n in range(5):
            telling.decision(note(str(n)))

    monkeypatch.setattr(herald, "MOST_PENDING", 4)
    events = Answers(None)
    lost = await told(events, None, flood)
    assert (len(lost), [n.reason for n in events.got]) == (6, ["Reason0", "Reason1", "RollbackDecided", "RollbackDecided"])


async def test_who_hangs_does_not_hold_up_the_end_and_is_counted():
    class Hangs(Answers):
        async def post(self, what: object) -> object:
            await asyncio.Event().wait()
            return None

    lost: list[str] = []
    telling = Herald(Hangs(None), None, lost.append)
    telling.decision(note())
    async with asyncio.timeout(2):
        await telling.close(within=0.01)
    assert lost == ["Stopped"]

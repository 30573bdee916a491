"""A CloudEvent on its way to a real server, and to those that misbehave."""

import json
from datetime import UTC, datetime

import pytest

from andon.ports.webhook import CloudEvent, HttpWebhook
from support.odd import answering, nobody, silent

EVENT = CloudEvent("d-1", "/policies/watch", "dev.andon.decision.opened", "plant-a/e", datetime(2026, 1, 2, tzinfo=UTC), {"a": 1})


async def posted(url, timeout=2.0):
    webhook = HttpWebhook(url, timeout)
    try:
        return await webhook.post(EVENT)
    finally:
        webhook.close()


async def test_it_is_posted_as_structured_json():
    async with answering(204, b"") as (url, seen):
        assert await posted(f"{url}/hooks/s3cret") is None
    (request,) = seen
    assert request.startswith("POST /hooks/s3cret HTTP/1.1")
    assert "content-type: application/cloudevents+json" in request.lower()
    assert json.loads(EVENT.json()) == {
        "specversion": "1.0", "id": "d-1", "source": "/policies/watch", "type": "dev.andon.decision.opened",
        "subject": "plant-a/e", "time": "2026-01-02T00:00:00.000000Z", "datacontenttype": "application/json", "data": {"a": 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        pytest.param(404, "Refused", id="a wrong address"),
        pytest.param(301, "Refused", id="moved"),
        pytest.param(429, "ServerError", id="later"),
        pytest.param(503, "ServerError", id="its trouble"),
    ],
)
async def test_what_it_says_is_told_without_the_address(status, reason):
    async with answering(status, b"Cannot POST /hooks/s3cret") as (url, seen):
        missing = await posted(url.replace("//", "//andon:pa55@") + "/hooks/s3cret?key=t0ken")
    assert missing is not None
    assert (missing.reason, str(status) in missing.detail, len(seen)) == (reason, True, 1)
    assert not [secret for secret in ("s3cret", "pa55", "t0ken") if secret in missing.detail]


async def test_no_answer_in_time_is_told_from_nobody_there():
    with silent() as url:
        slow = await posted(f"{url}/s3cret", timeout=0.3)
    with nobody() as url:
        away = await posted(f"{url}/s3cret")
    assert [said.reason for said in (slow, away)] == ["Timeout", "Unreachable"]
    assert "s3cret" not in slow.detail + away.detail

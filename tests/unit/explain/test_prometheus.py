"""What keeps Prometheus from answering is a fact with a next step, never a traceback."""

import asyncio
from datetime import timedelta

import pytest

from andon.api.missing import Missing
from andon.explain.prometheus import Ask, remembered
from support.odd import answering, nobody, silent

from .cases import AT

ASK = Ask("plant-a", "e", ("paired", "loss"), AT, AT + timedelta(hours=1), "a" * 12)
EMPTY = b'{"status": "success", "data": {"resultType": "matrix", "result": []}}'


def test_the_query_names_what_is_asked_and_nothing_else():
    assert ASK.query == (
        '{__name__=~"andon_evidence_(log_e|value)",namespace=~"plant-a",deployment=~"e",question=~"paired|loss",'
        'revision=~"aaaaaaaaaaaa"}'
    )


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        pytest.param(503, b"later", "Refused", id="an error"),
        pytest.param(200, b"<html>", "Malformed", id="a page"),
        pytest.param(200, b"[]", "Malformed", id="another JSON"),
        pytest.param(200, b'{"data": {"result": [{"metric": {}, "values": []}]}}', "Malformed", id="a series without labels"),
    ],
)
async def test_an_answer_that_is_none_is_named(status, body, reason):
    async with answering(status, body) as (address, _):
        found = await asyncio.to_thread(remembered, address, ASK)
    assert isinstance(found, Missing)
    assert found.reason == reason
    assert "Next:" in found.detail


async def test_nothing_remembered_is_an_answer_too():
    async with answering(200, EMPTY) as (address, seen):
        found = await asyncio.to_thread(remembered, address + "/", ASK)
    assert (found.log_e, len(found.times)) == ({}, 241)
    assert seen[0].startswith("GET /api/v1/query_range?query=")


def test_who_does_not_answer_is_waited_for_no_longer_than_agreed():
    with silent() as address:
        assert remembered(address, ASK, timeout=0.2).reason == "Timeout"


@pytest.mark.parametrize(("address", "said"), [(None, "was named"), ("", "was named"), ("not a url", "not a url")])
def test_an_address_that_is_none_is_named(address, said):
    found = remembered(address, ASK)
    assert found.reason == "Unreachable"
    assert said in found.detail


def test_nobody_there_is_said():
    with nobody() as address:
        assert remembered(address, ASK).reason == "Unreachable"

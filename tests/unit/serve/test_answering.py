"""Who answers, and what the log says of a version that does not."""

import asyncio
from types import SimpleNamespace

import pytest

from andon.runtime.serve import answering
from andon.runtime.serve.answering import Answer, Answering
from andon.runtime.serve.model import OnnxModel
from andon.runtime.serve.oip.message import Given, Message
from andon.runtime.serve.slots.loading import Loaded
from unit.serve.models import linear, picky, slot


@pytest.fixture
def one(tmp_path):
    return Loaded(slot(tmp_path, "1", linear()), OnnxModel(linear()), None)


@pytest.fixture
def two(tmp_path):
    """Fails on a row whose first number is 5 or more."""
    return Loaded(slot(tmp_path, "2", picky()), OnnxModel(picky()), None)


async def answered(subject, first):
    """Which version answered a row."""
    told = asyncio.get_running_loop().create_future()
    given = Given("rows", "FP32", [1, 3], [first, 1, 1])
    subject.submit(Message({"rows": given}, {}), "m", None, lambda result, loaded: told.set_result((result, loaded)))
    result, loaded = await asyncio.wait_for(told, 5)
    assert isinstance(result, Answer)
    return loaded.slot.version


async def test_a_candidate_that_fails_is_told_when_it_begins_and_when_it_is_over(one, two, monkeypatch, caplog):
    caplog.set_level("INFO")
    lineup = SimpleNamespace(stable=one, candidate=two, reference=None, weight=100)
    subject = Answering("m", lineup, SimpleNamespace(fallbacks=0))
    assert [await answered(subject, first) for first in (1, 7, 7, 1, 7)] == ["2", "1", "1", "2", "1"]
    assert [message.split(":")[0] for message in caplog.messages] == ["version 2 fails"]
    monkeypatch.setattr(answering, "CALM", 0.0)
    assert [await answered(subject, 1) for _ in range(2)] == ["2", "2"]
    assert caplog.messages[1:] == ["version 2 answers again; 3 of its 6 requests failed"]

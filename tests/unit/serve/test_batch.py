"""Requests of one tick run together, and fail alone."""

import asyncio

import numpy as np
import pytest

from andon.runtime.serve import batch
from andon.runtime.serve.batch import Batcher
from andon.runtime.serve.model import ModelFailedError, OnnxModel
from andon.runtime.serve.oip.message import BusyError
from unit.serve.models import centred, linear, logarithm, logarithm_and_more, picky, running_total


class Counted(OnnxModel):
    """A model that says how often it ran."""

    def __init__(self, content):
        self.runs = 0
        super().__init__(content)
        self.runs = 0

    def run(self, feeds):
        self.runs += 1
        return super().run(feeds)


async def answers(model, requests):
    """What each of these requests, all of one tick, is answered: its predictions, or None."""
    batcher, told = Batcher(), [asyncio.get_running_loop().create_future() for _ in requests]
    for rows, future in zip(requests, told, strict=True):
        batcher.submit(model, {"rows": np.array(rows, dtype=np.float32)}, len(rows), future.set_result)
    results = await asyncio.gather(*told)
    return [None if isinstance(r, ModelFailedError) else r[0].ravel().tolist() for r in results]


REQUESTS = [[[1, 1, 1]], [[2, 2, 2], [3, 3, 3]], [[4, 4, 4]]]


async def test_one_tick_is_one_run_and_each_gets_its_own_rows():
    model = Counted(linear())
    assert await answers(model, REQUESTS) == [[3.0], [6.0, 9.0], [12.0]]
    assert model.runs == 1


async def test_a_model_of_one_row_runs_for_each():
    model = Counted(linear(rows=1))
    assert await answers(model, [REQUESTS[0], REQUESTS[2]]) == [[3.0], [12.0]]
    assert model.runs == 2


async def test_a_request_that_makes_the_model_raise_fails_alone():
    assert await answers(OnnxModel(picky()), [[[1, 0, 0]], [[7, 0, 0]], [[3, 0, 0]]]) == [[1.0], None, [3.0]]


@pytest.mark.parametrize("rows", [1, 5, 64])
async def test_a_request_alone_is_a_batch_too(rows):
    assert await answers(OnnxModel(linear()), [[[1, 1, 1]] * rows]) == [[3.0] * rows]


async def test_an_answer_that_is_not_finite_fails_alone():
    assert await answers(OnnxModel(logarithm()), [[[1, 0, 0]], [[-1, 0, 0]], [[1, 0, 0]]]) == [[0.0], None, [0.0]]


async def test_rows_that_depend_on_each_other_are_not_joined_with_others():
    assert await answers(OnnxModel(centred()), [[[1, 1, 1]], [[3, 3, 3], [5, 5, 5]]]) == [[0.0] * 3, [-1.0] * 3 + [1.0] * 3]


async def test_no_answer_holds_what_another_client_sent():
    assert await answers(OnnxModel(running_total()), [[[5]], [[3]], [[4]]]) == [[5.0], [3.0], [4.0]]


@pytest.mark.parametrize(("asked", "fails"), [([1], False), ([0], True), ((), True)])
async def test_an_output_that_nobody_asked_for_fails_no_request(asked, fails):
    told = [asyncio.get_running_loop().create_future() for _ in range(2)]
    batcher, model = Batcher(), OnnxModel(logarithm_and_more())
    for x, future in zip((0, 1), told, strict=True):
        batcher.submit(model, {"x": np.array([x], np.float32)}, 1, future.set_result, asked)
    zero, one = await asyncio.gather(*told)
    assert isinstance(zero, ModelFailedError) == fails
    assert isinstance(one, list)


async def test_a_run_that_takes_long_leaves_the_loop_free(monkeypatch):
    monkeypatch.setattr(batch, "LONGEST_ON_LOOP", 0.0)
    assert await answers(OnnxModel(linear()), REQUESTS) == [[3.0], [6.0, 9.0], [12.0]]


async def test_what_waits_is_bounded_in_rows(monkeypatch):
    monkeypatch.setattr(batch, "MOST_WAITING_ROWS", 3)
    with pytest.raises(BusyError, match="3 rows are waiting"):
        await answers(OnnxModel(linear()), REQUESTS)


async def test_what_waits_is_bounded_in_bytes(monkeypatch):
    monkeypatch.setattr(batch, "MOST_WAITING_BYTES", 36)
    with pytest.raises(BusyError, match="36 bytes are waiting"):
        await answers(OnnxModel(linear()), REQUESTS)


async def test_what_was_answered_takes_no_room(monkeypatch):
    monkeypatch.setattr(batch, "MOST_WAITING_BYTES", 36)
    batcher, model, loop = Batcher(), OnnxModel(linear()), asyncio.get_running_loop()
    for _ in range(3):
        told = loop.create_future()
        batcher.submit(model, {"rows": np.ones((3, 3), np.float32)}, 3, told.set_result)
        assert len((await told)[0]) == 3


async def test_what_waits_is_bounded_in_time():
    model = OnnxModel(linear())
    model.pace = 60.0
    with pytest.raises(BusyError) as refused:
        await answers(model, REQUESTS)
    assert (refused.value.status, refused.value.after) == (503, 60)


async def test_whoever_is_alone_is_let_in_however_large(monkeypatch):
    monkeypatch.setattr(batch, "MOST_WAITING_ROWS", 1)
    monkeypatch.setattr(batch, "MOST_WAITING_BYTES", 1)
    assert await answers(OnnxModel(linear()), [REQUESTS[1]]) == [[6.0, 9.0]]

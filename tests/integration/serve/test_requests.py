"""A server process as its clients see it: no request is lost, whatever happens to the revisions behind it."""

import asyncio
import io
import time

import pytest

from unit.serve.models import added, linear, logarithm, never, picky, slot
from unit.serve.references import a_profile

PROFILE = a_profile()


@pytest.fixture
def one(tmp_path):
    return slot(tmp_path, "1", linear(), PROFILE)


@pytest.fixture
def two(tmp_path):
    return slot(tmp_path, "2", linear(bias=100.0), PROFILE)


def revision(slot_):
    return f"{slot_.version}/{slot_.digest.removeprefix('sha256:')[:12]}"


async def ask(server, inputs):
    async with server.session.post(server.url + "/v2/models/product-e/infer", json={"inputs": inputs}) as response:
        return response.status, await response.json()


async def serving(server, wanted):
    await server.until(lambda: server.infer([1, 1, 1]), lambda seen: seen[0] == 200 and seen[2] == revision(wanted))


async def test_an_inference_client_finds_what_the_protocol_promises(server, one):
    server.order(one)
    await server.start()
    await serving(server, one)
    assert await server.get("/v2/health/live") == (200, {"live": True})
    assert await server.get("/v2/health/ready") == (200, {"ready": True})
    assert await server.get("/v2/models/product-e/ready") == (200, {"name": "product-e", "ready": True})
    assert (await server.get("/v2/models/product-e/versions/1"))[1]["inputs"][0]["shape"] == [-1, 3]
    status, answer, _ = await server.infer([1, 2, 3], [4, 5, 6], path="/v2/models/product-e/versions/1/infer")
    assert (status, answer["outputs"][0]["data"]) == (200, [6.0, 15.0])
    assert (await server.infer([1, 1, 1], path="/v2/models/product-e/versions/9/infer"))[0] == 404
    assert (await server.infer([1, 1, 1], path="/v2/models/other/infer"))[0] == 404
    assert (await server.get("/v2/models/product-e/infer"))[0] == 405
    assert (await server.get("/v2/repository/index"))[0] == 404


async def test_not_ready_before_there_is_a_revision(server):
    await server.start()
    assert await server.get("/v2/health/ready") == (503, {"ready": False})
    assert (await server.infer([1, 1, 1]))[0] == 503


async def test_200_flips_under_load_fail_no_request_and_a_revert_takes_milliseconds(server, one, two):
    server.order(one, two)
    await server.start()
    await server.until(server.ack, lambda ack: ack and ack.stable and ack.candidate)
    statuses, latest, going, answered = [], {}, True, asyncio.Condition()

    async def client():
        while going:
            status, answer, revision_ = await server.infer([1, 1, 1])
            statuses.append(status)
            expected = 3.0 if revision_ == revision(one) else 103.0
            assert answer["outputs"][0]["data"] == [expected], "an answer is signed by the revision that gave it"
            async with answered:
                latest[revision_] = time.monotonic()
                answered.notify_all()

    clients = [asyncio.create_task(client()) for _ in range(3)]
    waits = []
    for flip in range(200):
        wanted, begun = revision((two, one)[flip % 2]), time.monotonic()
        server.order((two, one)[flip % 2], reference=(one, two)[flip % 2])
        async with asyncio.timeout(5), answered:
            await answered.wait_for(lambda name=wanted, since=begun: latest.get(name, 0) > since)
        waits.append(time.monotonic() - begun)
    going = False
    await asyncio.gather(*clients)
    p50, p99 = (round(1000 * sorted(waits)[i]) for i in (100, 198))
    print(f"\n200 flips, from the file to the first answer: p50 {p50} ms, p99 {p99} ms; {len(statuses)} requests meanwhile")
    assert set(statuses) == {200}
    assert p99 < 1000


async def test_a_digest_mismatch_is_refused_and_told(server, one, two):
    server.order(one, two.model_copy(update={"digest": "sha256:" + "0" * 64}))
    await server.start()
    ack = await server.until(server.ack, lambda ack: ack and ack.stable and ack.error)
    assert (ack.stable, ack.candidate, ack.error.reason) == (one.revision, None, "DigestMismatch")
    assert (await server.infer([1, 1, 1]))[2] == revision(one)


async def test_a_stable_that_cannot_be_loaded_leaves_the_old_one_answering(server, one, two):
    server.order(one)
    await server.start()
    await serving(server, one)
    server.order(two.model_copy(update={"model": "file:///nowhere"}))
    await server.until(server.ack, lambda ack: ack.error and ack.error.reason == "FetchFailed")
    assert (await server.infer([1, 1, 1]))[2] == revision(one)
    assert (await server.get("/v2/health/ready"))[0] == 200
    assert (await server.get("/v2/models/product-e/ready"))[0] == 503


async def test_a_restart_needs_neither_orders_nor_sources(server, one, tmp_path):
    server.order(one)
    await server.start()
    await serving(server, one)
    await server.stop()
    for file in (server.slots, *tmp_path.glob("*.onnx"), *tmp_path.glob("profile-*")):
        file.unlink()
    await server.start()
    await serving(server, one)


@pytest.mark.parametrize(
    ("content", "bad", "status", "says"),
    [
        pytest.param(picky(), [7, 1, 1], 400, "out of data bounds", id="it finds the values invalid"),
        pytest.param(logarithm(), [-1, -1, -1], 400, "not finite in output 'prediction'; check", id="its answer is not finite"),
        pytest.param(linear(), [3e38, 3e38, 0], 400, "not finite in output 'prediction'; check", id="its answer is too large"),
    ],
)
async def test_a_model_that_fails_on_one_request_fails_no_other(server, tmp_path, content, bad, status, says):
    only = slot(tmp_path, "1", content)
    server.order(only)
    await server.start()
    await serving(server, only)
    answers = await asyncio.gather(*(server.infer(bad if i == 3 else [1, 1, 1]) for i in range(8)))
    assert [code for code, _, _ in answers] == [200, 200, 200, status, 200, 200, 200, 200]
    assert says in answers[3][1]["error"]
    assert await server.number("andon_fallback_total") == 1
    assert await server.number("andon_requests_total", code=str(status)) == 1


async def test_inputs_that_do_not_fit_each_other_are_the_clients_to_mend(server, tmp_path):
    server.order(slot(tmp_path, "1", added()))
    await server.start()
    await server.until(server.ack, lambda ack: ack and ack.stable)
    given = [
        {"name": name, "datatype": "FP32", "shape": [size, 3], "data": [1.0] * 3 * size} for name, size in (("a", 2), ("b", 3))
    ]
    status, answer = await ask(server, given)
    assert (status, "check that the shapes" in answer["error"], "/" in answer["error"].split(":", 1)[1]) == (400, True, False)


async def test_a_model_that_answers_nothing_is_at_fault_itself(server, tmp_path):
    server.order(slot(tmp_path, "1", never()))
    await server.start()
    await server.until(server.ack, lambda ack: ack and ack.stable)
    status, answer = await ask(server, [{"name": "rows", "datatype": "FP32", "shape": [1, 1], "data": [1.0]}])
    assert (status, answer["error"]) == (500, "version 1 failed: it answered a number that is not finite in output 'prediction'")


async def test_what_is_too_large_is_counted_however_it_is_sent(server, one):
    async def in_chunks():
        for _ in range(9):
            yield bytes(1 << 20)

    server.order(one)
    await server.start()
    await serving(server, one)
    for body in (io.BytesIO(bytes(9 << 20)), in_chunks()):
        async with server.session.post(server.url + "/v2/models/product-e/infer", data=body) as response:
            assert response.status == 413
    assert await server.number("andon_requests_total", code="413") == 2


async def test_an_address_without_anything_is_told_the_models(server):
    await server.start()
    status, answer = await server.get("/")
    assert (status, answer["error"].startswith("there is nothing at /; the model is at /v2/models/product-e")) == (404, True)


async def test_the_end_is_orderly(server, one):
    server.order(one)
    await server.start()
    await serving(server, one)
    code, took = await server.stop()
    assert code == 0
    assert took < 10

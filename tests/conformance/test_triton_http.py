"""tritonclient over HTTP, in its sync and its async form: every call it has for the protocol, and a clear no to the rest."""

import asyncio
import urllib.request

import numpy as np
import pytest

http = pytest.importorskip("tritonclient.http", reason="the environment of kserve's client has no tritonclient")
aio = pytest.importorskip("tritonclient.http.aio")
from tritonclient.utils import InferenceServerException  # noqa: E402 - after the skip

ROWS = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


class Sync:
    """The sync client with the async one's manners, so that one test tries both."""

    def __init__(self, url):
        self._client = http.InferenceServerClient(url)

    def __getattr__(self, name):
        call = getattr(self._client, name)

        async def called(*args, **kwargs):
            return call(*args, **kwargs)

        return called


@pytest.fixture(params=[Sync, aio.InferenceServerClient], ids=["sync", "aio"])
def connect(request):
    return request.param


def given(name, values, *, binary=True):
    datatype = name.upper()
    found = http.InferInput(name, values.shape, datatype)
    found.set_data_from_numpy(values, binary_data=binary)
    return found


def rows(values=ROWS, *, binary=True):
    found = http.InferInput("rows", values.shape, "FP32")
    found.set_data_from_numpy(values, binary_data=binary)
    return [found]


async def test_health_and_metadata(connect, sums):
    client = connect(sums.http)
    assert await client.is_server_live()
    assert await client.is_server_ready()
    assert await client.is_model_ready("sums")
    assert await client.is_model_ready("sums", "2")
    assert not await client.is_model_ready("sums", "9")
    assert not await client.is_model_ready("other")
    assert (await client.get_server_metadata())["name"] == "andon"
    about = await client.get_model_metadata("sums")
    assert (about["name"], about["versions"]) == ("sums", ["1", "2"])
    assert about["inputs"] == [{"name": "rows", "datatype": "FP32", "shape": [-1, 3]}]
    assert (await client.get_model_metadata("sums", "2"))["parameters"]["version"] == "2"
    await client.close()


@pytest.mark.parametrize("binary_out", [True, False], ids=["answered in binary", "answered in JSON"])
@pytest.mark.parametrize("binary_in", [True, False], ids=["asked in binary", "asked in JSON"])
async def test_every_datatype_there_and_back(connect, echo, values, binary_in, binary_out):
    client = connect(echo.http)
    outputs = [http.InferRequestedOutput(f"{name}_out", binary_data=binary_out) for name in values]
    answer = await client.infer(
        "echo", [given(n, v, binary=binary_in) for n, v in values.items()], outputs=outputs, request_id="q"
    )
    assert answer.get_response()["id"] == "q"
    for name, sent in values.items():
        assert came(answer, name) == sent.tolist(), name
    await client.close()


def came(answer, name):
    """Values as sent: texts are bytes in binary answers."""
    found = answer.as_numpy(f"{name}_out").tolist()
    return [[t.decode() if isinstance(t, bytes) else t for t in row] for row in found] if name == "bytes" else found


async def test_some_inputs_in_binary_and_some_in_json(connect, echo, values):
    client = connect(echo.http)
    inputs = [given(name, sent, binary=i % 2 == 0) for i, (name, sent) in enumerate(values.items())]
    outputs = [http.InferRequestedOutput(f"{n}_out", binary_data=i % 3 == 0) for i, n in enumerate(values)]
    answer = await client.infer("echo", inputs, outputs=outputs)
    assert all(came(answer, name) == sent.tolist() for name, sent in values.items())
    await client.close()


async def test_without_named_outputs_all_come_in_binary(connect, sums):
    client = connect(sums.http)
    answer = await client.infer("sums", rows())
    assert answer.as_numpy("prediction").tolist() == [[6.0], [15.0]]
    assert answer.get_response()["outputs"][0]["parameters"] == {"binary_data_size": 8}
    await client.close()


async def test_a_version_of_its_own(connect, sums):
    client = connect(sums.http)
    answers = [await client.infer("sums", rows(), model_version=version) for version in ("1", "2")]
    assert [a.as_numpy("prediction").tolist() for a in answers] == [[[6.0], [15.0]], [[106.0], [115.0]]]
    assert [a.get_response()["model_version"] for a in answers] == ["1", "2"]
    await client.close()


@pytest.mark.parametrize("answered", [None, "gzip", "deflate"])
@pytest.mark.parametrize("asked", [None, "gzip", "deflate"])
async def test_compression(connect, sums, asked, answered):
    many = np.tile(ROWS, (500, 1))
    client = connect(sums.http)
    how = {"request_compression_algorithm": asked, "response_compression_algorithm": answered}
    for binary in (True, False):
        outputs = [http.InferRequestedOutput("prediction", binary_data=binary)]
        answer = await client.infer("sums", rows(many, binary=binary), outputs=outputs, **how)
        assert answer.as_numpy("prediction").ravel().tolist() == [6.0, 15.0] * 500
    await client.close()


async def test_parameters_and_headers_are_taken(connect, sums):
    client = connect(sums.http)
    answer = await client.infer(
        "sums",
        rows(),
        parameters={"asset": "press-7"},
        headers={"andon-asset": "press-7"},
        timeout=1000,
        priority=1,
        sequence_id=3,
    )
    assert answer.as_numpy("prediction").tolist() == [[6.0], [15.0]]
    await client.close()


@pytest.mark.parametrize(
    ("values", "version", "status", "says"),
    [
        pytest.param(np.ones((1, 4), np.float32), "", "400", "takes [-1, 3]", id="another width"),
        pytest.param(ROWS, "9", "404", "loaded are '1', '2'", id="a version that is not there"),
    ],
)
async def test_what_cannot_be_answered_is_an_error_in_words(connect, sums, values, version, status, says):
    client = connect(sums.http)
    with pytest.raises(InferenceServerException) as refused:
        await client.infer("sums", rows(values), model_version=version)
    assert refused.value.status() == status
    assert says in refused.value.message()
    await client.close()


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("get_model_config", ["sums"]),
        ("get_inference_statistics", ["sums"]),
        ("get_model_repository_index", []),
        ("load_model", ["sums"]),
        ("unload_model", ["sums"]),
        ("get_trace_settings", []),
        ("get_log_settings", []),
        ("get_system_shared_memory_status", []),
        ("get_cuda_shared_memory_status", []),
    ],
)
async def test_tritons_own_extensions_are_clearly_not_there(connect, sums, call, arguments):
    client = connect(sums.http)
    with pytest.raises(InferenceServerException, match="extensions of the protocol are not offered") as refused:
        await getattr(client, call)(*arguments)
    assert refused.value.status() == "404"
    await client.close()


def test_requests_at_the_same_time(sums):
    client = http.InferenceServerClient(sums.http, concurrency=8)
    waiting = [client.async_infer("sums", rows(ROWS + i)) for i in range(64)]
    found = [each.get_result().as_numpy("prediction").ravel().tolist() for each in waiting]
    assert found == [[6.0 + 3 * i, 15.0 + 3 * i] for i in range(64)]
    client.close()


async def test_many_aio_clients_share_batches(sums):
    async with aio.InferenceServerClient(sums.http, conn_limit=16) as client:
        found = await asyncio.gather(*(client.infer("sums", rows(ROWS + i)) for i in range(64)))
    assert [a.as_numpy("prediction")[0, 0] for a in found] == [6.0 + 3 * i for i in range(64)]


def test_bodies_made_and_read_by_hand(sums):
    """What users of the client's static methods send by other means."""
    body, length = http.InferenceServerClient.generate_request_body(rows())
    request = urllib.request.Request(
        f"http://{sums.http}/v2/models/sums/infer", body, {"Inference-Header-Content-Length": str(length)}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - its own address
        head = int(answer.headers["Inference-Header-Content-Length"])
        read = http.InferenceServerClient.parse_response_body(answer.read(), header_length=head)
    assert read.as_numpy("prediction").tolist() == [[6.0], [15.0]]

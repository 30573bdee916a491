"""tritonclient over gRPC, in its sync and its async form: every call it has for the protocol."""

import queue

import numpy as np
import pytest

grpc = pytest.importorskip("tritonclient.grpc", reason="the environment of kserve's client has no tritonclient")
aio = pytest.importorskip("tritonclient.grpc.aio")
from tritonclient.grpc import service_pb2, service_pb2_grpc  # noqa: E402 - after the skip
from tritonclient.utils import InferenceServerException  # noqa: E402

ROWS = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


class Sync:
    """The sync client with the async one's manners, so that one test tries both."""

    def __init__(self, url):
        self._client = grpc.InferenceServerClient(url)

    def __getattr__(self, name):
        call = getattr(self._client, name)

        async def called(*args, **kwargs):
            return call(*args, **kwargs)

        return called


@pytest.fixture(params=[Sync, aio.InferenceServerClient], ids=["sync", "aio"])
async def client(request, sums):
    made = request.param(sums.grpc)
    yield made
    await made.close()


def given(name, values, datatype):
    found = grpc.InferInput(name, values.shape, datatype)
    found.set_data_from_numpy(values)
    return found


def rows(values=ROWS):
    return [given("rows", values, "FP32")]


async def test_health_and_metadata(client):
    assert await client.is_server_live()
    assert await client.is_server_ready()
    assert await client.is_model_ready("sums")
    assert await client.is_model_ready("sums", "2")
    assert not await client.is_model_ready("sums", "9")
    assert (await client.get_server_metadata()).name == "andon"
    about = await client.get_model_metadata("sums", as_json=True)
    assert about["inputs"] == [{"name": "rows", "datatype": "FP32", "shape": ["-1", "3"]}]
    assert about["versions"] == ["1", "2"]


@pytest.mark.parametrize("compression", [None, "gzip", "deflate"])
async def test_rows_are_answered(client, compression):
    outputs = [grpc.InferRequestedOutput("prediction")]
    answer = await client.infer("sums", rows(), outputs=outputs, request_id="q", compression_algorithm=compression)
    assert answer.as_numpy("prediction").tolist() == [[6.0], [15.0]]
    assert answer.get_response().id == "q"


async def test_a_version_of_its_own(client):
    answers = [await client.infer("sums", rows(), model_version=version) for version in ("1", "2")]
    assert [a.as_numpy("prediction").tolist() for a in answers] == [[[6.0], [15.0]], [[106.0], [115.0]]]


async def test_parameters_and_headers_are_taken(client):
    how = {"parameters": {"asset": "press-7"}, "headers": {"andon-asset": "press-7"}, "client_timeout": 10, "priority": 1}
    assert (await client.infer("sums", rows(), **how)).as_numpy("prediction").tolist() == [[6.0], [15.0]]


@pytest.mark.parametrize(
    ("name", "version", "values", "status", "says"),
    [
        pytest.param("sums", "", np.ones((1, 4), np.float32), "INVALID_ARGUMENT", "takes [-1, 3]", id="another width"),
        pytest.param("sums", "9", ROWS, "NOT_FOUND", "loaded are '1', '2'", id="a version that is not there"),
        pytest.param("other", "", ROWS, "NOT_FOUND", "this server has 'sums'", id="another model"),
    ],
)
async def test_what_cannot_be_answered_has_its_status(client, name, version, values, status, says):
    with pytest.raises(InferenceServerException) as refused:
        await client.infer(name, rows(values), model_version=version)
    assert refused.value.status() == f"StatusCode.{status}"
    assert says in refused.value.message()


@pytest.mark.parametrize(("call", "arguments"), [("get_model_config", ["sums"]), ("get_model_repository_index", [])])
async def test_tritons_own_extensions_are_clearly_not_there(client, call, arguments):
    with pytest.raises(InferenceServerException) as refused:
        await getattr(client, call)(*arguments)
    assert refused.value.status() == "StatusCode.UNIMPLEMENTED"


async def test_every_datatype_there_and_back_raw(echo, values):
    async with aio.InferenceServerClient(echo.grpc) as client:
        answer = await client.infer("echo", [given(name, sent, name.upper()) for name, sent in values.items()])
    for name, sent in values.items():
        found = answer.as_numpy(f"{name}_out").tolist()
        found = [[text.decode() for text in row] for row in found] if name == "bytes" else found
        assert found == sent.tolist(), name


FIELDS = {
    "bool": "bool_contents",
    "uint8": "uint_contents",
    "uint16": "uint_contents",
    "uint32": "uint_contents",
    "uint64": "uint64_contents",
    "int8": "int_contents",
    "int16": "int_contents",
    "int32": "int_contents",
    "int64": "int64_contents",
    "fp32": "fp32_contents",
    "fp64": "fp64_contents",
    "bytes": "bytes_contents",
}


def test_every_datatype_there_and_back_typed(echo, values):
    """By the generated stub, since the client sends raw bytes only. FP16 has no typed form and comes raw: so does the answer."""
    import grpc as grpc_

    request = service_pb2.ModelInferRequest(model_name="echo")
    for name, sent in values.items():
        tensor = request.inputs.add(name=name, datatype=name.upper(), shape=sent.shape)
        if name == "fp16":
            request.raw_input_contents.append(sent.tobytes())
        else:
            flat = [v.encode() if name == "bytes" else v for v in sent.ravel().tolist()]
            getattr(tensor.contents, FIELDS[name]).extend(flat)
    for name in FIELDS:
        request.outputs.add(name=f"{name}_out")
    with grpc_.insecure_channel(echo.grpc) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        mixed = stub.ModelInfer(request, timeout=10)
    assert [o.name for o in mixed.outputs] == [f"{name}_out" for name in FIELDS]
    assert mixed.raw_output_contents[1] == values["uint8"].tobytes()


def test_typed_contents_are_answered_by_typed_contents(sums):
    import grpc as grpc_

    request = service_pb2.ModelInferRequest(model_name="sums", id="q")
    request.inputs.add(name="rows", datatype="FP32", shape=[2, 3]).contents.fp32_contents.extend(ROWS.ravel().tolist())
    with grpc_.insecure_channel(sums.grpc) as channel:
        answer, call = service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer.with_call(request, timeout=10)
    assert list(answer.outputs[0].contents.fp32_contents) == [6.0, 15.0]
    assert (answer.id, len(answer.raw_output_contents)) == ("q", 0)
    assert dict(call.trailing_metadata())["andon-revision"].startswith("1/")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(lambda r: r.raw_input_contents.append(b"1234"), "more entries", id="raw bytes that nobody claims"),
        pytest.param(lambda r: r.inputs[0].contents.Clear(), "0 values", id="no contents"),
        pytest.param(lambda r: r.inputs[0].contents.fp32_contents.append(1), "7 values", id="one too many"),
        pytest.param(lambda r: r.inputs.add(name="rows"), "same name", id="an input twice"),
        pytest.param(lambda r: setattr(r.inputs[0], "datatype", "INT8"), "takes FP32", id="another datatype"),
        pytest.param(lambda r: setattr(r.inputs[0], "datatype", "FP16"), "raw_input_contents", id="a datatype without contents"),
        pytest.param(lambda r: r.outputs.add(name="p"), "'p' is unknown", id="an unknown output"),
    ],
)
def test_a_message_that_cannot_be_answered_is_invalid(sums, change, says):
    import grpc as grpc_

    request = service_pb2.ModelInferRequest(model_name="sums")
    request.inputs.add(name="rows", datatype="FP32", shape=[2, 3]).contents.fp32_contents.extend(ROWS.ravel().tolist())
    change(request)
    with grpc_.insecure_channel(sums.grpc) as channel, pytest.raises(grpc_.RpcError) as refused:
        service_pb2_grpc.GRPCInferenceServiceStub(channel).ModelInfer(request, timeout=10)
    assert refused.value.code() is grpc_.StatusCode.INVALID_ARGUMENT
    assert says in refused.value.details()


def test_calls_at_the_same_time(sums):
    told = queue.Queue()
    with grpc.InferenceServerClient(sums.grpc) as client:
        for i in range(32):
            client.async_infer("sums", rows(ROWS + i), lambda result, error: told.put((result, error)), request_id=str(i))
        found = [told.get(timeout=10) for _ in range(32)]
    assert all(error is None for _, error in found)
    assert {int(r.get_response().id): float(r.as_numpy("prediction")[0, 0]) for r, _ in found} == {
        i: 6.0 + 3 * i for i in range(32)
    }

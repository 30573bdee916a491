"""KServe's own clients, REST and gRPC: every call they have for the protocol."""

import numpy as np
import pytest
from kserve import InferInput, InferRequest
from kserve.inference_client import InferenceGRPCClient, InferenceRESTClient, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

ROWS = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
TYPED = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)] + ["fp32", "fp64", "bool", "bytes"]


@pytest.fixture
async def rest():
    client = InferenceRESTClient(config=RESTConfig(protocol="v2", retries=0))
    yield client
    await client.close()


@pytest.fixture
async def grpc(sums):
    client = InferenceGRPCClient(url=sums.grpc, retries=0)
    yield client
    await client.close()


def rows(*, binary, outputs=None, values=ROWS, **parameters):
    given = InferInput("rows", list(values.shape), "FP32")
    given.set_data_from_numpy(values, binary_data=binary)
    return InferRequest("sums", [given], request_id="q", parameters=parameters or None, request_outputs=outputs)


def everything(values, *, binary):
    inputs = []
    for name, sent in values.items():
        given = InferInput(name, list(sent.shape), name.upper())
        given.set_data_from_numpy(sent, binary_data=binary or name == "fp16")
        inputs.append(given)
    return InferRequest("echo", inputs, parameters={"binary_data_output": True})


async def test_rest_health(rest, sums):
    url = f"http://{sums.http}"
    assert await rest.is_server_live(url) is True
    assert await rest.is_server_ready(url) is True
    assert await rest.is_model_ready(url, "sums")
    assert not await rest.is_model_ready(url, "other")


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "JSON"])
async def test_rest_infer(rest, sums, binary):
    headers = {}
    answer = await rest.infer(f"http://{sums.http}", rows(binary=binary), model_name="sums", response_headers=headers)
    assert answer.outputs[0].as_numpy().tolist() == [[6.0], [15.0]]
    assert answer.id == "q"
    assert headers["andon-revision"].startswith("1/")


async def test_rest_answers_in_binary_where_that_is_asked(rest, sums):
    asked = rows(binary=True, outputs=[RequestedOutput("prediction", {"binary_data": True})])
    answer = await rest.infer(f"http://{sums.http}", asked, model_name="sums")
    assert answer.outputs[0].as_numpy().tolist() == [[6.0], [15.0]]


async def test_rest_infer_of_a_plain_document(rest, sums):
    document = {"inputs": [{"name": "rows", "shape": [1, 3], "datatype": "FP32", "data": [[1, 2, 3]]}], "id": "d"}
    answer = await rest.infer(f"http://{sums.http}", document, model_name="sums")
    assert answer.outputs[0].as_numpy().tolist() == [[6.0]]


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "JSON"])
async def test_rest_every_datatype_there_and_back(rest, echo, values, binary):
    answer = await rest.infer(f"http://{echo.http}", everything(values, binary=binary), model_name="echo")
    assert_same(answer, values)


async def test_rest_says_what_is_wrong(rest, sums):
    import httpx

    with pytest.raises(httpx.HTTPStatusError, match="takes \\[-1, 3\\]"):
        await rest.infer(f"http://{sums.http}", rows(binary=True, values=np.ones((1, 4), np.float32)), model_name="sums")


async def test_grpc_health(grpc):
    assert await grpc.is_server_live()
    assert await grpc.is_server_ready()
    assert await grpc.is_model_ready("sums")


@pytest.mark.parametrize("binary", [True, False], ids=["raw", "typed"])
async def test_grpc_infer(grpc, binary):
    answer = await grpc.infer(rows(binary=binary))
    assert answer.outputs[0].as_numpy().tolist() == [[6.0], [15.0]]
    assert answer.id == "q"


@pytest.mark.parametrize("binary", [True, False], ids=["raw", "typed but for FP16"])
async def test_grpc_every_datatype_there_and_back(echo, values, binary):
    client = InferenceGRPCClient(url=echo.grpc, retries=0)
    assert_same(await client.infer(everything(values, binary=binary)), values)
    await client.close()


async def test_grpc_every_typed_datatype_there_and_back(echo, values):
    """FP16 has no typed form: without it nothing travels raw, here or there."""
    client = InferenceGRPCClient(url=echo.grpc, retries=0)
    asked = everything(values, binary=False)
    asked.request_outputs = [RequestedOutput(f"{name}_out") for name in TYPED]
    answer = await client.infer(asked)
    assert_same(answer, {name: values[name] for name in TYPED})
    await client.close()


async def test_grpc_says_what_is_wrong(grpc):
    import grpc as grpc_

    with pytest.raises(grpc_.RpcError) as refused:
        await grpc.infer(rows(binary=True, values=np.ones((1, 4), np.float32)))
    assert refused.value.code() is grpc_.StatusCode.INVALID_ARGUMENT


def assert_same(answer, values):
    assert len(answer.outputs) == len(values)
    for output in answer.outputs:
        name = output.name.removesuffix("_out")
        found = output.as_numpy().tolist()
        found = [[t.decode() if isinstance(t, bytes) else t for t in row] for row in found] if name == "bytes" else found
        assert found == values[name].tolist(), name

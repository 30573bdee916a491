"""Whatever a client sends is answered by tensors that fit the model or by a 4xx that says what to change."""

import json

import numpy as np
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from andon.api.slots import SlotModel
from andon.runtime.serve.loading import Loaded
from andon.runtime.serve.model import OnnxModel
from andon.runtime.serve.protocol import Inference, RequestError, answer, model_metadata, parse
from unit.serve.models import linear, logarithm

SLOT = SlotModel(version="3", digest="sha256:" + "a" * 64, model="file:///m")
LINEAR = Loaded(SLOT, OnnxModel(linear(bias=0.5)), None)


def body(*, drop=(), document=None, **changes):
    """A good request for two rows of three, with changes to its input."""
    given = {"name": "rows", "shape": [2, 3], "datatype": "FP32", "data": [1, 2, 3, 4, 5, 6]} | changes
    return orjson.dumps({"inputs": [{k: v for k, v in given.items() if k not in drop}]} | (document or {}))


def test_flat_and_nested_data_are_the_same():
    flat = parse(body(), {}, LINEAR).feeds["rows"]
    nested = parse(body(data=[[1, 2, 3], [4, 5, 6]]), {}, LINEAR).feeds["rows"]
    assert np.array_equal(flat, nested)
    assert flat.dtype == np.float32
    assert flat.shape == (2, 3)


def test_the_id_is_echoed_and_outputs_are_in_the_order_asked_for():
    inference = parse(body(document={"id": "r-1", "outputs": [{"name": "prediction"}]}), {}, LINEAR)
    told = orjson.loads(answer(inference, LINEAR, "m", LINEAR.model.run(inference.feeds)))
    assert told == {
        "model_name": "m",
        "model_version": "3",
        "id": "r-1",
        "outputs": [{"name": "prediction", "datatype": "FP32", "shape": [2, 1], "data": [6.5, 15.5]}],
    }


BINARY = {"parameters": {"binary_data_size": 24}}


@pytest.mark.parametrize(
    ("sent", "headers", "status", "says"),
    [
        pytest.param(b"{", {}, 400, "not JSON", id="half a document"),
        pytest.param(b"[" * 5000, {}, 400, "not JSON", id="endless brackets"),
        pytest.param(b"[]", {}, 400, "must be an object", id="a list"),
        pytest.param(b"{}", {}, 400, "inputs must be a list", id="no inputs"),
        pytest.param(b'{"inputs": [1]}', {}, 400, "each with a name", id="inputs that are no objects"),
        pytest.param(body(name="cols"), {}, 400, "takes ['rows']", id="another name"),
        pytest.param(body(document={"inputs": []}), {}, 400, "takes ['rows']", id="an input is missing"),
        pytest.param(body(datatype="FP64"), {}, 400, "takes FP32", id="another datatype"),
        pytest.param(body(shape=[2, 4]), {}, 400, "takes [-1, 3]", id="another width"),
        pytest.param(body(shape=[6]), {}, 400, "takes [-1, 3]", id="another rank"),
        pytest.param(body(shape=[0, 3], data=[]), {}, 400, "positive", id="no rows"),
        pytest.param(body(shape=[-1, 3]), {}, 400, "positive", id="a free dimension"),
        pytest.param(body(shape=[True, 3]), {}, 400, "positive", id="a dimension that is true"),
        pytest.param(body(drop=["shape"]), {}, 400, "shape", id="no shape"),
        pytest.param(body(drop=["data"]), {}, 400, "data is missing", id="no data"),
        pytest.param(body(data=[1, 2, 3]), {}, 400, "3 values", id="too few values"),
        pytest.param(body(data=[[1, 2], [3, 4], [5, 6]]), {}, 400, "nested as [3, 2]", id="nested another way"),
        pytest.param(body(data=[[1, 2, 3], [4, 5]]), {}, 400, "evenly", id="ragged"),
        pytest.param(body(data=["1", 2, 3, 4, 5, 6]), {}, 400, "numbers", id="a string"),
        pytest.param(body(data=[None, 2, 3, 4, 5, 6]), {}, 400, "numbers", id="a null"),
        pytest.param(body(data=[{}, 2, 3, 4, 5, 6]), {}, 400, "numbers", id="an object"),
        pytest.param(body(data=7), {}, 400, "must be a list", id="a bare number"),
        pytest.param(body(data=[1e300, 2, 3, 4, 5, 6]), {}, 400, "FP32 cannot hold", id="too large for FP32"),
        pytest.param(body(document={"id": 7}), {}, 400, "id must be a string", id="an id that is a number"),
        pytest.param(body(document={"outputs": [{"name": "p"}]}), {}, 400, "'p' is unknown", id="an unknown output"),
        pytest.param(body(parameters=7), {}, 400, "parameters", id="parameters that are none"),
        pytest.param(body(**BINARY), {}, 400, "binary", id="a binary input"),
        pytest.param(body(document={"parameters": {"binary_data_output": True}}), {}, 400, "binary", id="binary outputs wanted"),
        pytest.param(b"{}", {"inference-header-content-length": "2"}, 400, "binary_data=False", id="a binary body"),
        pytest.param(b"{}", {"content-encoding": "gzip"}, 415, "uncompressed", id="gzip"),
    ],
)
def test_a_request_that_cannot_be_answered_says_why(sent, headers, status, says):
    with pytest.raises(RequestError) as refused:
        parse(sent, headers, LINEAR)
    assert refused.value.status == status
    assert says in str(refused.value)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
NAMES = st.sampled_from(["name", "shape", "data", "x"])
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=7) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=20)


def outcome(sent):
    """The rows that a body asks about, or the status it is refused with."""
    try:
        return parse(sent, {}, LINEAR).feeds["rows"]
    except RequestError as refused:
        return refused.status


@given(
    changes=st.dictionaries(st.sampled_from(["name", "shape", "datatype", "data", "parameters"]), JSON, max_size=3),
    document=st.dictionaries(st.sampled_from(["id", "inputs", "outputs", "parameters"]), JSON, max_size=2),
)
@example(changes={"data": [2**70] * 6}, document={})
@example(changes={"shape": [2**40, 3]}, document={})
def test_no_document_is_answered_by_anything_but_a_4xx_or_tensors_that_fit(changes, document):
    given_input = {"name": "rows", "shape": [2, 3], "datatype": "FP32", "data": [1, 2, 3, 4, 5, 6]} | changes
    answered = outcome(json.dumps({"inputs": [given_input]} | document).encode())
    assert answered in range(400, 500) if isinstance(answered, int) else answered.shape[1:] == (3,)


def test_an_answer_that_is_not_finite_is_the_servers_fault():
    loaded = Loaded(SLOT, OnnxModel(logarithm()), None)
    results = loaded.model.run({"rows": np.zeros((1, 3), np.float32)})
    with pytest.raises(RequestError, match="not finite") as failed:
        answer(Inference({}, ("prediction",), None), loaded, "m", results)
    assert failed.value.status == 500


def test_metadata_is_what_the_onnx_file_says():
    assert orjson.loads(model_metadata(LINEAR, "m")) == {
        "name": "m",
        "versions": ["3"],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "rows", "datatype": "FP32", "shape": [-1, 3]}],
        "outputs": [{"name": "prediction", "datatype": "FP32", "shape": [-1, 1]}],
    }

"""Whatever a client sends is answered by tensors that fit the model or by a 4xx that says what to change."""

import json
import struct

import numpy as np
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from onnx import TensorProto

from andon.runtime.serve.model import DATATYPES, OnnxModel
from andon.runtime.serve.oip.fit import fit
from andon.runtime.serve.oip.http import LONGEST_REMEMBERED, model_metadata, read, write
from andon.runtime.serve.oip.message import RequestError
from unit.serve.datatypes import TYPES
from unit.serve.models import echo, linear

LINEAR = OnnxModel(linear(bias=0.5))
ECHO = OnnxModel(echo(*TYPES.values(), names="abcdefghijklm"))
DTYPES = dict(DATATYPES.values())


def body(*, drop=(), document=None, **changes):
    """A good request for two rows of three, with changes to its input."""
    given = {"name": "rows", "shape": [2, 3], "datatype": "FP32", "data": [1, 2, 3, 4, 5, 6]} | changes
    return orjson.dumps({"inputs": [{k: v for k, v in given.items() if k not in drop}]} | (document or {}))


def binary(text, *blobs):
    """A body of JSON and what follows it, with its header."""
    return b"".join((text, *blobs)), str(len(text)).encode()


def asked(sent, length=None, model=LINEAR):
    return fit(read(sent, length), model)


def answered(inference, model=LINEAR):
    """The parts of an answer: JSON, and the bytes behind it."""
    text, length = write(inference, model, "m", "3", model.run(inference.feeds))
    return orjson.loads(text[:length]), text[length:] if length else b""


def test_flat_and_nested_data_are_the_same():
    flat, nested = asked(body()), asked(body(data=[[1, 2, 3], [4, 5, 6]]))
    assert np.array_equal(flat.feeds["rows"], nested.feeds["rows"])
    assert (flat.feeds["rows"].dtype, flat.feeds["rows"].shape, flat.rows) == (np.float32, (2, 3), 2)


def test_the_id_is_echoed_and_outputs_are_in_the_order_asked_for():
    assert answered(asked(body(document={"id": "r-1", "outputs": [{"name": "prediction"}]}))) == (
        {
            "model_name": "m",
            "model_version": "3",
            "id": "r-1",
            "outputs": [{"name": "prediction", "datatype": "FP32", "shape": [2, 1], "data": [6.5, 15.5]}],
        },
        b"",
    )


BLOB = struct.pack("<6f", 1, 2, 3, 4, 5, 6)
SIZED = {"parameters": {"binary_data_size": 24}}


def test_an_input_may_follow_the_json_as_bytes():
    told, rest = answered(asked(*binary(body(drop=["data"], **SIZED), BLOB)))
    assert (told["outputs"][0]["data"], rest) == ([6.5, 15.5], b"")


@pytest.mark.parametrize("longer", [pytest.param(0, id="remembered"), pytest.param(LONGEST_REMEMBERED, id="too long for that")])
def test_the_same_json_before_other_tensors_asks_for_those(longer):
    text = body(drop=["data"], **SIZED) + b" " * longer
    assert answered(asked(*binary(text, BLOB)))[0]["outputs"][0]["data"] == [6.5, 15.5]
    for _ in range(2):
        others = struct.pack("<6f", 0, 0, 0, 1, 1, 1)
        assert answered(asked(*binary(text, others)))[0]["outputs"][0]["data"] == [0.5, 3.5]
        with pytest.raises(RequestError, match="23 bytes are left"):
            asked(*binary(text, BLOB[:-1]))


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"parameters": {"binary_data_output": True}}, id="for the request"),
        pytest.param({"outputs": [{"name": "prediction", "parameters": {"binary_data": True}}]}, id="for the output"),
    ],
)
def test_an_output_follows_the_json_as_bytes_where_that_is_asked(document):
    told, rest = answered(asked(body(document=document)))
    assert told["outputs"] == [{"name": "prediction", "datatype": "FP32", "shape": [2, 1], "parameters": {"binary_data_size": 8}}]
    assert rest == struct.pack("<2f", 6.5, 15.5)


def test_an_output_may_be_json_though_the_request_wants_bytes():
    outputs = [{"name": "prediction", "parameters": {"binary_data": False}}]
    told, rest = answered(asked(body(document={"outputs": outputs, "parameters": {"binary_data_output": True}})))
    assert (told["outputs"][0]["data"], rest) == ([6.5, 15.5], b"")


SHORT = b'{"inputs":[]}'


@pytest.mark.parametrize(
    ("sent", "length", "says"),
    [
        pytest.param(b"{", None, "not JSON", id="half a document"),
        pytest.param(b'{"inputs": [1, NaN]}', None, "JSON has no NaN or Infinity", id="NaN as Python writes it"),
        pytest.param(b'{"inputs": [1, -Infinity]}', None, "JSON has no NaN or Infinity", id="Infinity as Python writes it"),
        pytest.param(b"[" * 5000, None, "not JSON", id="endless brackets"),
        pytest.param(b"\xff\xfe", None, "not JSON", id="no text"),
        pytest.param(b"[]", None, "must be an object", id="a list"),
        pytest.param(b"{}", None, "inputs must be a list", id="no inputs"),
        pytest.param(b'{"inputs": [1]}', None, "each with a name", id="inputs that are no objects"),
        pytest.param(body(name="cols"), None, "inputs are 'cols'; the model takes 'rows'", id="another name"),
        pytest.param(body(document={"inputs": []}), None, "inputs are none; the model takes 'rows'", id="an input is missing"),
        pytest.param(body(document={"inputs": [{"name": "rows"}] * 2}), None, "same name", id="an input twice"),
        pytest.param(body(datatype="FP64"), None, "takes FP32", id="another datatype"),
        pytest.param(body(datatype=["FP32"]), None, "datatype is a list; the model takes FP32", id="a datatype that is a list"),
        pytest.param(body(drop=["datatype"]), None, "datatype is missing; the model takes FP32", id="no datatype"),
        pytest.param(body(shape=[2, 4]), None, "takes [-1, 3]", id="another width"),
        pytest.param(body(shape=[6]), None, "takes [-1, 3]", id="another rank"),
        pytest.param(body(shape=[0, 3], data=[]), None, "positive", id="no rows"),
        pytest.param(body(shape=[-1, 3]), None, "positive", id="a free dimension"),
        pytest.param(body(shape=[True, 3]), None, "positive", id="a dimension that is true"),
        pytest.param(body(shape=[2**63, 3]), None, "6 values", id="a dimension beyond counting"),
        pytest.param(body(shape=[2**40, 3]), None, "6 values", id="a dimension beyond memory"),
        pytest.param(body(drop=["shape"]), None, "shape is missing; the model takes [-1, 3] (-1: any)", id="no shape"),
        pytest.param(body(drop=["data"]), None, "data is missing", id="no data"),
        pytest.param(body(data=[1, 2, 3]), None, "3 values", id="too few values"),
        pytest.param(body(data=[[1, 2], [3, 4], [5, 6]]), None, "nested as [3, 2]", id="nested another way"),
        pytest.param(body(data=[[1, 2, 3], [4, 5]]), None, "evenly", id="ragged"),
        pytest.param(body(data=[[1, 2, 3], 4]), None, "evenly", id="a number beside a list"),
        pytest.param(body(data=[1, [2, 3]]), None, "value 1 is a list, which is no number", id="a list beside a number"),
        pytest.param(body(data=[[1, 2, 3], [4, "5", 6]]), None, "value 4 is a string, which is no number", id="a string"),
        pytest.param(body(data=[1, 2, None, 4, 5, 6]), None, "value 2 is null, which is no number", id="a null"),
        pytest.param(body(data=[{}, 2, 3, 4, 5, 6]), None, "value 0 is an object, which is no number", id="an object"),
        pytest.param(body(data=7), None, "must be a list", id="a bare number"),
        pytest.param(body(data=[1e300, 2, 3, 4, 5, 6]), None, "FP32 cannot hold", id="too large for FP32"),
        pytest.param(body(document={"id": 7}), None, "id must be a string", id="an id that is a number"),
        pytest.param(
            body(document={"outputs": [{"name": "p"}]}),
            None,
            "'p' is unknown; the model has 'prediction'",
            id="an unknown output",
        ),
        pytest.param(body(document={"outputs": 7}), None, "outputs must be a list", id="outputs that are none"),
        pytest.param(body(parameters=7), None, "parameters", id="parameters that are none"),
        pytest.param(body(document={"parameters": {"asset": 7}}), None, "asset", id="an asset that is a number"),
        pytest.param(body(parameters={"shared_memory_region": "r"}), None, "shared memory", id="shared memory"),
        pytest.param(
            body(document={"outputs": [{"name": "prediction", "parameters": {"classification": 3}}]}),
            None,
            "classification is not supported",
            id="classification",
        ),
        pytest.param(body(**SIZED), None, "send one of them", id="data and a size"),
        pytest.param(body(drop=["data"], **SIZED), None, "0 bytes are left", id="a size without bytes"),
        pytest.param(SHORT, b"x", "Inference-Header-Content-Length is 'x'", id="a length that is none"),
        pytest.param(SHORT, b"-1", "Inference-Header-Content-Length", id="a negative length"),
        pytest.param(SHORT, b"99", "the body has 13 bytes", id="a length beyond the body"),
        pytest.param(*binary(body(), BLOB), "24 bytes behind the JSON", id="bytes that nobody claims"),
        pytest.param(*binary(body(drop=["data"], **SIZED), BLOB[:-1]), "23 bytes are left", id="too few bytes"),
        pytest.param(
            *binary(body(drop=["data"], parameters={"binary_data_size": 20}), BLOB[:20]), "20 bytes", id="bytes of another shape"
        ),
        pytest.param(*binary(body(drop=["data"], parameters={"binary_data_size": -4}), BLOB), "from 0 up", id="a negative size"),
    ],
)
def test_a_request_that_cannot_be_answered_says_why(sent, length, says):
    with pytest.raises(RequestError) as refused:
        asked(sent, length)
    assert refused.value.status == 400
    assert says in str(refused.value)


def whole(letter):
    info = np.iinfo(DTYPES[letter])
    return st.integers(int(info.min), int(info.max))


VALUES = {
    "BOOL": st.booleans(),
    "FP16": st.floats(width=16, allow_nan=False, allow_infinity=False),
    "FP32": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "FP64": st.floats(allow_nan=False, allow_infinity=False),
    "BYTES": st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
} | {name: whole(name) for name in TYPES if "INT" in name}


@st.composite
def tensors(draw):
    """Values for each input of the echo, by name: two rows each."""
    widths = {name: draw(st.integers(1, 3)) for name in TYPES}
    return {
        tensor.name: (datatype, draw(st.lists(VALUES[datatype], min_size=2 * widths[datatype], max_size=2 * widths[datatype])))
        for tensor, datatype in zip(ECHO.inputs, TYPES, strict=True)
    }


def raw(datatype, values):
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(t.encode())) + t.encode() for t in values)
    return np.array(values, DTYPES[datatype]).tobytes()


@given(tensors())
def test_json_and_binary_say_the_same_for_every_datatype_there_and_back(values):
    heads = [{"name": n, "shape": [2, len(v) // 2], "datatype": d} for n, (d, v) in values.items()]
    as_json = asked(orjson.dumps({"inputs": [h | {"data": values[h["name"]][1]} for h in heads]}), None, ECHO)
    blobs = [raw(*values[head["name"]]) for head in heads]
    sized = [h | {"parameters": {"binary_data_size": len(b)}} for h, b in zip(heads, blobs, strict=True)]
    text = orjson.dumps({"inputs": sized, "parameters": {"binary_data_output": True}})
    as_bytes = asked(*binary(text, *blobs), ECHO)
    for name in values:
        assert as_json.feeds[name].dtype == as_bytes.feeds[name].dtype
        assert as_json.feeds[name].tolist() == as_bytes.feeds[name].tolist()
    told, nothing = answered(as_json, ECHO)
    assert nothing == b""
    assert [DTYPES[o["datatype"]] is np.object_ or raw(o["datatype"], o["data"]) for o in told["outputs"]] == [
        DTYPES[h["datatype"]] is np.object_ or blob for h, blob in zip(heads, blobs, strict=True)
    ]
    assert answered(as_bytes, ECHO)[1] == b"".join(blobs)


@pytest.mark.parametrize(
    ("datatype", "data", "says"),
    [
        pytest.param("UINT8", [256, 1], "UINT8 cannot hold", id="256 in eight bits"),
        pytest.param("UINT64", [-1, 1], "UINT64 cannot hold", id="less than nothing"),
        pytest.param("INT64", [2**63, 1], "INT64 cannot hold", id="beyond 63 bits"),
        pytest.param("INT32", [1.5, 1], "value 0 is 1.5, which is no whole number", id="half a number"),
        pytest.param("FP16", [70000, 1], "FP16 cannot hold", id="too large for FP16"),
        pytest.param("BOOL", [True, 0], "value 1 is a number, which is no boolean", id="a number as a boolean"),
        pytest.param("BYTES", [1, 2], "value 0 is a number, which is no text", id="a number as a text"),
    ],
)
def test_a_value_that_its_datatype_cannot_hold_is_refused(datatype, data, says):
    model = OnnxModel(echo(TYPES[datatype]))
    with pytest.raises(RequestError, match=says):
        asked(orjson.dumps({"inputs": [{"name": "a", "shape": [2, 1], "datatype": datatype, "data": data}]}), None, model)


@pytest.mark.parametrize(
    ("blob", "says"),
    [
        pytest.param(b"\x01", "text 0", id="half a length"),
        pytest.param(struct.pack("<I", 4) + b"abc", "cut off", id="half a text"),
        pytest.param(struct.pack("<I", 1) + b"\xff", "text 0", id="no UTF-8"),
        pytest.param(b"", "0 texts", id="no text"),
    ],
)
def test_texts_that_are_none_are_refused(blob, says):
    head = {"name": "a", "shape": [1, 1], "datatype": "BYTES", "parameters": {"binary_data_size": len(blob)}}
    with pytest.raises(RequestError, match=says):
        asked(*binary(orjson.dumps({"inputs": [head]}), blob), OnnxModel(echo(TensorProto.STRING)))


def test_dimensions_of_one_name_must_agree():
    inputs = [{"name": n, "shape": [s, 1], "datatype": "FP32", "data": [1] * s} for n, s in (("a", 2), ("b", 3))]
    with pytest.raises(RequestError, match="both are 'n'"):
        asked(orjson.dumps({"inputs": inputs}), None, OnnxModel(echo(TensorProto.FLOAT, TensorProto.FLOAT)))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
NAMES = st.sampled_from(["name", "shape", "data", "parameters", "binary_data_size", "asset", "x"])
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=7) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=20)


def outcome(sent, length=None):
    """The rows that a body asks about, or the status it is refused with."""
    try:
        return asked(sent, length).feeds["rows"]
    except RequestError as refused:
        return refused.status


def fits(found):
    return found in range(400, 500) if isinstance(found, int) else found.shape[1:] == (3,) and found.dtype == np.float32


@given(
    changes=st.dictionaries(st.sampled_from(["name", "shape", "datatype", "data", "parameters"]), JSON, max_size=3),
    document=st.dictionaries(st.sampled_from(["id", "inputs", "outputs", "parameters"]), JSON, max_size=2),
    length=st.none() | st.integers(0, 300),
    rest=st.binary(max_size=30),
)
@example(changes={"data": [2**70] * 6}, document={}, length=None, rest=b"")
@example(changes={"shape": [2**40, 3]}, document={}, length=None, rest=b"")
def test_no_document_is_answered_by_anything_but_a_4xx_or_tensors_that_fit(changes, document, length, rest):
    given_input = {"name": "rows", "shape": [2, 3], "datatype": "FP32", "data": [1, 2, 3, 4, 5, 6]} | changes
    text = json.dumps({"inputs": [given_input]} | document).encode()
    assert fits(outcome(text))
    assert fits(outcome(text + rest, str(len(text) if length is None else length).encode()))


@given(st.binary(max_size=200), st.none() | st.binary(max_size=4))
def test_any_bytes_are_answered_by_a_4xx(sent, length):
    assert outcome(sent, length) == 400


def test_metadata_is_what_the_onnx_file_says():
    assert json.loads(orjson.dumps(model_metadata(LINEAR, "m", ["3"]))) == {
        "name": "m",
        "versions": ["3"],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "rows", "datatype": "FP32", "shape": [-1, 3]}],
        "outputs": [{"name": "prediction", "datatype": "FP32", "shape": [-1, 1]}],
    }

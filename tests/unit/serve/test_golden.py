"""Golden answers: equal within the tolerance, or told where not."""

import numpy as np
import pytest
from onnx import TensorProto

from andon.api.golden import Golden
from andon.runtime.serve.model import OnnxModel
from andon.runtime.serve.slots.golden import check, read
from andon.runtime.serve.slots.unloadable import UnloadableError
from unit.serve.models import linear, logarithm, picky


def golden(rows, answers, datatype="FP32", shape=None, tolerance="0.00001", **names):
    taken = {"name": names.get("takes", "rows"), "shape": [len(rows), 3], "datatype": datatype, "data": rows}
    shape = shape or [len(answers), 1]
    answered = {"name": names.get("gives", "prediction"), "shape": shape, "datatype": datatype, "data": answers}
    return Golden(inputs=[taken], outputs=[answered], tolerance=tolerance)


ROWS = [[1, 1, 1], [1000, 1000, 1000]]


@pytest.mark.parametrize(
    ("model", "document"),
    [
        pytest.param(linear(), golden(ROWS, [3, 3000]), id="exactly"),
        pytest.param(linear(), golden(ROWS, [3.000009, 3000.02]), id="within the tolerance, which grows with the number"),
        pytest.param(linear(), golden(ROWS, [[3], [3000]]), id="nested data"),
        pytest.param(linear(dtype=TensorProto.DOUBLE), golden(ROWS, [3, 3000], "FP64"), id="in double precision"),
        pytest.param(logarithm(), golden([[-1, -1, -1]], [None]), id="no number where none was seen"),
    ],
)
def test_answers_that_are_reproduced(model, document):
    check(OnnxModel(model), document)


@pytest.mark.parametrize(
    ("model", "document", "says"),
    [
        pytest.param(linear(1.0), golden(ROWS, [4, 3000]), r"row 1: got 3001.0, wanted 3000.0 .* 1 of 2 numbers", id="one row"),
        pytest.param(linear(), golden(ROWS, [3, 3000.1]), "row 1", id="beyond the tolerance"),
        pytest.param(linear(), golden(ROWS, [3], shape=[1, 1]), r"shape \[2, 1\], its golden answer \[1, 1\]", id="other rows"),
        pytest.param(logarithm(), golden([[-1, -1, -1]], [1.0]), "got nan", id="no number where one was seen"),
        pytest.param(picky(), golden([[7, 1, 1]], [1.0]), "the model fails on its golden inputs", id="it raises"),
    ],
)
def test_answers_that_are_not(model, document, says):
    with pytest.raises(UnloadableError, match=says) as refused:
        check(OnnxModel(model), document)
    assert refused.value.reason == "GoldenMismatch"
    assert "Next:" in str(refused.value)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        pytest.param(golden(ROWS, [3, 3000], takes="cells"), "inputs: 'rows' is missing", id="other inputs"),
        pytest.param(golden(ROWS, [3, 3000], gives="p"), "has no 'p'", id="other outputs"),
        pytest.param(golden(ROWS, [3, "x"]), "'prediction' is no FP32", id="no numbers"),
        pytest.param(golden([[1, 1, 1], [1, 1]], [3, 3]), "'rows' is no FP32", id="ragged rows"),
    ],
)
def test_a_file_that_does_not_fit_the_model(document, says):
    with pytest.raises(UnloadableError, match=says) as refused:
        check(OnnxModel(linear()), document)
    assert refused.value.reason == "GoldenInvalid"


def test_a_file_that_is_none():
    with pytest.raises(UnloadableError, match="inputs: Field required"):
        read(b'{"outputs": []}')


def test_what_is_read_is_what_was_written():
    document = golden(np.float32([[0.1, 0.2, 0.3]]).tolist(), [float(np.float32(0.1))])
    assert read(document.model_dump_json(by_alias=True).encode()) == document

"""What an ONNX file is, and what becomes of rows it cannot bear."""

import numpy as np
import pytest
from onnx import TensorProto

from andon.runtime.serve.model import ModelFailedError, NotAModelError, OnnxModel
from unit.serve.models import (
    a_map,
    a_sequence,
    added,
    centred,
    divided,
    filtered,
    linear,
    logarithm,
    named,
    never,
    picky,
    running_total,
)


def test_inputs_and_outputs_are_read_from_the_file():
    assert OnnxModel(linear()).signature == "(rows FP32[-1,3]) -> (prediction FP32[-1,1])"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "cannot load", id="nothing"),
        pytest.param(b"no model", "cannot load", id="other bytes"),
        pytest.param(linear()[:-20], "cannot load", id="a torn file"),
        pytest.param(a_sequence(), "no tensor of numbers or text", id="an answer that is a list of tensors"),
        pytest.param(a_map(), "options={'zipmap': False}", id="a classifier's answers as maps, as skl2onnx has them unasked"),
    ],
)
def test_what_cannot_be_served_is_refused_in_words(content, says):
    with pytest.raises(NotAModelError, match=says):
        OnnxModel(content)


def test_rows_are_joined_only_where_that_changes_no_answer():
    assert OnnxModel(linear()).batches
    assert not OnnxModel(linear(rows=1)).batches, "its first dimension is fixed"
    assert not OnnxModel(centred()).batches, "its answer to a row depends on the others"
    assert not OnnxModel(running_total()).batches, "its answer to a row depends on those before it"
    assert not OnnxModel(named("mild", "hot")).batches, "it knows no row of the trial, so nothing is known of it"


@pytest.mark.parametrize(
    ("content", "feeds", "answer"),
    [
        pytest.param(named("mild", "hot"), {"word": np.array(["hot"], np.object_)}, [1.0], id="words that it knows only"),
        pytest.param(divided(), {"a": np.array([6], np.int32), "b": np.array([2], np.int32)}, [3], id="no division by 0"),
        pytest.param(filtered(), {"x": np.ones((1, 1, 3), np.float32)}, [3.0], id="a shortest length"),
    ],
)
def test_a_model_that_does_not_bear_zeros_is_a_model(content, feeds, answer):
    model = OnnxModel(content)
    assert model.run(feeds)[0].ravel().tolist() == answer


def test_what_a_model_says_of_its_failure_names_no_files_of_its_makers():
    with pytest.raises(ModelFailedError, match=r"^in its Add node: .*2 by 3$") as failed:
        OnnxModel(added()).run({"a": np.zeros((2, 3), np.float32), "b": np.zeros((3, 3), np.float32)})
    assert "onnxruntime" not in str(failed.value).lower()


def test_whether_a_model_was_seen_to_answer():
    assert OnnxModel(logarithm()).proven, "the logarithm of 0 is none, that of 1 is"
    assert not OnnxModel(never()).proven


def test_rows_that_depend_on_each_other_are_predicted_each_alone():
    assert OnnxModel(running_total()).predict(np.array([[1.0], [2.0], [3.0]])).tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("content", "predictions"),
    [
        pytest.param(linear(), [3.0, 24.0, -3.0], id="all in one run"),
        pytest.param(linear(rows=1), [3.0, 24.0, -3.0], id="one by one, where the file wants that"),
        pytest.param(linear(dtype=TensorProto.DOUBLE), [3.0, 24.0, -3.0], id="in double precision"),
        pytest.param(picky(), [1.0, np.nan, 4.0], id="a row that makes it raise costs only itself"),
        pytest.param(logarithm(), [np.log(3), np.log(24), np.nan], id="an answer that is not finite is none"),
    ],
)
def test_predictions_of_rows(content, predictions):
    rows = np.array([[1.0, 1, 1], [8, 8, 8], [-1, -1, -1]])
    assert OnnxModel(content).predict(rows) == pytest.approx(np.array(predictions), nan_ok=True, rel=1e-6)


def test_only_a_model_of_rows_scores_rows():
    assert OnnxModel(linear()).scores_rows_of(3)
    assert not OnnxModel(linear()).scores_rows_of(4)
    assert not OnnxModel(linear(rows=7)).scores_rows_of(3)

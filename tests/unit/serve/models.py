"""Small ONNX files, made by hand, that behave as a test needs."""

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save_model

from andon.api.slots import SlotModel
from andon.stats.profile import digest

WIDTH = 3


def linear(bias=0.0, width=WIDTH, rows=None, dtype=TensorProto.FLOAT):
    """prediction = sum of the row + bias. rows: a fixed number of rows, or any."""
    weights = helper.make_tensor("w", dtype, [width, 1], np.ones(width))
    offset = helper.make_tensor("b", dtype, [1], [bias])
    nodes = [helper.make_node("MatMul", ["rows", "w"], ["sum"]), helper.make_node("Add", ["sum", "b"], ["prediction"])]
    return _bytes(nodes, [weights, offset], width, rows, dtype)


def scattered(folder: Path):
    """A sum of the row whose weights are in a file of their own, which is left in the folder."""
    taken = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, WIDTH])
    answered = helper.make_tensor_value_info("prediction", TensorProto.FLOAT, [None, 1])
    weights = numpy_helper.from_array(np.ones((WIDTH, 1), np.float32), "w")
    graph = helper.make_graph([helper.make_node("MatMul", ["rows", "w"], ["prediction"])], "g", [taken], [answered], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    file = folder / "scattered.onnx"
    save_model(model, str(file), save_as_external_data=True, location="weights.data", size_threshold=0)
    return file.read_bytes()


def picky(width=WIDTH):
    """Raises on any row whose first number is 5 or more."""
    nodes = [
        helper.make_node("Gather", ["rows", "first"], ["column"], axis=1),
        helper.make_node("Cast", ["column"], ["index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "index"], ["prediction"]),
    ]
    first = helper.make_tensor("first", TensorProto.INT64, [1], [0])
    return _bytes(nodes, [first, helper.make_tensor("table", TensorProto.FLOAT, [5], range(5))], width)


def logarithm(width=WIDTH):
    """prediction = log of the row's sum: not a finite number where that is not positive."""
    weights = helper.make_tensor("w", TensorProto.FLOAT, [width, 1], np.ones(width))
    nodes = [helper.make_node("MatMul", ["rows", "w"], ["sum"]), helper.make_node("Log", ["sum"], ["prediction"])]
    return _bytes(nodes, [weights], width)


def echo(*types, names="abcdefghijkl"):
    """Answers each input as it came. types: of the inputs, which are called a, b, c…, as rows of any width alike."""
    pairs = list(zip(names, types, strict=False))
    nodes = [helper.make_node("Identity", [name], [f"{name}_out"]) for name, _ in pairs]
    taken = [helper.make_tensor_value_info(name, kind, ["n", f"width_{name}"]) for name, kind in pairs]
    answered = [helper.make_tensor_value_info(f"{name}_out", kind, ["n", f"width_{name}"]) for name, kind in pairs]
    return _serialise(helper.make_graph(nodes, "g", taken, answered))


def centred(width=WIDTH):
    """Each row less the mean of all: what it answers a row depends on those beside it."""
    nodes = [
        helper.make_node("ReduceMean", ["rows"], ["mean"], axes=[0], keepdims=1),
        helper.make_node("Sub", ["rows", "mean"], ["prediction"]),
    ]
    taken = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, width])
    answered = helper.make_tensor_value_info("prediction", TensorProto.FLOAT, [None, width])
    return _serialise(helper.make_graph(nodes, "g", [taken], [answered]))


def running_total():
    """Each row plus all before it: the first of a batch is answered as if it were alone."""
    nodes = [helper.make_node("CumSum", ["rows", "first"], ["prediction"])]
    return _column(nodes, [helper.make_tensor("first", TensorProto.INT64, [], [0])])


def added():
    """The sum of two inputs, which must have as many rows, though nothing in the file says so."""
    taken = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 3]) for name in "ab"]
    answered = helper.make_tensor_value_info("sum", TensorProto.FLOAT, [None, 3])
    return _serialise(helper.make_graph([helper.make_node("Add", ["a", "b"], ["sum"])], "g", taken, [answered]))


def divided():
    """Whole numbers by whole numbers: nothing is divided by 0."""
    taken = [helper.make_tensor_value_info(name, TensorProto.INT32, ["n"]) for name in "ab"]
    answered = helper.make_tensor_value_info("quotient", TensorProto.INT32, ["n"])
    return _serialise(helper.make_graph([helper.make_node("Div", ["a", "b"], ["quotient"])], "g", taken, [answered]))


def filtered():
    """Sums of three neighbours along a free axis of time: nothing shorter than three has one."""
    kernel = helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 3], np.ones(3))
    taken = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, "t"])
    answered = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1, "u"])
    return _serialise(helper.make_graph([helper.make_node("Conv", ["x", "w"], ["y"])], "g", [taken], [answered], [kernel]))


def named(*words):
    """The number of a word; it raises on any other."""
    attributes = {"keys_strings": words, "values_floats": [float(i) for i in range(len(words))]}
    number = helper.make_node("LabelEncoder", ["word"], ["number"], domain="ai.onnx.ml", default_float=99.0, **attributes)
    known = helper.make_node("Cast", ["number"], ["index"], to=TensorProto.INT64)
    found = helper.make_node("Gather", ["table", "index"], ["prediction"])
    table = helper.make_tensor("table", TensorProto.FLOAT, [len(words)], range(len(words)))
    taken = helper.make_tensor_value_info("word", TensorProto.STRING, ["n"])
    answered = helper.make_tensor_value_info("prediction", TensorProto.FLOAT, ["n"])
    return _serialise(helper.make_graph([number, known, found], "g", [taken], [answered], [table]))


def never():
    """Answers no row with a number: 0 divided by 0."""
    nodes = [helper.make_node("Sub", ["rows", "rows"], ["zero"]), helper.make_node("Div", ["zero", "zero"], ["prediction"])]
    return _column(nodes, [])


def logarithm_and_more():
    """Two answers of one number: its logarithm, which may be none, and itself."""
    nodes = [helper.make_node("Log", ["x"], ["log"]), helper.make_node("Identity", ["x"], ["same"])]
    taken = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n"])
    answered = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("log", "same")]
    return _serialise(helper.make_graph(nodes, "g", [taken], answered))


def a_sequence():
    """Answers a list of tensors, which is no tensor."""
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, 1])
    out = helper.make_tensor_sequence_value_info("parts", TensorProto.FLOAT, None)
    return _serialise(helper.make_graph([helper.make_node("SplitToSequence", ["rows"], ["parts"])], "g", [rows], [out]))


def a_map():
    """Answers a list of maps, as a classifier of scikit-learn does where nobody said otherwise."""
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, 2])
    maps = helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    out = helper.make_value_info("probabilities", helper.make_sequence_type_proto(maps))
    zipped = helper.make_node("ZipMap", ["rows"], ["probabilities"], domain="ai.onnx.ml", classlabels_int64s=[0, 1])
    return _serialise(helper.make_graph([zipped], "g", [rows], [out]))


def slow(seconds=0.02):
    """Sums a row as `linear` does, by way of so much work that a row takes about so many seconds on any machine of today."""
    size = 64
    loops = helper.make_tensor("loops", TensorProto.INT64, [], [int(seconds * 40_000)])
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["state", "mix"], ["state_out"]),
            helper.make_node("Identity", ["go"], ["go_out"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, [size, size]),
        ],
        [
            helper.make_tensor_value_info("go_out", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state_out", TensorProto.FLOAT, [size, size]),
        ],
        [helper.make_tensor("mix", TensorProto.FLOAT, [size, size], np.zeros(size * size))],
    )
    nodes = [
        helper.make_node("Loop", ["loops", "", "zeros"], ["work"], body=body),
        helper.make_node("ReduceSum", ["work"], ["nothing"], keepdims=0),
        helper.make_node("ReduceSum", ["rows", "across"], ["sum"], keepdims=1),
        helper.make_node("Add", ["sum", "nothing"], ["prediction"]),
    ]
    zeros = helper.make_tensor("zeros", TensorProto.FLOAT, [size, size], np.zeros(size * size))
    across = helper.make_tensor("across", TensorProto.INT64, [1], [1])
    return _bytes(nodes, [loops, zeros, across], WIDTH, rows=1)


def _bytes(nodes, constants, width, rows=None, dtype=TensorProto.FLOAT):
    taken = helper.make_tensor_value_info("rows", dtype, [rows, width])
    answered = helper.make_tensor_value_info("prediction", dtype, [rows, 1])
    return _serialise(helper.make_graph(nodes, "g", [taken], [answered], constants))


def _column(nodes, constants):
    taken = helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", 1])
    answered = helper.make_tensor_value_info("prediction", TensorProto.FLOAT, ["n", 1])
    return _serialise(helper.make_graph(nodes, "g", [taken], [answered], constants))


def _serialise(graph):
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 2)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


def slot(folder: Path, version: str, content: bytes, profile=None, **changes) -> SlotModel:
    """A revision with its files in a folder, as the operator would name it. changes: what is named wrongly."""
    model = folder / f"model-{version}.onnx"
    model.write_bytes(content)
    named = {"version": version, "digest": digest(content), "model": model.as_uri()}
    if profile is not None:
        document = folder / f"profile-{version}.json"
        document.write_bytes(profile.dump())
        named |= {"profile": document.as_uri(), "profile_digest": digest(profile.dump())}
    return SlotModel(**named | changes)

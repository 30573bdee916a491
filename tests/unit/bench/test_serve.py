"""What the bench of serving asks, and what it makes of the answers."""

import json

import numpy as np
import pytest

from andon.runtime.serve.grpc import inference_pb2 as pb
from bench.serve import bare, cases, load, models, report
from bench.serve.cases import Form
from bench.serve.evidence import Overhead
from bench.serve.flips import Flips
from bench.serve.load import Window
from bench.serve.rounds import Sample


def window(rate=1000.0, failed=0):
    return Window(requests=int(rate), failed=failed, seconds=1.0, p50_ms=1.0, p99_ms=2.0, max_ms=3.0, codes={"200": int(rate)})


def samples(server, case, *rates, failed=0, model="mlp", busy=1.0):
    return [Sample(server, model, case, window(rate, failed), busy) for rate in rates]


def scoring(*beside, busy=1.0):
    """Rounds of so many answers with scoring, and of 100 without."""
    rounds = [tuple(samples("Andon", cases.MANY, rate, 100, busy=busy)) for rate in beside]
    return report.overhead(Overhead(rounds, 0.01), 200)


def held(results):
    return {must["name"]: must["ok"] for must in report.musts(results)}


@pytest.mark.parametrize("rows", [1, 64])
def test_every_form_asks_the_same(rows):
    expected = cases.rows(rows)
    flat = json.loads(cases.open_inference(expected, Form.JSON).content)["inputs"][0]
    binary = cases.open_inference(expected, Form.BINARY)
    behind = binary.content[int(binary.headers[cases.BINARY_HEADER]) :]
    call = pb.ModelInferRequest.FromString(cases.open_inference(expected, Form.GRPC).content)
    nested = json.loads(cases.mlflow(expected, Form.JSON).content)["inputs"]
    asked = [flat["data"], np.frombuffer(behind, np.float32), np.frombuffer(call.raw_input_contents[0], np.float32), nested]
    for values in asked:
        np.testing.assert_allclose(np.ravel(values), expected.ravel(), atol=1e-6)
    assert flat["shape"] == list(call.inputs[0].shape) == [rows, models.FEATURES]
    assert (call.model_name, call.inputs[0].name, call.inputs[0].datatype) == (cases.NAME, "rows", "FP32")


FORTIO = {
    "RetCodes": {"200": 2, "503": 1, "-1": 1},
    "StartTime": "2026-01-01T10:00:00.5+01:00",
    "ActualDuration": 100_000_000,
    "DurationHistogram": {
        "Max": 0.004,
        "Data": [{"Start": 0.0005, "End": 0.001, "Count": 2}, {"Start": 0.001, "End": 0.003, "Count": 2}],
    },
}
GHZ = {
    "statusCodeDistribution": {"OK": 2, "Unavailable": 1, "DeadlineExceeded": 1},
    "total": 100_000_000,
    "slowest": 4_000_000,
    "latencyDistribution": [{"percentage": 50, "latency": 1_000_000}, {"percentage": 99, "latency": 2_960_000}],
}


@pytest.mark.parametrize("found", [pytest.param(FORTIO, id="fortio"), pytest.param(GHZ, id="ghz")])
def test_both_programs_are_understood_alike(found):
    told = load.window([found])
    assert (told.requests, told.failed, told.rate) == (4, 2, pytest.approx(40.0))
    assert (told.p50_ms, told.p99_ms, told.max_ms) == pytest.approx((1.0, 2.96, 4.0))


def test_what_several_saw_at_once_is_put_together():
    slow = {"Max": 0.006, "Data": [{"Start": 0.002, "End": 0.003, "Count": 2}, {"Start": 0.004, "End": 0.006, "Count": 2}]}
    later = {"RetCodes": {"200": 4}, "StartTime": "2026-01-01T09:00:00.55Z", "ActualDuration": 110_000_000}
    told = load.window([later | {"DurationHistogram": slow}, FORTIO])
    assert (told.requests, told.failed, told.seconds, told.codes["200"]) == (8, 2, pytest.approx(0.16), 6)
    assert (told.p50_ms, told.p99_ms, told.max_ms) == pytest.approx((7 / 3, 5.92, 6.0))


def test_where_no_call_was_answered_all_have_failed():
    found = {"statusCodeDistribution": {"Unavailable": 3}, "total": 9e9, "slowest": 0, "latencyDistribution": None}
    assert (load.window([found]).requests, load.window([found]).failed) == (3, 3)


@pytest.mark.parametrize(
    ("ours", "theirs", "ok"),
    [
        pytest.param((500, 5000, 6000), (900, 1000, 5000), True, id="five times the median"),
        pytest.param((4000, 4900, 99999), (1000, 1000, 1000), False, id="a single fast round is not fast"),
    ],
)
def test_speed_is_judged_by_medians(ours, theirs, ok):
    found = report.answers([*samples("Andon", cases.MANY, *ours), *samples("MLServer", cases.MANY, *theirs)])
    assert held(found)[f"mlp, {cases.MANY}: times as fast as MLServer"] is ok


def test_a_server_that_fails_is_not_compared_with():
    found = report.answers([*samples("Andon", cases.MANY, 5000), *samples("KServe", cases.MANY, 1, failed=1)])
    assert not [name for name in held(found) if "KServe" in name]


@pytest.mark.parametrize(("rate", "said"), [pytest.param(800, False, id="enough"), pytest.param(100, True, id="too little")])
def test_a_small_share_of_bare_onnx_runtime_is_explained(rate, said):
    found = report.answers([*samples("Andon", cases.BINARY_BATCH, rate), *samples(bare.NAME, cases.BINARY_BATCH, 1000)])
    text = report.text({"machine": report.machine(), "results": found, "musts": report.musts(found)})
    assert ("an answer takes Andon 10000 µs" in text) is said


def test_what_any_server_needs_is_told_beside():
    of = {"Andon": 100, "a constant answer": 1000, bare.NAME: 3000}
    found = report.answers(sample for name, rate in of.items() for sample in samples(name, cases.BINARY_BATCH, rate))
    text = report.text({"machine": report.machine(), "results": found, "musts": report.musts(found)})
    assert "takes 1000 µs: with the rows' 333 µs no more than 0.25 of bare" in text


def test_what_was_not_measured_is_no_must():
    assert held([report.missing("MLServer", "no network")]) == {}


@pytest.mark.parametrize(
    ("result", "ok"),
    [
        pytest.param(report.footprint("Andon without gRPC", "1", [1.0], [80.0, 100.0]), True, id="100 MB"),
        pytest.param(report.footprint("Andon", "1", [1.0], [115.0]), None, id="gRPC is told apart"),
        pytest.param(report.footprint("Andon without gRPC", "1", [1.0], [80.0, 101.0]), False, id="one model of two is larger"),
        pytest.param(report.footprint("MLflow", "3", [1.0], [400.0]), None, id="a peer may be large"),
        pytest.param(scoring(96, 50, 96), True, id="4 % in most rounds"),
        pytest.param(scoring(94), False, id="6 %"),
        pytest.param(scoring(80, busy=0.1), True, id="of a core that others use, a tenth of it ours: 2 %"),
        pytest.param(report.flips(Flips([9.0, 101.0], [9.0, 9.0], window(), 10, 0)), False, id="slow reverts"),
        pytest.param(report.flips(Flips([9.0], [9.0], window(), 10, 1)), False, id="one failed probe"),
        pytest.param(report.flips(Flips([9.0], [9.0], window(failed=1), 10, 0)), False, id="one failed request"),
        pytest.param(
            report.flips(Flips([9.0, 99.0], [9.0, 900.0], window(), 10, 0)), True, id="a late look is not a late revert"
        ),
    ],
)
def test_what_must_hold(result, ok):
    oks = held([result]).values()
    assert (all(oks) if oks else None) is ok


def test_answers_per_second_of_the_core_are_what_a_quiet_machine_gives():
    (found,) = report.answers(samples("Andon", cases.MANY, 500, 500, busy=0.25))
    assert found[report.OF_CORE]["median"] == 2000


def test_the_text_has_every_table_that_has_something_to_show():
    results = [
        *report.answers(samples("Andon", cases.MANY, 5000)),
        report.footprint("Andon", "0.1.0", [1.0], [80.0]),
        report.missing("KServe", "no network"),
    ]
    about = {"commit": "abc", "cpu": "any", "cores": 2, "python": "3.11", "load before": 3.0}
    text = report.text({"machine": about, "results": results, "musts": report.musts(results)})
    assert "5,000 (5,000–5,000)" in text
    assert "not installed: no network" in text
    assert "had other work" in text
    assert "boosting" not in text

"""Estimators, their ONNX files and the gates, on the real process."""

from pathlib import Path

import numpy as np
import onnx
import pytest

import landed
from andon.api.golden import Golden
from andon.api.pipeline import Estimator, Gate
from andon.runtime.train import documents, estimators, export, gates, landing
from andon.runtime.train.outcome import TrainingFailed, TryAgain
from andon.runtime.train.rows import Rows, assemble


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    folder = tmp_path_factory.mktemp("landing")
    landed.write(folder, landed.series(landed.soft_sensor()))
    return assemble(landed.order(), landing.read(folder, {*landed.FEATURES, landed.TARGET}))


@pytest.mark.parametrize("estimator", Estimator)
def test_the_file_says_what_the_model_says_and_is_better_than_the_mean(estimator: Estimator, rows: Rows) -> None:
    fit, held_out = rows.split
    model = estimators.fit(estimator, rows.features[fit], rows.target[fit])
    of_file = export.predict(export.to_onnx(model, len(landed.FEATURES)), rows.features)
    worst = export.check_parity(of_file, estimators.predict(model, rows.features), rows.target.std())
    assert worst < 1e-5 * rows.target.mean()
    rmse = gates.measure(of_file[held_out], rows.target[held_out])["rmse"]
    assert 0.009 < rmse < 0.9 * rows.target[held_out].std()


@pytest.mark.parametrize("estimator", Estimator)
def test_the_file_takes_any_number_of_rows_and_is_the_same_each_time(estimator: Estimator, rows: Rows) -> None:
    model = estimators.fit(estimator, rows.features, rows.target)
    content = export.to_onnx(model, len(landed.FEATURES))
    assert content == export.to_onnx(estimators.fit(estimator, rows.features, rows.target), len(landed.FEATURES))
    graph = onnx.load_from_string(content).graph
    assert [(value.name, _shape(value)) for value in graph.input] == [("rows", [None, 33])]
    assert [(value.name, _shape(value)) for value in graph.output] == [("prediction", [None, 1])]
    assert {value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)} == {onnx.TensorProto.FLOAT}
    one, all_rows = export.predict(content, rows.features[:1]), export.predict(content, rows.features)
    assert one.shape == (1,)
    assert one[0] == pytest.approx(all_rows[0], abs=1e-6)


def _shape(value: onnx.ValueInfoProto) -> list[int | None]:
    return [d.dim_value if d.HasField("dim_value") else None for d in value.type.tensor_type.shape.dim]


def test_a_file_that_says_something_else_is_refused(rows: Rows) -> None:
    of_file = rows.target.copy()
    of_file[7] += 0.01 * rows.target.std()
    with pytest.raises(TrainingFailed, match=r"differs .* by up to \S+ on 500 held-out rows \(limit \S+: 0.1% of") as failed:
        export.check_parity(of_file, rows.target, rows.target.std())
    assert failed.value.reason == "ParityFailed"


def test_an_answer_that_is_no_number_has_no_parity(rows: Rows) -> None:
    with pytest.raises(TrainingFailed, match="by up to nan"):
        export.check_parity(np.full(500, np.nan), rows.target, 1.0)


def test_metrics_are_in_the_unit_of_the_target() -> None:
    measured = gates.measure(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 0.0]))
    assert measured == {"rmse": 2.0, "mae": 1.0}


def gate(name: str, limit: str) -> Gate:
    return Gate.model_validate({"metric": {"name": name, "max": limit}})


def test_gates_that_hold_say_nothing() -> None:
    gates.check([gate("rmse", "2.0"), gate("mae", "1")], {"rmse": 2.0, "mae": 1.0}, 125)


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        pytest.param(
            {"rmse": 0.5, "mae": 1.25}, r"mae is 1.25 on 125 held-out rows \(limit 1\).*spec.gates\[1\]", id="above its limit"
        ),
        pytest.param({"rmse": float("nan"), "mae": 0.5}, r"rmse is nan on 125 .*\(limit 2.0\)", id="not a number"),
    ],
)
def test_a_gate_that_does_not_hold_says_number_limit_and_next_step(metrics: dict[str, float], message: str) -> None:
    with pytest.raises(TrainingFailed, match=message) as failed:
        gates.check([gate("rmse", "2.0"), gate("mae", "1")], metrics, 125)
    assert failed.value.reason == "GateFailed"


MODEL = "sha256:" + "a" * 64


def test_the_profile_is_of_every_sound_row(rows: Rows) -> None:
    profile = documents.profile(landed.order(), rows, rows.target + 0.5, MODEL)
    pressure = rows.features[:, landed.FEATURES.index("xmeas_7")]
    support = next(feature.support for feature in profile.features if feature.name == "xmeas_7")
    assert (profile.rows, profile.every, profile.target, profile.model) == (500, "200ms", "xmeas_38", MODEL)
    assert [feature.tag for feature in profile.features] == list(landed.FEATURES)
    assert (support.min, support.max) == pytest.approx((pressure.min(), pressure.max()))
    assert profile.max_run("xmeas_9") == 4
    assert [regime.name for regime in profile.regimes] == [""]
    assert profile.regimes[0].prediction.mean == pytest.approx(rows.target.mean() + 0.5)


def test_the_profiles_error_is_that_on_rows_the_model_was_not_fitted_to(rows: Rows) -> None:
    _, held_out = rows.split
    prediction = rows.target.copy()
    prediction[held_out] += 0.5
    error = documents.profile(landed.order(), rows, prediction, MODEL).error
    assert error is not None
    assert (error.held_out, error.rows) == (True, 125)
    assert error.rmse == pytest.approx(0.5)


def test_two_features_of_one_tag_have_one_reference(tmp_path: Path) -> None:
    features = [{"name": "first", "tag": "xmeas_7"}, {"name": "again", "tag": "xmeas_7"}, {"name": "other", "tag": "xmeas_8"}]
    landed.write(tmp_path, landed.series(landed.soft_sensor()))
    order = landed.order(features=features)
    rows = assemble(order, landing.read(tmp_path, order.needed))
    profile = documents.profile(order, rows, rows.target, MODEL)
    assert [feature.name for feature in profile.features] == ["first", "again", "other"]
    assert len(profile.regimes[0].tags) == 2


def test_too_few_rows_for_a_reference_are_waited_for(tmp_path: Path) -> None:
    landed.write(tmp_path, landed.series(landed.soft_sensor(slice(0, 50))))
    rows = assemble(landed.order(), landing.read(tmp_path, landed.order().needed))
    with pytest.raises(TryAgain, match="at least 60") as failed:
        documents.profile(landed.order(), rows, rows.target, MODEL)
    assert failed.value.reason == "TooFewRows"


@pytest.mark.parametrize("estimator", Estimator)
def test_golden_answers_are_those_of_the_file_spread_over_the_reference(estimator: Estimator, rows: Rows) -> None:
    content = export.to_onnx(estimators.fit(estimator, rows.features, rows.target), len(landed.FEATURES))
    reference = rows.sound.features.astype(np.float32)
    golden = Golden.model_validate_json(documents.golden(reference, export.predict(content, reference)))
    (taken,), (answered,) = golden.inputs, golden.outputs
    again = np.array(taken.data, dtype=np.float32).reshape(taken.shape)
    assert (taken.shape, answered.shape) == ([10, 33], [10, 1])
    assert (again[0].tolist(), again[-1].tolist()) == (reference[0].tolist(), reference[-1].tolist())
    assert export.predict(content, again) == pytest.approx(np.array(answered.data), rel=1e-6)

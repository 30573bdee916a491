"""Whatever is wrong with what the user names: one clear line with the file in it, exit 1; never an action, never a traceback."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from andon.api.exits import Exit
from andon.api.pipeline import Estimator
from andon.runtime.train import export
from andon.runtime.train.estimators import fit
from integration.replay.conftest import LATER
from integration.replay.recorded import COLUMNS, FAULT_FREE, Recorded


def stream() -> Recorded:
    return Recorded.of(*FAULT_FREE[:2], start=LATER)


def cut(rows: int):
    def change(table):
        return {name: column[:rows] for name, column in table.items()}

    return change


def without(column: str):
    return lambda table: {name: values for name, values in table.items() if name != column}


def with_extra(table):
    return table | {"lab_note": np.arange(len(table["time"]), dtype=float)}


def times(change):
    def changed(table):
        at = table["time"].to_pylist()
        return table | {"time": pa.array(change(at), pa.timestamp("us", "UTC"))}

    return changed


def features(value):
    return lambda table: table | {name: np.full(len(table["time"]), value) for name in COLUMNS}


EITHER = [
    pytest.param(cut(0), "has no rows", id="empty"),
    pytest.param(without("time"), "has no column time", id="no times"),
    pytest.param(features(1.0), "no feature ever changes", id="constant"),
    pytest.param(features(np.nan), "no feature has a value", id="all NaN"),
    pytest.param(times(lambda at: at[::-1]), "row 2 (", id="unsorted"),
    pytest.param(times(lambda at: [*at[:7], at[6], *at[8:]]), "row 8 (", id="duplicated"),
]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        *EITHER,
        pytest.param(without("xmeas_9"), "has no column xmeas_9", id="a missing column"),
        pytest.param(with_extra, "no feature of the profile: lab_note", id="an extra column"),
    ],
)
def test_rows_that_cannot_be_replayed(andon, plant, tmp_path, change, said):
    rows = tmp_path / "odd.parquet"
    pq.write_table(pa.table(change(stream().table())), rows)
    done = andon(*plant.replay(rows=rows, candidate=plant.bad__onnx))
    assert (done.code, done.out) == (Exit.FAILED, "")
    assert said in done.err
    assert str(rows) in done.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        *EITHER,
        pytest.param(without("xmeas_9"), "has 32 feature columns", id="a missing column"),
        pytest.param(with_extra, "has 34 feature columns", id="an extra column"),
        pytest.param(cut(1), "at least", id="one row"),
    ],
)
def test_rows_of_which_no_profile_is_made(andon, plant, tmp_path, change, said):
    rows, out = tmp_path / "odd.parquet", tmp_path / "odd.profile"
    pq.write_table(pa.table(change(stream().table())), rows)
    done = andon("profile", "--rows", rows, "--model", plant.stable__onnx, "--out", out)
    assert (done.code, done.out, out.exists()) == (Exit.FAILED, "", False)
    assert said in done.err
    assert str(rows) in done.err


def with_regime(name):
    return lambda table: table | {"regime": [name] * len(table["time"])}


@pytest.mark.parametrize("command", ["profile", "replay"])
def test_a_regime_with_an_endless_name_is_one_line(andon, plant, tmp_path, command):
    rows = tmp_path / "odd.parquet"
    pq.write_table(pa.table(with_regime("x" * 5000)(stream().table())), rows)
    made = ("profile", "--rows", rows, "--model", plant.stable__onnx, "--out", tmp_path / "odd.profile")
    done = andon(*(made if command == "profile" else plant.replay(rows=rows)))
    assert (done.code, done.out, done.err.count("\n")) == (Exit.FAILED, "", 1)
    assert "column regime, row 1 is a name of 5,000 characters" in done.err


def constant() -> bytes:
    """A model that answers the same to everything."""
    inputs = np.random.default_rng(1).normal(size=(50, len(COLUMNS))).astype(np.float32)
    return export.to_onnx(fit(Estimator.RIDGE, inputs, np.full(50, 7.0)), len(COLUMNS))


def test_what_is_always_the_same_is_remarked(andon, plant, tmp_path):
    model, labels = tmp_path / "same.onnx", tmp_path / "same.parquet"
    model.write_bytes(constant())
    rows = Recorded.of(*FAULT_FREE, start=LATER)
    rows.labels = np.full(len(rows.labels), 2.0)
    rows.write_labels(labels)
    made = andon("profile", "--rows", plant.stream__parquet, "--model", model, "--labels", labels, "--out", tmp_path / "p")
    told = andon(*plant.replay(labels=labels, candidate=model))
    assert "the model answers 7 on every row" in made.err
    assert "same.onnx gives one answer" in told.err
    assert all("every label is 2" in done.err for done in (made, told))


def test_a_reference_that_is_short_for_how_slowly_it_moves_is_remarked(andon, plant, tmp_path):
    rows = Recorded.of(*FAULT_FREE, start=LATER)
    rows.features = np.random.default_rng(1).normal(size=rows.features.shape)
    command = ("profile", "--model", plant.stable__onnx, "--out", tmp_path / "p", "--rows")
    lively = andon(*command, rows.write(tmp_path / "lively.parquet"))
    rows.column("xmeas_7")[:] = np.repeat(rows.column("xmeas_7")[:16], 50)
    slow = andon(*command, rows.write(tmp_path / "slow.parquet"))
    assert "so slowly" not in lively.err
    assert "1 of 33 tags move so slowly" in slow.err
    assert "rows of xmeas_7, the slowest," in slow.err


def test_few_labels_are_remarked(andon, plant, tmp_path):
    labels = tmp_path / "few.parquet"
    pq.write_table(pq.read_table(plant.labels__parquet).slice(0, 40), labels)
    command = ("profile", "--rows", plant.stream__parquet, "--model", plant.stable__onnx, "--out", tmp_path / "p")
    assert "40 labelled rows weigh as much as" in andon(*command, "--labels", labels).err


def test_columns_that_are_more_than_the_model_reads_may_be_passed_over(andon, plant, tmp_path):
    rows, out = tmp_path / "more.parquet", tmp_path / "more.profile"
    pq.write_table(pa.table(with_extra(stream().table())), rows)
    chosen = ("--features", ",".join(COLUMNS))
    assert andon("profile", "--rows", rows, "--model", plant.stable__onnx, "--out", out, *chosen).code == Exit.OK
    assert andon(*plant.replay(rows=rows, profile=out), "--ignore-extra").code == Exit.OK


@pytest.mark.parametrize("rows", [1, 19])
def test_less_than_a_block_is_no_evidence(andon, plant, tmp_path, rows):
    path = tmp_path / "short.parquet"
    pq.write_table(pa.table(cut(rows)(stream().table())), path)
    done = andon(*plant.replay(rows=path, candidate=plant.bad__onnx))
    (entry,) = done.report["decisions"]
    assert (done.code, done.report["rows"]) == (Exit.OK, rows)
    assert (entry["verdict"], entry["action"], entry["taken"]) == ("NoEvidence", None, False)


@pytest.mark.parametrize("option", ["rows", "profile", "stable", "policy", "candidate", "labels"])
@pytest.mark.parametrize("what", ["absent", "a folder", "garbage", "nothing"])
def test_files_that_are_not_what_they_should_be(andon, plant, tmp_path, option, what):
    path = tmp_path / "odd"
    if what == "a folder":
        path.mkdir()
    elif what != "absent":
        path.write_bytes(bytes(range(256)) * 3 if what == "garbage" else b"")
    done = andon(*plant.replay(**{option: path}))
    assert (done.code, done.out, done.err.count("\n")) == (Exit.FAILED, "", 1)
    assert str(path) in done.err


def of_width(width: int) -> bytes:
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(50, width)).astype(np.float32)
    return export.to_onnx(fit(Estimator.RIDGE, inputs, inputs.sum(axis=1).astype(np.float64)), width)


@pytest.mark.parametrize("option", ["stable", "candidate"])
def test_a_model_with_other_inputs(andon, plant, tmp_path, option):
    model = tmp_path / "narrow.onnx"
    model.write_bytes(of_width(5))
    done = andon(*plant.replay(**{option: model}))
    assert (done.code, "has other inputs" in done.err, "FP32[-1,33]" in done.err) == (Exit.FAILED, True, True)


def test_a_profile_of_another_model(andon, plant):
    done = andon(*plant.replay(stable=plant.bad__onnx))
    assert (done.code, "the profile was made for" in done.err) == (Exit.FAILED, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("spec: {interval: soon}", "policy: spec.interval", id="a field's value"),
        pytest.param("spec: {authoritee: {}}", "authoritee", id="an unknown field"),
        pytest.param("spec: [1]", "policy: spec is [1], not fields", id="a list for a spec"),
        pytest.param("spec: []", "policy: spec is [], not fields", id="an empty list for a spec"),
        pytest.param("spec: 3", "policy: spec is 3, not fields", id="a number for a spec"),
        pytest.param("apiVersion: andon.dev/v9\nspec: {}", "apiVersion is andon.dev/v9, and this is", id="another version"),
        pytest.param("kind: ModelDeployment\nspec: {}", "holds no DriftPolicy; it has ModelDeployment", id="another kind"),
        pytest.param("metadata: soft\nspec: {}", "policy: metadata", id="words for metadata"),
        pytest.param("metadata: {name: My Policy}\nspec: {}", "policy: metadata.name", id="a name that no object has"),
        pytest.param("just words", "holds no DriftPolicy", id="words"),
        pytest.param("spec: {a: [}", ":1", id="no YAML"),
    ],
)
def test_a_policy_that_cannot_be_read(andon, plant, tmp_path, text, said):
    policy = tmp_path / "policy"
    policy.write_text(text)
    done = andon(*plant.replay(policy=policy))
    assert (done.code, done.out, done.err.count("\n")) == (Exit.FAILED, "", 1)
    assert said in done.err


@pytest.mark.parametrize("when", [LATER - timedelta(hours=1), LATER + timedelta(days=60), "yesterday"])
def test_a_candidate_that_comes_when_there_are_no_rows(andon, plant, when):
    done = andon(*plant.replay(candidate=plant.bad__onnx, candidate_from=getattr(when, "isoformat", lambda: when)()))
    assert (done.code, "--candidate-from" in done.err) == (Exit.FAILED, True)


def test_a_time_for_no_candidate(andon, plant):
    done = andon(*plant.replay(candidate_from=LATER.isoformat()))
    assert (done.code, "--candidate" in done.err) == (Exit.USAGE, True)


@pytest.mark.parametrize("column", ["time", "label", "available_at"])
def test_labels_without_a_column(andon, plant, tmp_path, column):
    labels = tmp_path / "labels.parquet"
    pq.write_table(pq.read_table(plant.labels__parquet).drop_columns([column]), labels)
    done = andon(*plant.replay(labels=labels))
    assert (done.code, f"has no column {column}" in done.err) == (Exit.FAILED, True)


def test_a_report_that_cannot_be_written(andon, plant, tmp_path):
    done = andon(*plant.replay(json=tmp_path / "nowhere" / "report.json"))
    assert (done.code, "report.json" in done.err) == (Exit.FAILED, True)

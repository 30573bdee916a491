"""What a policy would have done on a recorded plant, as a user sees it: the report of the real command."""

import json
import time
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from andon.api.exits import Exit
from andon.lab.plant.recordings import faulty
from integration.replay.conftest import LATER
from integration.replay.recorded import COLUMNS, EVERY, FAULT_FREE, Recorded

FROM = LATER + 100 * EVERY
ENTRY = {"at", "verdict", "action", "taken", "refused", "subjects", "evidence"}


def entries(report, **wanted):
    return [e for e in report["decisions"] if all(e[key] == value for key, value in wanted.items())]


def policy(tmp_path, text):
    path = tmp_path / "My Policy.yaml"
    path.write_text(text)
    return path


@pytest.fixture
def rolled_back(andon, plant):
    """A bad candidate, judged with labels."""
    return andon(*plant.replay(candidate=plant.bad__onnx, candidate_from=FROM.isoformat(), labels=plant.labels__parquet))


def test_the_report_is_what_its_page_says(rolled_back):
    report = rolled_back.report
    assert report["rows"] == 800
    assert all(entry.keys() >= ENTRY for entry in report["decisions"])
    assert [e["at"] for e in report["decisions"]] == sorted(e["at"] for e in report["decisions"])


def test_a_bad_candidate_is_rolled_back_and_gone(rolled_back):
    (back,) = entries(rolled_back.report, action="Rollback")
    assert (back["verdict"], back["judged"], back["taken"], back["refused"]) == ("ModelRegression", "candidate", True, None)
    assert datetime.fromisoformat(back["at"]) >= FROM + 299 * EVERY  # the 300th row
    assert back["evidence"]["question"] in {"loss", "paired"}
    assert back["evidence"]["limit"] == pytest.approx(1.1)
    assert back["evidence"]["value"] > 1.5
    assert not [e for e in entries(rolled_back.report, judged="candidate") if e["at"] > back["at"]]


def test_fault_free_rows_ask_for_nothing(andon, plant):
    report = andon(*plant.replay(labels=plant.labels__parquet)).report
    assert [(e["verdict"], e["action"]) for e in report["decisions"]] == [("NoEvidence", None), ("Healthy", None)]


def test_the_same_model_as_candidate_is_never_rolled_back(andon, plant):
    report = andon(*plant.replay(candidate=plant.stable__onnx, labels=plant.labels__parquet)).report
    assert not entries(report, action="Rollback")
    assert entries(report, judged="candidate", verdict="Healthy")


@pytest.mark.parametrize(
    ("spec", "refused"),
    [
        pytest.param("authority: {Rollback: Confirm}", None, id="a person is asked"),
        pytest.param("dryRun: true", "DryRun", id="dry run"),
        pytest.param("authority: {Rollback: Advise}", "AdviseOnly", id="advice"),
        pytest.param("budget: {rollbacks: {max: 0, per: 7d}}", "BudgetSpent", id="no budget"),
    ],
)
def test_what_the_policy_does_not_allow_is_not_taken_and_the_candidate_stays(andon, plant, tmp_path, spec, refused):
    tried = policy(tmp_path, f"spec: {{{spec}}}")
    report = andon(*plant.replay(candidate=plant.bad__onnx, labels=plant.labels__parquet, policy=tried)).report
    (back,) = entries(report, action="Rollback")
    assert (back["verdict"], back["taken"], back["refused"]) == ("ModelRegression", False, refused)
    assert (back["evidence"]["subject"], back["evidence"]["limit"]) == ("candidate", pytest.approx(1.1))


def test_a_stuck_sensor_is_named_and_recovers_and_nothing_else_is_done(andon, plant, tmp_path):
    stuck = Recorded.of(*FAULT_FREE, start=LATER)
    stuck.column("xmeas_9")[300:500] = stuck.column("xmeas_9")[300]
    report = andon(*plant.replay(rows=stuck.write(tmp_path / "stuck.parquet"), labels=plant.labels__parquet)).report
    opened, recovered = entries(report, verdict="DataFault")
    assert (opened["subjects"], opened["fault"], opened["change"]) == (["xmeas_9"], "Stuck", "Opened")
    assert (opened["action"], opened["taken"]) == ("Quarantine", True)
    assert (recovered["subjects"], recovered["change"], recovered["action"]) == (["xmeas_9"], "Recovered", None)
    assert {e["action"] for e in report["decisions"]} == {None, "Quarantine"}


@pytest.mark.parametrize(
    "bad", [pytest.param(np.uint32(0x80350000), id="unsigned"), pytest.param(np.int32(-0x7FCB0000), id="signed")]
)
def test_a_bad_status_is_a_data_fault_whatever_the_value(andon, plant, tmp_path, bad):
    rows = Recorded.of(*FAULT_FREE, start=LATER)
    status = np.zeros(len(rows.features), dtype=bad.dtype)
    status[400:] = bad
    rows.extra["xmeas_9.status"] = status
    report = andon(*plant.replay(rows=rows.write(tmp_path / "bad.parquet"))).report
    assert [(e["subjects"], e["fault"]) for e in entries(report, verdict="DataFault")] == [(["xmeas_9"], "BadStatus")]


def test_tags_are_named_as_the_file_spells_them(andon, plant, tmp_path):
    rows = Recorded.of(*FAULT_FREE, start=LATER)
    rows.column("xmeas_9")[300:] = np.nan
    table = {f"XMEAS({name[6:]})" if name.startswith("xmeas") else name: values for name, values in rows.table().items()}
    path = tmp_path / "spelt.parquet"
    pa.parquet.write_table(pa.table(table), path)
    report = andon(*plant.replay(rows=path)).report
    assert [e["subjects"] for e in entries(report, action="Quarantine")] == [["XMEAS(9)"]]


def two_stuck(tmp_path):
    rows = Recorded.of(*FAULT_FREE, start=LATER)
    for tag, since in (("xmeas_9", 300), ("xmeas_7", 400)):
        rows.column(tag)[since:] = rows.column(tag)[since]
    return rows.write(tmp_path / "stuck.parquet")


@pytest.mark.parametrize(("spec", "refused"), [("dryRun: true", "DryRun"), ("authority: {Quarantine: Advise}", "AdviseOnly")])
def test_a_refused_quarantine_says_of_each_tag_what_a_taken_one_does(andon, plant, tmp_path, spec, refused):
    rows = two_stuck(tmp_path)
    held = andon(*plant.replay(rows=rows, policy=policy(tmp_path, f"spec: {{{spec}}}"))).report
    done = andon(*plant.replay(rows=rows)).report
    told = [
        [(e["at"], e["subjects"], e["fault"], e["change"], e["evidence"]) for e in entries(report, verdict="DataFault")]
        for report in (held, done)
    ]
    assert [subjects for _, subjects, *_ in told[0]] == [["xmeas_9"], ["xmeas_7"]]
    assert told[0] == told[1]
    assert all(evidence["limit"] == pytest.approx(0.05) for *_, evidence in told[0])
    assert held["summary"]["refused"] == {refused: 2}


def test_the_page_of_a_trial_run_tells_what_would_have_been_and_gives_nothing_to_type(andon, plant, tmp_path):
    page = tmp_path / "report.html"
    tried = policy(tmp_path, "spec: {dryRun: true}")
    asked = {"rows": two_stuck(tmp_path), "policy": tried, "labels": plant.labels__parquet, "candidate": plant.bad__onnx}
    andon(*plant.replay(**asked, html=page))
    said = page.read_text()
    assert said.count("How it was decided, step by step") == said.count("<article") == 3
    assert said.count("What held it back") == 3
    assert said.count("and what the other tags say of it</strong>") == 2
    assert not [word for word in ("kubectl", "in git", "Prometheus", "A tag cannot be believed", "the model<") if word in said]


def disturbed(tmp_path):
    """The plant moves in a way that the model never saw."""
    rows = Recorded.of(*FAULT_FREE[:3], *faulty(13), start=LATER)
    return {"rows": rows.write(tmp_path / "13.parquet"), "labels": rows.write_labels(tmp_path / "13-labels.parquet")}


def test_a_harmful_shift_asks_for_training_and_waits_for_a_person(andon, plant, tmp_path):
    report = andon(*plant.replay(**disturbed(tmp_path))).report
    asked = entries(report, action="Retrain")
    assert asked[0]["verdict"] == "HarmfulShift"
    assert not any(e["taken"] for e in asked)
    assert not entries(report, action="Rollback")
    assert all(e["subjects"] for e in entries(report, verdict="HarmfulShift"))


def test_rows_of_an_unknown_regime_are_no_evidence(andon, plant, tmp_path):
    reference = Recorded.of(*FAULT_FREE, start=LATER)
    reference.extra["regime"] = ["A"] * len(reference.features)
    rows = reference.write(tmp_path / "a.parquet")
    made = andon("profile", "--rows", rows, "--model", plant.stable__onnx, "--out", tmp_path / "a.profile")
    assert made.code == Exit.OK
    reference.extra["regime"] = [None] * len(reference.features)
    unknown = reference.write(tmp_path / "b.parquet")
    asked = plant.replay(rows=unknown, profile=tmp_path / "a.profile", candidate=plant.bad__onnx, labels=plant.labels__parquet)
    report = andon(*asked).report
    assert {e["verdict"] for e in report["decisions"]} == {"NoEvidence"}
    assert "800 of 800 rows are of a regime that the profile does not know (Unknown)" in report["notes"][0]


@pytest.mark.parametrize("spec", ["dryRun: true", "expectedShift: [{from: 2026-01-01, to: 2026-03-01, reason: test}]"])
def test_what_is_refused_of_a_shift_has_its_numbers_with_their_limit_and_the_tags_that_moved(andon, plant, tmp_path, spec):
    dated = spec.replace("-01,", "-01T00:00:00Z,")
    report = andon(*plant.replay(**disturbed(tmp_path), policy=policy(tmp_path, f"spec: {{{dated}}}"))).report
    held = next(e for e in report["decisions"] if e["refused"])
    assert held["verdict"] == "HarmfulShift"
    assert held["subjects"]
    assert held["evidence"]["question"] == "error"
    assert held["evidence"]["limit"] == pytest.approx(1.1)


def test_a_source_that_stands_still_is_nobodys_fault(andon, plant, tmp_path):
    rows = Recorded.of(*FAULT_FREE, start=LATER)
    rows.features[400:] = rows.features[400]
    page = tmp_path / "report.html"
    report = andon(*plant.replay(rows=rows.write(tmp_path / "still.parquet"), html=page)).report
    assert {e["action"] for e in report["decisions"]} == {None}
    assert "The model was not looked at. Most tags stand still together" in page.read_text()
    assert "Is everything as it should be?" not in page.read_text()


def test_values_that_no_model_can_hold_are_borne(andon, plant, tmp_path):
    rows = Recorded.of(*FAULT_FREE, start=LATER)
    rows.column("xmeas_7")[::40] = 1e300
    report = andon(*plant.replay(rows=rows.write(tmp_path / "wild.parquet"), labels=plant.labels__parquet)).report
    assert {e["action"] for e in report["decisions"]} <= {None, "Quarantine"}


def test_the_page_and_the_report_are_written_and_the_terminal_tells_the_same(andon, plant, tmp_path):
    files = {"json": tmp_path / "report.json", "html": tmp_path / "report.html"}
    done = andon(*plant.replay(candidate=plant.bad__onnx, labels=plant.labels__parquet, **files))
    report = json.loads(files["json"].read_text())
    page = files["html"].read_text()
    assert done.out.count("\n") == 1 + len(report["decisions"])
    assert "Rollback taken" in done.out
    assert page.startswith("<!doctype html>")
    assert page.count("<svg") >= 2


def test_a_whole_policy_among_other_documents_is_found(andon, plant, tmp_path):
    tried = policy(
        tmp_path,
        "kind: DataSource\nspec: {}\n---\napiVersion: andon.dev/v1alpha1\nkind: DriftPolicy\n"
        "metadata: {name: soft, namespace: plant-a}\nspec:\n  targetRef: {name: soft}\n"
        "  expectedShift: [{from: 2026-12-01T06:00:00Z, to: 2026-12-01T18:00:00Z, reason: catalyst}]\n",
    )
    assert andon(*plant.replay(policy=tried)).report["policy"] == "plant-a/soft"


def test_signals_of_ones_own_are_not_asked_and_that_is_said(andon, plant, tmp_path):
    tried = policy(tmp_path, 'spec: {signals: [{promql: {name: scrap, query: up, fire: "0.05", clear: "0.03"}}]}')
    report = andon(*plant.replay(policy=tried)).report
    assert [e["verdict"] for e in report["decisions"]] == ["NoEvidence", "Healthy"]
    assert "scrap" in report["notes"][0]


@pytest.mark.parametrize("rows", [330, 450, 660])
def test_what_comes_later_changes_nothing(andon, plant, tmp_path, rows):
    whole = Recorded.of(*FAULT_FREE, start=LATER)
    whole.column("xmeas_9")[300:500] = whole.column("xmeas_9")[300]
    part = Recorded(whole.features[:rows], whole.labels[:rows], LATER)
    told = {}
    for name, recorded in (("whole", whole), ("part", part)):
        path = recorded.write(tmp_path / f"{name}.parquet")
        asked = plant.replay(rows=path, labels=plant.labels__parquet, candidate=plant.bad__onnx, candidate_from=FROM.isoformat())
        told[name] = andon(*asked).report["decisions"]
    until = (LATER + (rows - rows % 20 - 1) * EVERY).isoformat().replace("+00:00", "Z")
    assert [e for e in told["part"] if e["at"] <= until] == [e for e in told["whole"] if e["at"] <= until]
    assert told["part"]


def test_ten_thousand_rows_take_less_than_half_a_minute(andon, plant, tmp_path):
    """2,000 rows in 6 s of this process's time."""
    rows = Recorded.of(*FAULT_FREE, *FAULT_FREE[:4], *FAULT_FREE, start=LATER)
    rows.features += np.random.default_rng(1).normal(size=rows.features.shape) * rows.features.std(axis=0) / 20
    rows.features, rows.labels = rows.features[:2000], rows.labels[:2000]
    path, labels = rows.write(tmp_path / "long.parquet"), rows.write_labels(tmp_path / "long-labels.parquet")
    began = time.process_time()
    report = andon(*plant.replay(rows=path, labels=labels, candidate=plant.stable__onnx)).report
    assert report["rows"] == 2000
    assert len(COLUMNS) == 33
    assert time.process_time() - began < 6

"""The bench of serving, as short as can be: every case is answered, nothing fails, nobody notices a flip."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.serve import cases

ROOT = Path(__file__).parents[3]
SHORT = ("--seconds", "0.2", "--rounds", "1", "--only", "andon,ort", "--models", "mlp", "--flips", "3")


@pytest.mark.scenario
@pytest.mark.timeout(120)
@pytest.mark.usefixtures("load_program")
def test_a_short_bench_measures_everything(tmp_path):
    command = [sys.executable, "-m", "tests.bench.serve", *SHORT, "--out", "serve.json"]
    found_by = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=tmp_path, env=found_by, capture_output=True, text=True, check=False)
    assert ran.returncode in {0, 1}, ran.stderr[-3000:]
    found = json.loads((tmp_path / "serve.json").read_text())
    answers = {r["case"]: r for r in found["results"] if r["what"] == "answers" and r["server"] == "Andon"}
    assert set(answers) == {str(case) for case in cases.CASES}
    assert {r["failed"] for r in answers.values()} == {0}
    (flips,) = [r for r in found["results"] if r["what"] == "flips"]
    assert (flips["flips"], flips["failed"]) == (3, 0)
    log = (tmp_path / "build/bench/serve/flips/Andon/mlp/log").read_text()
    assert log.count("loaded version=") == 2, "each model once: a flip is to what is loaded"
    assert [r["rows per second"] for r in found["results"] if r["what"] == "evidence"] == [5]
    assert (ran.returncode == 0) == all(must["ok"] for must in found["musts"])

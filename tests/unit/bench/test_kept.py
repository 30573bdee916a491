"""A long run that is stopped goes on, and only with outcomes of the code as it is."""

import json

import pytest

from bench.decisions import kept as keeping
from bench.decisions import run
from bench.decisions.episodes import CLASSES
from bench.decisions.kept import Kept
from bench.decisions.score import scored


@pytest.fixture
def file(tmp_path):
    return tmp_path / "deep" / "episodes.jsonl"


@pytest.fixture(scope="module")
def outcome():
    return scored("sensor-dropped", 0)


def test_an_outcome_comes_back_as_it_was(file, outcome):
    Kept(file, river=False).add(outcome)
    assert Kept(file, river=False).found == {("sensor-dropped", 0): outcome}


def test_what_other_code_made_is_not_believed(file, outcome, monkeypatch):
    Kept(file, river=False).add(outcome)
    monkeypatch.setattr(keeping, "code", lambda: "another")
    assert not Kept(file, river=False).found


def test_what_was_not_asked_of_river_is_asked_again(file, outcome):
    Kept(file, river=False).add(outcome)
    assert not Kept(file, river=True).found


def test_a_line_that_was_cut_off_is_passed_over(file, outcome):
    Kept(file, river=False).add(outcome)
    whole = file.read_text()
    file.write_text(whole + whole[:100])
    assert len(Kept(file, river=False).found) == 1


def test_only_what_is_missing_is_run(file, outcome):
    kept = Kept(file, river=False)
    kept.add(outcome)
    wanted = [("sensor-dropped", 0), ("sensor-dropped", 1)]
    assert [o.seed for o in run.run(wanted, 1, kept)] == [0, 1]
    assert [json.loads(line)["outcome"]["seed"] for line in file.read_text().splitlines()] == [0, 1]


def test_the_code_is_that_of_every_source(monkeypatch):
    before = keeping.code()
    monkeypatch.setattr(keeping, "MEASURING", keeping.MEASURING[:-1])
    assert keeping.code() != before


def test_wherever_a_run_is_stopped_every_class_has_as_many_episodes_but_one():
    jobs = run.jobs(30, power=6, years=True)
    assert len(jobs) == len(set(jobs))
    for stopped in range(0, len(jobs), 97):
        begun = [kind for kind, _ in jobs[:stopped] if kind in CLASSES]
        counts = [begun.count(kind) for kind in CLASSES]
        assert max(counts) - min(counts) <= 1

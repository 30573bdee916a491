"""The bench feeds replay from memory. From files, through `andon profile` and `andon replay`, the same must come out."""

import json
from dataclasses import replace

import numpy as np
import pytest

from andon import cli
from bench.decisions import engine, files, models
from bench.decisions.episodes import CANDIDATE_FROM, make


def run(arguments) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    return int(left.value.code or 0)


def reported(folder):
    decisions = json.loads((folder / "report.json").read_text())["decisions"]
    return [(d["verdict"], d["judged"], d["action"], d["taken"], tuple(d["subjects"])) for d in decisions]


def from_memory(episode):
    return [
        (e.verdict.value, e.judged, e.action.value if e.action else None, e.taken, e.subjects) for e in engine.entries(episode)
    ]


@pytest.mark.parametrize("kind", ["sensor-unit", "sensor-bad-status", "fault-free"])
def test_files_say_what_memory_says_of_a_sensor(kind, tmp_path, monkeypatch):
    episode = make(kind, 0, "te-early", "ridge")
    monkeypatch.chdir(tmp_path)
    assert [run(command) for command in files.write(episode, tmp_path)] == [0, 0]
    assert reported(tmp_path) == from_memory(episode)


def test_a_scrambled_candidate_is_rolled_back_through_the_commands(tmp_path, monkeypatch):
    episode = make("fault-free", 0, "te-early", "ridge")
    features = len(episode.plant.tags)
    wrong = files.scrambled(models.stable("te-early", "ridge"), np.roll(np.arange(features), 5))
    judged = replace(episode, candidate_from=CANDIDATE_FROM)
    monkeypatch.chdir(tmp_path)
    commands = files.write(judged, tmp_path, files.onnx(wrong, features))
    assert [run(command) for command in commands] == [0, 0]
    assert ("ModelRegression", "candidate", "Rollback", True, ()) in reported(tmp_path)

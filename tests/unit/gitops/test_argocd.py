"""Argo CD's view: its own test files, run as Argo CD runs scripts, on objects as the controllers leave them."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from support.argolua import LuaError, run
from unit.gitops.fixtures import FOLDER, files
from unit.gitops.states import STATES

HEALTH = FOLDER / "_" / "health.lua"
ACTIONS = FOLDER / "ModelDeployment" / "actions"


def read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path)


def health_tests() -> list[Any]:
    tests = read(FOLDER / "_" / "health_test.yaml")["tests"]
    return [pytest.param(test, id=Path(test["inputPath"]).stem) for test in tests]


def action_tests() -> list[Any]:
    found = [
        (folder, test) for folder in sorted(FOLDER.glob("*/actions")) for test in read(folder / "action_test.yaml")["actionTests"]
    ]
    return [pytest.param(folder, test, id=f"{folder.parent.name} {test['action']}") for folder, test in found]


def test_what_is_tested_is_what_the_controllers_say():
    wanted = files()
    stale = [path.name for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    extra = [path.name for path in FOLDER.rglob("testdata/*.yaml") if path not in wanted]
    assert not (stale + extra), "run: PYTHONPATH=tests python -m unit.gitops.fixtures"


def test_every_state_is_tested():
    assert len(health_tests()) == len(STATES) == len({s.file for s in STATES})


@pytest.mark.parametrize("test", health_tests())
def test_health(test: dict[str, Any]):
    assert run(HEALTH.read_text(), read(FOLDER / "_" / test["inputPath"])) == test["healthStatus"]


def test_an_object_that_was_never_seen_by_anybody_is_in_progress():
    assert run(HEALTH.read_text(), {"metadata": {"generation": 1}, "spec": {}})["status"] == "Progressing"


@pytest.mark.parametrize(("folder", "test"), action_tests())
def test_action(folder: Path, test: dict[str, Any]):
    script = (folder / test["action"] / "action.lua").read_text()
    before, wanted = read(folder / test["inputPath"]), read(folder / test["expectedOutputPath"])
    assert as_argo_reads(run(script, before, test.get("parameters"))) == as_argo_reads(wanted)


@pytest.mark.parametrize("folder", sorted(FOLDER.glob("*/actions")), ids=lambda folder: folder.parent.name)
def test_every_action_that_is_offered_is_there_and_tested(folder: Path):
    offered = run((folder / "discovery.lua").read_text(), {"metadata": {}, "spec": {}})
    assert {p.parent.name for p in folder.glob("*/action.lua")} == set(offered)
    assert {test["action"] for test in read(folder / "action_test.yaml")["actionTests"]} == set(offered)


@pytest.mark.parametrize(
    ("state", "words", "able"),
    [
        pytest.param("serving", {}, {"pin", "reconcile"}, id="nothing is judged"),
        pytest.param("judged", {}, {"pin", "reconcile", "promote", "abort"}, id="a candidate"),
        pytest.param("pinned", {"andon.dev/pin": "1"}, {"pin", "reconcile", "unpin"}, id="pinned"),
        pytest.param("aborted", {"andon.dev/abort": "2"}, {"pin", "reconcile", "retry"}, id="aborted"),
    ],
)
def test_what_means_nothing_now_cannot_be_clicked(state: str, words: dict[str, str], able: set[str]):
    obj = next(s for s in STATES if (s.kind, s.name) == ("ModelDeployment", state)).document()
    obj["metadata"]["annotations"] = words
    offered = run((ACTIONS / "discovery.lua").read_text(), obj)
    assert {name for name, action in offered.items() if not action.get("disabled")} == able


@pytest.mark.parametrize("given", [None, {}, {"version": "latest"}], ids=["no parameters", "none of that name", "no number"])
def test_a_pin_without_a_version_says_what_is_missing(given: dict[str, str] | None):
    with pytest.raises(LuaError, match="give the number of a version"):
        run((ACTIONS / "pin" / "action.lua").read_text(), {"metadata": {}}, given)


@pytest.mark.parametrize("word", ["promote", "abort"])
def test_without_a_candidate_there_is_nothing_to_say_of_it(word: str):
    with pytest.raises(LuaError, match="no version is being judged"):
        run((ACTIONS / word / "action.lua").read_text(), {"metadata": {}, "status": {}})


def test_a_script_has_no_more_than_argo_cd_gives_it():
    for library in ("io.open", "string.format", "math.floor", "debug.getinfo", "os.execute", "('x'):upper"):
        with pytest.raises(LuaError):
            run(f"return {library}('x')", {})


def as_argo_reads(document: Any) -> Any:
    """Lua does not tell an empty map from an empty list; Argo CD puts each back to what it was, and so does this."""
    if isinstance(document, dict):
        return {key: as_argo_reads(value) for key, value in document.items() if value not in ({}, [])}
    return [as_argo_reads(entry) for entry in document] if isinstance(document, list) else document

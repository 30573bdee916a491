"""Writes Argo CD's test files from what the controllers' own code says: run it when a test says that they are stale.

PYTHONPATH=tests python -m unit.gitops.fixtures
"""

import copy
import io
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from unit.gitops.states import STATES, Health, State

FOLDER = Path(__file__).resolve().parents[3] / "charts" / "andon" / "argocd" / "andon.dev"
MOMENT = "2026-01-02T03:04:05Z"
"""What the clock says to a script under test."""

_TOLD_BY = {"Degraded": "Stalled", "Healthy": "Ready", "Suspended": "Ready"}

ACTIONS = (  # kind, action, parameters, state before, annotations before and after
    ("ModelDeployment", "pin", {"version": "1"}, "judged", {}, {"pin": "1"}),
    ("ModelDeployment", "unpin", {}, "pinned", {"pin": "1"}, {}),
    ("ModelDeployment", "promote", {}, "judged", {}, {"promote": "2"}),
    ("ModelDeployment", "abort", {}, "judged", {"pin": "1"}, {"pin": "1", "abort": "2"}),
    ("ModelDeployment", "retry", {}, "aborted", {"abort": "2"}, {}),
    ("ModelDeployment", "reconcile", {}, "serving", {}, {"reconcile": MOMENT}),
    ("_", "reconcile", {}, "collecting", {}, {"reconcile": MOMENT}),
)


def files() -> dict[Path, str]:
    """Each file and what it should hold."""
    health = FOLDER / "_"
    found = {health / "testdata" / state.file: _text(state.document()) for state in STATES}
    found[health / "health_test.yaml"] = _text({"tests": [_health_test(state) for state in STATES]})
    for kind in ("ModelDeployment", "_"):
        found |= _actions(kind, FOLDER / kind / "actions")
    return found


def _health_test(state: State) -> dict[str, Any]:
    said = {"status": state.argo, "message": _message(state.argo, state.document())}
    return {"healthStatus": said, "inputPath": f"testdata/{state.file}"}


def _message(health: Health, document: dict[str, Any]) -> str:
    if document["status"]["observedGeneration"] != document["metadata"]["generation"]:
        return "Andon has not looked at this version of the spec yet."
    said = {c["type"]: c for c in document["status"]["conditions"]}
    condition = said[_TOLD_BY.get(health, "Reconciling" if "Reconciling" in said else "Ready")]
    return f"{condition['reason']}: {condition.get('message', '')}"


def _actions(kind: str, folder: Path) -> dict[Path, str]:
    found, tests = {}, []
    for of, action, parameters, name, before, after in ACTIONS:
        if of != kind:
            continue
        given, then = f"testdata/{action}-before.yaml", f"testdata/{action}-after.yaml"
        found |= {folder / given: _text(_annotated(name, before)), folder / then: _text(_annotated(name, after))}
        test = {"action": action, "inputPath": given, "expectedOutputPath": then}
        tests.append(test | ({"parameters": parameters} if parameters else {}))
    found[folder / "action_test.yaml"] = _text({"actionTests": tests})
    return found


def _annotated(name: str, words: dict[str, str]) -> dict[str, Any]:
    document = copy.deepcopy(next(s for s in STATES if s.name == name).document())
    document["metadata"]["annotations"] = {f"andon.dev/{word}": value for word, value in words.items()}
    return document


def _text(document: dict[str, Any]) -> str:
    yaml, out = YAML(), io.StringIO()
    yaml.width = 1000
    yaml.dump(document, out)
    return out.getvalue()


def main() -> None:
    wanted = files()
    for path in set(FOLDER.rglob("testdata/*.yaml")) - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()

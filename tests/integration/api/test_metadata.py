"""`andon lint` refuses of an object's metadata what the API server refuses, and nothing else."""

import json
from datetime import UTC, datetime

import pytest

from andon.api.kinds import DRIFT_POLICY
from andon.lint.check import lint

SPEC = {"targetRef": {"name": "sensor"}}
CASES = [
    pytest.param({}, True, id="nothing"),
    pytest.param({"labels": None, "annotations": None}, True, id="nulls"),
    pytest.param({"labels": {"app": None}, "annotations": {"app": None}}, True, id="a value that is null"),
    pytest.param({"labels": {"app.io/name": "a_B.c-1", "e": ""}, "annotations": {"A.b/c": "any: thing"}}, True, id="sound"),
    pytest.param({"finalizers": [], "generateName": "x", "generation": 1}, True, id="what a cluster gave out"),
    pytest.param({"annotations": {"argocd.argoproj.io/sync-wave": -1}}, False, id="a number"),
    pytest.param({"annotations": {"a": True}}, False, id="a flag"),
    pytest.param({"annotations": {"a": {"b": "c"}}}, False, id="a mapping within"),
    pytest.param({"annotations": ["a"]}, False, id="a list"),
    pytest.param({"labels": 5}, False, id="labels as a number"),
    pytest.param({"labels": {"a": 5}}, False, id="a label that is a number"),
    pytest.param({"labels": {"a b": "c"}}, False, id="a label's key"),
    pytest.param({"labels": {"A.b/c": "c"}}, False, id="a label's prefix"),
    pytest.param({"labels": {"a/b/c": "c"}}, False, id="two prefixes"),
    pytest.param({"labels": {"a" * 64: "c"}}, False, id="a long key"),
    pytest.param({"labels": {"a": "c d"}}, False, id="a label's value"),
    pytest.param({"labels": {"a": "c" * 64}}, False, id="a long value"),
    pytest.param({"labels": {"a": "c\n"}}, False, id="a line's end"),
    pytest.param({"labels": {f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 62}/e": ""}}, False, id="a long prefix"),
    pytest.param({"annotations": {"a b": "c"}}, False, id="an annotation's key"),
    pytest.param({"lables": {"a": "b"}}, False, id="a field that there is not"),
]  # fmt: skip


@pytest.mark.parametrize(("metadata", "taken"), CASES)
def test_server_and_lint_agree(submit, tmp_path, metadata, taken):
    answer = submit(DRIFT_POLICY, SPEC, **metadata)
    body = {"apiVersion": "andon.dev/v1alpha1", "kind": "DriftPolicy", "metadata": {"name": "asked", **metadata}, "spec": SPEC}
    (tmp_path / "policy.json").write_text(json.dumps(body))
    found = lint([str(tmp_path / "policy.json")], datetime.now(UTC)).errors
    assert (not isinstance(answer, str), not found) == (taken, taken), answer

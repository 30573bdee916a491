"""What is generated from the models is what lies in the repository; examples are what the models accept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from andon.api import crd, reference
from andon.api.kinds import KINDS, OBJECT_NAME

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_crd_is_the_generated_one(kind):
    path = ROOT / "crds" / crd.file_name(kind)
    assert path.read_text() == crd.text(kind), "run: andon crds --out crds"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_crd_stays_as_it_was_applied(kind):
    """The API server drops what is empty; who applies the same document later would be told of a conflict."""
    versions = YAML(typ="safe").load(crd.text(kind))["spec"]["versions"]
    assert [where for version in versions for where in empty(version["schema"])] == []


@pytest.mark.parametrize(("name", "text"), reference.pages().items())
def test_the_reference_page_is_the_generated_one(name, text):
    assert (ROOT / "docs" / "reference" / name).read_text() == text, "run: andon crds --docs docs/reference"


@pytest.mark.parametrize("folder", ["crds", "docs/reference"])
def test_nothing_else_lies_there(folder):
    generated = {crd.file_name(kind) for kind in KINDS} | reference.pages().keys()
    assert {path.name for path in (ROOT / folder).iterdir()} <= generated


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_accepted(path):
    document = YAML(typ="safe").load(path)
    (kind,) = [kind for kind in KINDS if kind.name == document["kind"]]
    kind.spec.model_validate(document["spec"])
    assert OBJECT_NAME.holds(document["metadata"]["name"])


def test_there_is_an_example_of_each_kind():
    assert {YAML(typ="safe").load(path)["kind"] for path in EXAMPLES} == {kind.name for kind in KINDS}


def test_a_first_deployment_has_at_most_15_lines():
    assert len((ROOT / "examples" / "first-modeldeployment.yaml").read_text().splitlines()) <= 15


def empty(node: Any, path: str = "") -> Iterator[str]:
    """Where a map or a list has nothing in it, but for defaults, which are data."""
    if node in ({}, []):
        yield path
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key != "default":
            yield from empty(value, f"{path}/{key}")

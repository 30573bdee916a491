"""A program may ask for JSON or YAML, and for names that kubectl takes."""

import json

import pytest
import yaml

from andon.api.exits import Exit
from support.documents import SPECS, name_of


def specs(plant, folder):
    documents = [
        {"apiVersion": "andon.dev/v1alpha1", "kind": kind, "metadata": {"name": name_of(kind)}, "spec": spec}
        for kind, spec in SPECS.items()
    ]
    (folder / "plant.yaml").write_text(yaml.safe_dump_all(documents).replace("version: '1'", "version: '4'"))
    return str(folder)


@pytest.mark.parametrize(
    "command", [["get"], ["tree", "product-e"], ["history", "product-e"], ["diff"], ["doctor"]], ids=" ".join
)
def test_yaml_says_what_json_says(still, tmp_path, command):
    files = [specs(still, tmp_path)] if command == ["diff"] else []

    def told(form):
        done = still.andon(*command, *files, "-n", still.namespace, "-o", form)
        assert done.stderr == ""
        return done.stdout

    document = json.loads(told("json"))
    assert document
    assert yaml.safe_load(told("yaml")) == document


def test_the_names_of_a_tree_are_its_objects_and_kubectl_takes_them(still):
    names = still.andon("tree", "product-e", "-n", still.namespace, "-o", "name").stdout.split()
    assert names == [
        "datasource.andon.dev/reactor",
        "trainingpipeline.andon.dev/product-e",
        "modeldeployment.andon.dev/product-e",
        "driftpolicy.andon.dev/product-e",
    ]
    assert still.kubectl("get", *names, "-o", "name").split() == names
    assert still.andon("tree", names[-1], "-n", still.namespace, "-o", "name").stdout.split() == names


def test_what_is_only_named_has_no_name_to_take(plant):
    plant.kubectl("delete", "dsrc", "reactor")
    assert "reactor" not in plant.andon("tree", "product-e", "-n", plant.namespace, "-o", "name").stdout


def test_names_are_not_watched(still):
    done = still.andon("tree", "product-e", "-n", still.namespace, "-o", "name", "--watch")
    assert (done.returncode, "leave out --watch" in done.stderr) == (Exit.USAGE, True), done.stderr

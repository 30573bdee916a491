"""`andon diff` as a user runs it: the API server is asked what would be, and nothing is."""

import json

import pytest
import yaml

from andon.api.exits import Exit
from integration.cli.conftest import ROLLBACK
from support.documents import SPECS, name_of


def document(plant, kind, **spec):
    metadata = {"name": name_of(kind), "namespace": plant.namespace}
    return {"apiVersion": "andon.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": {**SPECS[kind], **spec}}


def model(version):
    return {"mlflow": {"name": "product-e", "version": version}}


@pytest.fixture
def write(tmp_path):
    def to(*documents):
        (tmp_path / "plant.yaml").write_text(yaml.safe_dump_all(documents))
        return str(tmp_path)

    return to


def test_what_is_as_it_was_is_not_a_difference(still, write):
    done = still.andon("diff", write(*(document(still, kind) for kind in SPECS)))
    assert (done.returncode, done.stdout) == (Exit.OK, "nothing would change\n"), done.stderr


def test_a_line_that_differs_and_what_it_overrules(asking, write):
    done = asking.andon("diff", write(document(asking, "ModelDeployment", model=model("3"))))
    assert done.returncode == Exit.FAILED, done.stderr
    assert "-      version: '2'\n" in done.stdout
    assert "+      version: '3'\n" in done.stdout
    assert f"lost: {ROLLBACK} (ModelDeployment {asking.namespace}/product-e): Rollback of version 2 to 1" in done.stdout
    stored = json.loads(asking.kubectl("get", "mdep", "product-e", "-o", "json"))["spec"]["model"]["mlflow"]["version"]
    assert stored == "2"


@pytest.mark.parametrize(
    "apply",
    [
        pytest.param(("apply", "-f", "-"), id="kubectl apply"),
        pytest.param(
            ("apply", "--server-side", "--force-conflicts", "--field-manager=kustomize-controller", "-f", "-"), id="Flux"
        ),
    ],
)
def test_what_is_taken_out_of_a_file_goes(plant, write, apply):
    before = document(plant, "ModelDeployment", explain={"sample": "0.5"}, git={"repositoryRef": "plant-a"})
    plant.kubectl("delete", "mdep", "product-e")
    plant.kubectl(*apply, stdin=yaml.safe_dump(before))
    del before["spec"]["git"]
    done = plant.andon("diff", write(before))
    assert [line for line in done.stdout.splitlines() if line.startswith(("+ ", "- "))] == [
        "-  git:",
        "-    repositoryRef: plant-a",
    ]


def test_what_nobody_names_any_more_would_be_pruned(asking, write):
    text = yaml.safe_dump(document(asking, "DriftPolicy"))
    asking.kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=argocd-controller", "-f", "-", stdin=text)
    specs = write(document(asking, "DataSource"))
    assert asking.andon("diff", specs, "-o", "name").stdout == ""
    done = asking.andon("diff", specs, "--prune", "-o", "json")
    told = json.loads(done.stdout)
    assert [(c["object"].split()[0], c["becomes"]) for c in told["changes"]] == [
        ("DataSource", "unchanged"),
        ("DriftPolicy", "pruned"),
    ]
    assert {loss["rule"] for loss in told["lost"]} == {"PolicyGone"}
    assert asking.andon("diff", specs, "--prune", "-o", "name").stdout == "driftpolicy.andon.dev/product-e\n"


def test_an_object_that_is_new_is_created_in_the_current_namespace(plant, write):
    new = document(plant, "DataSource")
    new["metadata"] = {"name": "second"}
    done = plant.andon("diff", write(new), "-n", plant.namespace)
    assert (done.returncode, done.stdout.splitlines()[0]) == (Exit.OK, f"DataSource {plant.namespace}/second would be created")
    assert "second" not in plant.kubectl("get", "dsrc", "-o", "name")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("kind: {", "plant.yaml:", id="no YAML"),
        pytest.param("kind: Pod\n", "nothing of Andon's is in", id="nothing of ours"),
        pytest.param(
            "apiVersion: andon.dev/v1alpha1\nkind: Pod\nmetadata: {name: x}\n", "no object of Andon's", id="another kind"
        ),
        pytest.param(
            "apiVersion: andon.dev/v1alpha1\nkind: DriftPolicy\nmetadata: {name: x}\nspec: {target: x}\n",
            "field not declared in schema",
            id="refused",
        ),
    ],
)
def test_files_that_cannot_be_applied_are_one_line(still, tmp_path, text, said):
    (tmp_path / "plant.yaml").write_text(text)
    done = still.andon("diff", str(tmp_path), "-n", still.namespace)
    assert (done.returncode, said in done.stderr, done.stderr.count("\n")) == (Exit.FAILED, True, 1), done.stderr

"""A field of the spec is git's wherever something applies git; elsewhere it is patched."""

import json

import pytest
import yaml

from andon.api.exits import Exit
from support.documents import SPECS

DOCUMENT = """\
apiVersion: andon.dev/v1alpha1
kind: ModelDeployment
metadata: {{name: product-e, namespace: {namespace}}}
spec:
  suspend: false  # quality is asked
  model: {{mlflow: {{name: product-e, version: "2"}}}}
"""


def run(plant, *arguments):
    done = plant.andon(*arguments, "-n", plant.namespace)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def suspended(plant, kind="mdep", name="product-e"):
    return json.loads(plant.kubectl("get", kind, name, "-o", "json"))["spec"]["suspend"]


@pytest.fixture
def synced(plant):
    """As a syncer applies it."""
    spec = {**SPECS["ModelDeployment"], "suspend": False}
    document = {"apiVersion": "andon.dev/v1alpha1", "kind": "ModelDeployment", "metadata": {"name": "product-e"}, "spec": spec}
    apply = ("apply", "--server-side", "--force-conflicts", "--field-manager=kustomize-controller", "-f", "-")
    plant.kubectl(*apply, stdin=yaml.safe_dump(document))
    return plant


def test_what_only_people_write_is_patched(plant):
    assert run(plant, "suspend", "product-e") == (Exit.OK, "ModelDeployment product-e is suspended now, in the cluster")
    assert suspended(plant) is True
    assert run(plant, "suspend", "product-e") == (Exit.ALREADY, "ModelDeployment product-e is suspended already")
    assert run(plant, "resume", "product-e")[0] == Exit.OK
    assert suspended(plant) is False


def test_any_of_the_four_can_be_named(plant):
    assert run(plant, "suspend", "reactor")[0] == Exit.OK
    assert run(plant, "suspend", "dpol/product-e")[0] == Exit.OK
    assert (suspended(plant, "dsrc", "reactor"), suspended(plant, "dpol"), suspended(plant)) == (True, True, False)


def test_what_git_owns_is_not_touched_and_where_to_set_it_is_said(synced):
    code, said = run(synced, "suspend", "product-e")
    assert (code, suspended(synced)) == (Exit.REFUSED, False)
    for part in ("applied from git by Flux", "--in CHECKOUT", f"andon pin product-e 1 -n {synced.namespace}"):
        assert part in said, said


@pytest.mark.parametrize("how", [[], ["--in"]], ids=["in the cluster", "in a checkout"])
def test_a_program_that_is_refused_is_told_why_beside_the_object(synced, tmp_path, how):
    (tmp_path / "product-e.yaml").write_text("{}\n")
    where = [*how, str(tmp_path)] if how else []
    done = synced.andon("suspend", "product-e", *where, "-n", synced.namespace, "-o", "json")
    assert json.loads(done.stdout)["kind"] == "ModelDeployment"
    assert (done.returncode, "`suspend: true` below `spec:`" in done.stderr) == (Exit.REFUSED, True), done.stderr


def test_who_insists_is_told_that_it_will_not_last(synced):
    code, said = run(synced, "suspend", "product-e", "--anyway")
    assert (code, suspended(synced)) == (Exit.OK, True)
    assert "Flux applies it, and will take this back" in said


def test_the_line_is_changed_in_a_checkout(synced, tmp_path):
    file = tmp_path / "product-e.yaml"
    file.write_text(DOCUMENT.format(namespace=synced.namespace))
    code, said = run(synced, "suspend", "product-e", "--in", str(tmp_path))
    assert (code, f"{file}:5: spec.suspend: false -> true; commit and push it" in said) == (Exit.OK, True), said
    assert file.read_text() == DOCUMENT.format(namespace=synced.namespace).replace("false", "true")
    assert suspended(synced) is False


def test_a_line_that_is_not_there_is_for_a_person_to_write(synced, tmp_path):
    file = tmp_path / "product-e.yaml"
    file.write_text(DOCUMENT.format(namespace=synced.namespace).replace("  suspend: false  # quality is asked\n", ""))
    code, said = run(synced, "suspend", "product-e", "--in", str(tmp_path))
    assert (code, str(file) in said, "`suspend: true` below `spec:` of" in said) == (Exit.REFUSED, True, True), said


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        pytest.param("nobody", Exit.FAILED, "there is no object of Andon named nobody", id="name"),
        pytest.param("mdep/prodct-e", Exit.FAILED, "there is: product-e", id="name of a kind"),
        pytest.param("pod/product-e", Exit.USAGE, "'pod' is none of Andon's kinds", id="kind"),
    ],
)
def test_what_is_not_there_is_named(still, name, code, said):
    done, told = run(still, "suspend", name)
    assert (done, said in told) == (code, True), told

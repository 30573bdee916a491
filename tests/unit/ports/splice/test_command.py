"""`andon edit`: what the file holds afterwards, what is said, and the exit code."""

import json
import os
import stat

import pytest
from typer.testing import CliRunner

from andon.api.errors import UserError
from andon.cli.edit import app
from andon.ports.splice import ObjectRef, Refusal, parsed
from andon.ports.splice import file as on_disk

MANIFEST = """\
kind: ModelDeployment
metadata: {name: reactor, namespace: plant-a}
spec: {model: {mlflow: {version: '2'}}}  # pinned
"""
PATH = "spec.model.mlflow.version"


@pytest.fixture
def plant(tmp_path):
    file = tmp_path / "plant.yaml"
    file.write_text(MANIFEST)
    return file


def andon_edit(where, value, *more, path=PATH, name="reactor"):
    options = ["--kind", "ModelDeployment", "--name", name, "--path", path, "--value", value, *more]
    return CliRunner().invoke(app, [str(where), *options])


def test_the_value_is_changed_and_said_with_file_and_line(plant):
    done = andon_edit(plant, "3", "--namespace", "plant-a")
    assert (done.exit_code, done.output) == (0, f"{plant}:3: spec.model.mlflow.version: 2 -> 3\n")
    assert plant.read_text() == MANIFEST.replace("'2'", "'3'")


def test_what_is_already_so_is_left_alone_with_an_exit_code_of_its_own(plant):
    before = plant.stat()
    done = andon_edit(plant, "2")
    assert (done.exit_code, done.output) == (3, f"{plant}:3: spec.model.mlflow.version is 2 already\n")
    assert (plant.stat().st_ino, plant.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_refusal_names_its_reason_and_leaves_the_file_alone(plant):
    done = andon_edit(plant, "3", name="other")
    assert done.exit_code == 4
    assert done.stdout == ""
    assert done.stderr.startswith("andon edit: no YAML file declares ModelDeployment other; ")
    assert done.stderr.endswith("(NotFound)\n")
    assert plant.read_text() == MANIFEST


@pytest.mark.parametrize(
    ("value", "path", "code", "said"),
    [
        pytest.param("3", PATH, 0, {"changed": True, "reason": None, "line": 3, "old": "2", "new": "3"}, id="changed"),
        pytest.param("2", PATH, 3, {"changed": False, "reason": "AlreadySo", "line": 3, "old": "2", "new": "2"}, id="already"),
        pytest.param(
            "3", "spec.x", 4, {"changed": False, "reason": "FieldNotFound", "line": 3, "old": None, "new": "3"}, id="not"
        ),
    ],
)
def test_json_has_the_same_fields_whatever_came_of_it(plant, value, path, code, said):
    done = andon_edit(plant, value, "--json", path=path)
    answer = json.loads(done.stdout)
    assert (done.exit_code, done.stderr) == (code, "")
    assert answer.pop("message").startswith(f"{plant}:3: ")
    assert answer == {"file": str(plant)} | said


@pytest.mark.parametrize(("value", "path"), [("a\nb", PATH), ("3", "spec..x")])
def test_a_command_line_that_is_not_understood_says_what_is_wrong(plant, value, path):
    done = andon_edit(plant, value, path=path)
    assert done.exit_code == 2
    assert "Invalid value" in done.stderr


@pytest.mark.parametrize("option", ["--kind", "--name"])
@pytest.mark.parametrize("empty", ["", " "])
def test_a_name_that_is_empty_is_not_understood(plant, option, empty):
    done = andon_edit(plant, "3", option, empty)
    assert (done.exit_code, f"'{option}': it is empty; name one" in done.stderr) == (2, True), done.output


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "make", [pytest.param(os.mkfifo, id="a pipe"), pytest.param(lambda p: p.symlink_to("/dev/null"), id="a device")]
)
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, make):
    make(tmp_path / "plant.yaml")
    with pytest.raises(UserError, match=r"plant.yaml is neither a file nor a folder; name one of them"):
        on_disk.edit(tmp_path / "plant.yaml", ObjectRef("", "A", "", "b"), parsed("c"), "3")


def test_a_folder_is_searched_but_for_gits_own_and_links(plant):
    plant.with_name("link.yaml").symlink_to("plant.yaml")
    (plant.parent / ".git").mkdir()
    (plant.parent / ".git" / "copy.yaml").write_text(MANIFEST)
    (plant.parent / "broken.yaml").write_text("a: [")
    assert andon_edit(plant.parent, "3").exit_code == 0
    assert plant.read_text() == MANIFEST.replace("'2'", "'3'")


def test_a_file_of_a_chart_is_refused_though_it_is_named(plant):
    (plant.parent / "Chart.yaml").write_text("name: plant\n")
    assert andon_edit(plant, "3").exit_code == 0
    (plant.parent / "templates").mkdir()
    rendered = plant.rename(plant.parent / "templates" / "plant.yaml")
    done = andon_edit(rendered, "4")
    assert (done.exit_code, "templates/plant.yaml:1: " in done.stderr, "(Generated)" in done.stderr) == (4, True, True)


def test_mode_and_link_stay_and_nothing_is_left_beside_it(plant):
    link = plant.with_name("link.yaml")
    link.symlink_to("plant.yaml")
    plant.chmod(0o640)
    assert andon_edit(link, "3").exit_code == 0
    assert link.is_symlink()
    assert stat.S_IMODE(plant.stat().st_mode) == 0o640
    assert plant.read_text() == MANIFEST.replace("'2'", "'3'")
    assert sorted(plant.parent.iterdir()) == [link, plant]


def test_a_reader_sees_the_whole_old_file_or_the_whole_new_one(plant):
    with plant.open() as open_before:
        assert andon_edit(plant, "3").exit_code == 0
        assert open_before.read() == MANIFEST


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(plant, monkeypatch):
    def meanwhile(new, kept):
        plant.write_text("theirs: 1\n")

    monkeypatch.setattr(on_disk, "_as_it_was", meanwhile)
    with pytest.raises(Refusal, match="somebody else wrote the file meanwhile") as caught:
        on_disk.edit(plant, ObjectRef("", "ModelDeployment", "", "reactor"), parsed(PATH), "3")
    assert caught.value.reason == "Changed"
    assert plant.read_text() == "theirs: 1\n"
    assert list(plant.parent.iterdir()) == [plant]


def test_what_cannot_be_read_is_said_by_name(tmp_path):
    with pytest.raises(UserError, match=r"nowhere.yaml: No such file or directory; name what you may read and write"):
        on_disk.edit(tmp_path / "nowhere.yaml", ObjectRef("", "A", "", "b"), parsed("c"), "3")


@pytest.mark.parametrize("value", ["0x10", "012", "1.", "+7", "abc", "true", " 7", "7 "])
def test_a_number_of_json_stays_one_or_is_refused(tmp_path, value):
    file = tmp_path / "plant.json"
    file.write_text('{"kind": "ModelDeployment", "metadata": {"name": "reactor"}, "spec": {"replicas": 2}}')
    before = file.read_text()
    done = andon_edit(file, value, path="spec.replicas")
    assert (done.exit_code, "(UnclearType)" in done.stderr, file.read_text()) == (4, True, before)
    assert andon_edit(file, "3", path="spec.replicas").exit_code == 0
    assert json.loads(file.read_text())["spec"] == {"replicas": 3}


@pytest.mark.parametrize(("old", "value"), [("2", "abc"), ("2", "true"), ("2", " 7"), ("2.5", "two"), ("true", "3")])
def test_what_is_no_text_does_not_become_text(plant, old, value):
    plant.write_text(MANIFEST.replace("'2'", old))
    done = andon_edit(plant, value)
    assert (done.exit_code, "(UnclearType)" in done.stderr) == (4, True)
    assert plant.read_text() == MANIFEST.replace("'2'", old)


def test_a_file_that_is_no_yaml_is_said_to_be_none(tmp_path):
    file = tmp_path / "plant.yaml"
    file.write_text("a: [1\nb: {\n")
    done = andon_edit(file, "3")
    assert (done.exit_code, "(Unreadable)" in done.stderr) == (4, True)


MISTYPED = [
    pytest.param("metadata: {name: reactor}", "NotFound", id="a literal name"),
    pytest.param("metadata:\n  labels: {{ .Values.x }}\n  name: 'reactor'", "NotFound", id="a literal name among templates"),
    pytest.param("metadata: {name: '{{ .Release.Name }}-reactor'}", "Generated", id="a name that Helm fills in"),
    pytest.param(
        "metadata:\n  labels: {app.io/name: '{{ .Release.Name }}'}\n  name: reactor", "NotFound", id="a label that Helm fills in"
    ),
    pytest.param(
        "metadata:\n  labels: {name: one}\n  name: '{{ .Release.Name }}'",
        "Generated",
        id="a name that Helm fills in beside a label",
    ),
    pytest.param('metadata:\n  {{- include "meta" . | nindent 2 }}', "Generated", id="metadata that Helm fills in"),
]


@pytest.mark.parametrize(("metadata", "reason"), MISTYPED)
def test_a_chart_is_named_only_where_it_could_make_the_object(tmp_path, plant, metadata, reason):
    templates = tmp_path / "chart" / "templates"
    templates.mkdir(parents=True)
    (templates.parent / "Chart.yaml").write_text("name: plant\n")
    (templates / "plant.yaml").write_text(
        f"kind: ModelDeployment\n{metadata}\nspec: {{model: {{name: '{{{{ .Values.m }}}}'}}}}\n"
    )
    done = andon_edit(tmp_path, "3", name="reactr")
    assert (done.exit_code, f"({reason})" in done.stderr) == (4, True), done.stderr
    assert ("; there is: reactor" in done.stderr) is (reason == "NotFound")


def test_the_object_of_a_chart_is_still_named_as_its(tmp_path):
    templates = tmp_path / "templates"
    templates.mkdir()
    (tmp_path / "Chart.yaml").write_text("name: plant\n")
    (templates / "plant.yaml").write_text(MANIFEST)
    assert "(Generated)" in andon_edit(tmp_path, "3").stderr

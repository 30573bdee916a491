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

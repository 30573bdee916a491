"""The command as a user meets it: quick to answer, clear about mistakes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from andon.api.exits import Exit
from andon.cli.parts import PARTS

FOLDER = Path(sys.executable).parent


def andon(*arguments, program="andon", stdout=subprocess.PIPE, **variables):
    environment = os.environ | {"NO_COLOR": "1", "COLUMNS": "200"} | variables
    command, streams = [FOLDER / program, *arguments], {"stdout": stdout, "stderr": subprocess.PIPE}
    return subprocess.run(command, **streams, text=True, timeout=30, env=environment, check=False)


def test_help_names_every_command_and_the_exit_codes():
    done = andon("--help")
    assert done.returncode == Exit.OK
    for word in ("crds", *(part.name for part in PARTS), "Exit codes"):
        assert word in done.stdout


def test_help_answers_in_less_than_300_milliseconds_of_work():
    def took():
        before = os.times()
        andon("--help")
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(took() for _ in range(3)) < 0.3


def test_the_version_is_said():
    assert andon("--version").stdout.startswith("andon 0.")


def test_as_a_plugin_of_kubectl_it_calls_itself_so():
    assert "Usage: kubectl andon" in andon("--help", program="kubectl-andon").stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        pytest.param(["crd"], "No such command 'crd'", id="unknown command"),
        pytest.param(["crds", "--format"], "No such option: --format", id="unknown option"),
        pytest.param(["collect", "--fast"], "No such option: --fast", id="an option of a part that has none"),
        pytest.param([], "Usage: andon", id="nothing"),
    ],
)
def test_a_command_line_that_is_not_understood(arguments, named):
    done = andon(*arguments)
    assert (done.returncode, named in done.stdout + done.stderr) == (Exit.USAGE, True)


def test_crds_are_printed_as_one_stream():
    done = andon("crds")
    assert (done.returncode, done.stdout.count("kind: CustomResourceDefinition\n")) == (Exit.OK, 4)


def test_crds_and_pages_are_written_and_compared(tmp_path):
    where = ("--out", str(tmp_path / "crds"), "--docs", str(tmp_path / "docs"))
    assert andon("crds", *where).returncode == Exit.OK
    assert andon("crds", *where, "--check").returncode == Exit.OK
    (tmp_path / "docs" / "driftpolicy.md").write_text("mine")
    done = andon("crds", *where, "--check")
    assert (done.returncode, "driftpolicy.md" in done.stderr, "Traceback" in done.stderr) == (Exit.FAILED, True, False)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    done = andon("crds", "--out", str(tmp_path / "file" / "crds"))
    assert (done.returncode, len(done.stderr.splitlines())) == (Exit.FAILED, 1)
    assert "Not a directory" in done.stderr


@pytest.fixture
def faulty(tmp_path):
    """A file of which lint has something to say, in letters that not every terminal has."""
    file = tmp_path / "é.yaml"
    file.write_text("apiVersion: andon.dev/v1alpha1\nkind: DataSource\nmetadata: {name: a}\n")
    return file


@pytest.mark.parametrize("arguments", [["crds"], ["lint"], ["lint", "-o", "json"], ["--help"]], ids=" ".join)
def test_a_disk_that_is_full_is_one_line(arguments, faulty):
    given = [*arguments, str(faulty)] if "lint" in arguments else arguments
    with Path("/dev/full").open("w") as full:
        done = andon(*given, stdout=full)
    assert (done.returncode, "Traceback" in done.stderr) == (Exit.FAILED, False)
    assert done.stderr.endswith("andon: the result cannot be written: No space left on device\n")


def test_a_pipe_that_is_closed_is_quiet():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = andon("crds", stdout=closed)
    assert (done.returncode, done.stderr) == (Exit.FAILED, "")


def test_letters_that_a_terminal_does_not_have_are_replaced(faulty):
    done = andon("lint", str(faulty), PYTHONIOENCODING="ascii")
    assert (done.returncode, "?.yaml:1:1: error: " in done.stdout) == (Exit.FAILED, True), done.stderr
    found = json.loads(andon("lint", str(faulty), "-o", "json", PYTHONIOENCODING="ascii").stdout)
    assert found["findings"][0]["file"] == str(faulty)

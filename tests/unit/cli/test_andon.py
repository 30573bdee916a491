"""The command as a user meets it: quick to answer, clear about mistakes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from andon.api.exits import Exit
from andon.cli.parts import PARTS

FOLDER = Path(sys.executable).parent


def andon(*arguments, program="andon"):
    environment = os.environ | {"NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(
        [FOLDER / program, *arguments], capture_output=True, text=True, timeout=30, env=environment, check=False
    )


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

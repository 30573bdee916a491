"""What a lab consists of can be asked at any time: while it runs it is asked with every change of its state."""

from pathlib import Path

from typer.testing import CliRunner

from andon.api.exits import Exit
from andon.lab.cli import app
from andon.lab.lab import Lab, Options


def test_asking_for_the_components_writes_no_file_that_one_of_them_reads(tmp_path: Path) -> None:
    with Lab(Options(nodes=("edge", "cloud", "edge")), tmp_path) as lab:
        written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        names = [component.name for component in lab.components()]
        assert {"node-edge-1", "node-cloud-1", "node-edge-2"} <= set(names)
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == written


def test_a_form_that_there_is_not_is_refused() -> None:
    done = CliRunner().invoke(app, ["status", "-o", "yaml"])
    assert (done.exit_code, "'table', 'json'" in done.output) == (Exit.USAGE, True)

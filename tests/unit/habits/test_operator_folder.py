"""The folder `operator/` must never become a package: it would shadow the standard library's `operator`."""

import subprocess
import sys
from pathlib import Path

from unit.habits.tree import ROOT


def test_operator_is_a_folder_and_not_a_package():
    assert not (ROOT / "operator" / "__init__.py").exists()


def test_kopf_can_be_imported_from_the_root():
    done = import_kopf(ROOT)
    assert done.returncode == 0, done.stderr


def test_kopf_could_not_be_imported_if_it_were_a_package(tmp_path: Path):
    (tmp_path / "operator").mkdir()
    (tmp_path / "operator" / "__init__.py").touch()
    assert import_kopf(tmp_path).returncode != 0


def import_kopf(folder: Path) -> subprocess.CompletedProcess[str]:
    # -c puts the working folder first on the path, as `python -m` does.
    return subprocess.run(
        [sys.executable, "-c", "import kopf"], cwd=folder, capture_output=True, text=True, check=False, timeout=30
    )

"""What a command brings into memory: help must answer at once, and what needs no cluster must need no client of one.

Guarded by names of modules rather than by time, which belongs to whatever else the machine does.
"""

import subprocess
import sys

import pytest

from andon.cli.parts import PARTS

OFFLINE = {"aiohttp", "git", "kopf", "kubernetes", "mlflow", "numpy", "onnxruntime", "pandas", "pyarrow", "requests"}
HEAVY = OFFLINE | {"pydantic", "rich"}


def imported(module, names):
    code = f"import sys, andon.cli.{module}\nprint(*({{m.split('.')[0] for m in sys.modules}} & {names}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    return set(done.stdout.split())


def test_help_imports_no_part():
    assert imported("root", HEAVY) == set()


@pytest.mark.parametrize("module", ["lint", "edit", "crds"])
def test_what_needs_no_cluster_knows_no_client_of_one(module):
    assert imported(module, OFFLINE) == set()


def test_each_command_is_there_once():
    names = [part.name for part in PARTS]
    assert len(names) == len(set(names))

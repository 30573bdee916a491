"""What a newcomer is told when .venv cannot be made: the cause, not pip's advice."""

import runpy

import pytest

from unit.habits.tree import ROOT

NO_VERSION = "ERROR: Could not find a version that satisfies the requirement setuptools>=77 (from versions: none)"
ADVICE = "note: This error originates from a subprocess, and is likely not a problem with pip."


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("WARNING: NewConnectionError(...)\nERROR: No matching distribution found", "the package index cannot be reached"),
        (f"Looking in indexes\n  {NO_VERSION}\nerror: subprocess-exited-with-error\n{ADVICE}", NO_VERSION),
        ("Collecting numpy\nKilled", "Killed"),
        ("", "it said nothing; is the disk full?"),
    ],
)
def test_the_cause_is_told(output: str, told: str) -> None:
    cause = runpy.run_path(str(ROOT / "tools/setup.py"))["_cause"]
    assert cause(output).startswith(told)

"""What is generated and kept in git is what would be generated now."""

import subprocess
import sys

from unit.habits.tree import ROOT


def test_the_chart_holds_the_crds_and_the_schema_of_the_models():
    done = subprocess.run(
        [sys.executable, "tools/chart.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr

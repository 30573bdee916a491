"""The demo, as a user runs it: a real plant on this machine, and every check in its report."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

ACTS = 9  # eight, and the quiet minute after them


@pytest.mark.demo
@pytest.mark.timeout(1500)
def test_the_whole_story_holds(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "andon.cli", "demo", "--report", str(report)]
    with capfd.disabled():
        played = subprocess.run(command, env={**os.environ, "XDG_STATE_HOME": str(tmp_path)}, timeout=1400, check=False)
    told = json.loads(report.read_text())
    assert [check for act in told["acts"] for check in act["checks"] if not check["ok"]] == []
    assert (played.returncode, told["ok"], len(told["acts"])) == (0, True, ACTS)
    assert [commit["linesChanged"] for commit in told["git"]["commits"]] == [1]
    assert set(told["settled"]["writes"].values()) == {0}
    assert "HarmfulShift" in report.with_suffix(".html").read_text()
    delivered = told["promotion"]
    assert (delivered["missing"], delivered["twice"]) == (0, 0)
    assert delivered["received"] == delivered["sent"] > 0
    assert delivered["reference"]["version"] == "1"
    assert seconds_to_revert(told["rollback"]) <= told["rollback"]["intervalSeconds"] + 1


def seconds_to_revert(rollback: dict[str, str]) -> float:
    times = [datetime.fromisoformat(rollback[key].replace("Z", "+00:00")) for key in ("decidingScrape", "servingReverted")]
    return (times[1] - times[0]).total_seconds()

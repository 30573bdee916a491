"""The demo, as a user runs it: a real plant on this machine, and every check in its report."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

ACTS = {"1-3": 3, "1-8": 8 + 1}
"""After the last of all there is a quiet minute."""


@pytest.mark.demo
@pytest.mark.timeout(900)
def test_a_bad_version_is_rolled_back_and_git_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    told, _ = played(tmp_path, capfd, "1-3", "--speed", "1800")  # the plant twice as fast as people watch it
    assert [commit["linesChanged"] for commit in told["git"]["commits"]] == [1]
    assert seconds_to_revert(told["rollback"]) <= told["rollback"]["intervalSeconds"] + 1


@pytest.mark.scenario
@pytest.mark.timeout(1500)
def test_the_whole_story_holds(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    told, page = played(tmp_path, capfd, "1-8")
    assert [commit["linesChanged"] for commit in told["git"]["commits"]] == [1]
    assert set(told["settled"]["writes"].values()) == {0}
    assert "HarmfulShift" in page
    delivered = told["promotion"]
    assert (delivered["missing"], delivered["twice"]) == (0, 0)
    assert delivered["received"] == delivered["sent"] > 0
    assert delivered["reference"]["version"] == "1"


def played(tmp_path: Path, capfd: pytest.CaptureFixture[str], acts: str, *options: str) -> tuple[dict[str, Any], str]:
    """The report of a demo in which every check held, and its page of explanation where an act writes one."""
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "andon.cli", "demo", "--acts", acts, "--report", str(report), *options]
    with capfd.disabled():
        done = subprocess.run(command, env={**os.environ, "XDG_STATE_HOME": str(tmp_path)}, timeout=1400, check=False)
    told = json.loads(report.read_text())
    assert [check for act in told["acts"] for check in act["checks"] if not check["ok"]] == []
    assert (done.returncode, told["ok"], len(told["acts"])) == (0, True, ACTS[acts]), "each act"
    page = report.with_suffix(".html")
    return told, page.read_text() if page.exists() else ""


def seconds_to_revert(rollback: dict[str, str]) -> float:
    times = [datetime.fromisoformat(rollback[key].replace("Z", "+00:00")) for key in ("decidingScrape", "servingReverted")]
    return (times[1] - times[0]).total_seconds()

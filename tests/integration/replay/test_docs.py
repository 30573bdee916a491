"""docs/replay.md, followed literally, works and shows what the page shows."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BLOCKS = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def shown(block: str) -> str:
    """What the page shows as a pattern: … stands for anything."""
    return ".*".join(map(re.escape, block.split("…")))


@pytest.mark.timeout(120)
def test_the_page_can_be_followed_literally_and_shows_what_comes(tmp_path):
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    blocks = BLOCKS.findall((ROOT / "docs" / "replay.md").read_text())
    assert [language for language, _ in blocks] == ["python", "", "text", "", "", "text"]
    out = ""
    for language, block in blocks:
        if language == "text":
            assert re.fullmatch(shown(block), out, re.S), f"the page shows\n{block}\nand what came is\n{out}"
            continue
        command = [sys.executable, "-c", block] if language == "python" else ["bash", "-ec", block]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=50)
        assert done.returncode == 0, done.stderr
        out = done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert [(e["verdict"], e["taken"]) for e in report["decisions"] if e["action"]] == [("ModelRegression", True)]
    assert (tmp_path / "report.html").stat().st_size > 10_000

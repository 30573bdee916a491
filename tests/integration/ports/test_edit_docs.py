"""docs/edit.md, followed literally, works and shows what the page shows; and the page names every reason there is."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from andon.ports.splice.refusal import Reason

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "edit.md").read_text()
BLOCKS = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


@pytest.mark.timeout(120)
def test_the_page_can_be_followed_literally_and_shows_what_comes(tmp_path):
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    out, shown = "", 0
    for language, block in BLOCKS.findall(PAGE):
        if language == "text":
            shown += 1
            assert out == block
            continue
        command = [sys.executable, "-c", block] if language == "python" else ["bash", "-ec", block]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=50)
        assert done.returncode == 0, done.stderr
        out = done.stdout
    assert shown == 6


def test_the_page_names_every_reason():
    assert {reason for reason in get_args(Reason) if f"`{reason}`" not in PAGE} == set()

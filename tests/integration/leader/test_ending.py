"""Who ends because another may act leaves nothing behind that still pushes."""

import subprocess
import sys
from pathlib import Path

from andon.api.exits import Exit
from support.descendants import alive
from support.eventually import eventually

CHILD = "sleep 60 & echo $$ $! > pids.new; mv pids.new pids; wait"
PARENT = f"""
import asyncio, sys
from pathlib import Path
from andon.controllers.leader import end_process
from andon.ports.git.command import environment, run

async def main(home):
    running = asyncio.create_task(run(("sh", "-c", {CHILD!r}), environment(home), 60))
    while not (home / "pids").exists():
        await asyncio.sleep(0.01)
    await asyncio.to_thread(end_process, "late")

asyncio.run(main(Path(sys.argv[1])))
"""


def test_who_ends_at_once_takes_what_it_runs_and_all_that_runs_below(tmp_path: Path):
    ended = subprocess.run([sys.executable, "-c", PARENT, str(tmp_path)], timeout=30, check=False)
    assert ended.returncode == Exit.NOT_NOW
    pids = (tmp_path / "pids").read_text().split()
    eventually(lambda: [pid for pid in pids if alive(pid)], lambda left: not left, within=5)

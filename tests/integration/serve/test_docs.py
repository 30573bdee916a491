"""docs/serving.md, followed literally, works and shows what the page shows."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from integration.serve.process import free_port

PAGE = (Path(__file__).parents[3] / "docs" / "serving.md").read_text()
BLOCKS = re.compile(r"^```(bash|console)\n(.*?)^```$", re.M | re.S)
NEEDS_MORE = "--tls-cert", "--cacert"  # a certificate
FOREVER = "andon serve", "python rows.py"


class Shell:
    """A person's folder and terminals: what runs for ever has one of its own."""

    def __init__(self, folder, ports):
        self._folder, self._ports, self._running = folder, ports, {}

    async def follow(self, block):
        """The commands of a block, and what the page shows below each."""
        for step in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, shown = step.partition("\n")
            if command.startswith(FOREVER):
                await self._open(command)
            elif not any(each in command for each in NEEDS_MORE):
                await self._until_shown(command, ".*".join(map(re.escape, shown.strip().split("…"))))

    async def run(self, script):
        """What it writes."""
        process = await self._begin(script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        out, said = await asyncio.wait_for(process.communicate(), 50)
        assert process.returncode == 0, said.decode()
        return out.decode()

    async def _until_shown(self, command, pattern):
        """Again for a while: a server has just been started."""
        for left in range(100, -1, -1):
            process = await self._begin(command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
            out = (await asyncio.wait_for(process.communicate(), 50))[0].decode().strip()
            if process.returncode == 0 and re.match(pattern, out, re.S):
                return
            assert left, f"{command}\n\nshows\n{out}\n\nand not\n{pattern}"
            await asyncio.sleep(0.1)

    async def _open(self, command):
        """In the place of the one before that did the same."""
        if any(each in command for each in NEEDS_MORE):
            return
        which = command.split()[0]
        await self._end(which)
        self._running[which] = await self._begin(f"exec {command}")

    async def _end(self, which):
        process = self._running.pop(which, None)
        if process:
            process.send_signal(signal.SIGINT)
            await asyncio.wait_for(process.wait(), 15)

    async def close(self):
        for which in tuple(self._running):
            await self._end(which)

    async def _begin(self, script, **streams):
        for port, other in self._ports.items():
            script = script.replace(str(port), str(other))
        path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(self._folder), "OMP_NUM_THREADS": "1"}
        return await asyncio.create_subprocess_exec("bash", "-ec", script, cwd=self._folder, env=path, **streams)


@pytest.mark.timeout(120)
async def test_the_page_can_be_followed_literally_and_shows_what_comes(tmp_path):
    shell = Shell(tmp_path, {8080: free_port(), 8000: free_port()})
    try:
        for language, block in BLOCKS.findall(PAGE):
            await (shell.run(block) if language == "bash" else shell.follow(block))
    finally:
        await shell.close()

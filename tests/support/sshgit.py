"""A git server that speaks SSH, as a forge would: keys only, git's own programs behind it."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh


@asynccontextmanager
async def ssh_served(root: Path, authorized: str, *, old=False):
    """The repositories below `root`, for who holds the key of this public line; address and host key as known_hosts has it.

    old: a server of before git's protocol 2, which hands out no file by its id alone.
    """
    host_key = asyncssh.generate_private_key("ssh-ed25519")

    async def git(process):
        """`git-upload-pack '/plant.git'` and its like."""
        program, _, repository = process.command.partition(" ")
        ran = await asyncio.create_subprocess_exec(
            *("git", program.removeprefix("git-"), str(root / repository.strip("'/"))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "GIT_PROTOCOL": "" if old else process.env.get("GIT_PROTOCOL", "")},
        )
        heard = asyncio.create_task(_pass_on(process.stdin, ran.stdin))
        await asyncio.gather(_pass_on(ran.stdout, process.stdout), _pass_on(ran.stderr, process.stderr))
        heard.cancel()
        await asyncio.gather(heard, return_exceptions=True)
        process.exit(await ran.wait())

    async with asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        authorized_client_keys=asyncssh.import_authorized_keys(authorized),
        process_factory=git,
        encoding=None,
    ) as server:
        port = server.get_port()
        yield f"ssh://git@127.0.0.1:{port}", f"[127.0.0.1]:{port} {host_key.export_public_key().decode().strip()}"


async def _pass_on(source, sink):
    while data := await source.read(65_536):
        sink.write(data)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()

"""A server started from its command line, as a person would, and sockets to speak to it."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path

import orjson


@dataclass
class Running:
    """One process. port: of HTTP; grpc: of gRPC."""

    process: asyncio.subprocess.Process
    port: int
    grpc: int
    log: Path
    clients: list["Client"] = field(default_factory=list)

    def end(self):
        self.process.send_signal(signal.SIGTERM)

    async def connect(self, tls=None):
        name = "localhost" if tls else None
        self.clients.append(Client(*await asyncio.open_connection("127.0.0.1", self.port, ssl=tls, server_hostname=name)))
        return self.clients[-1]


class Client:
    """One connection."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def ask(self, path, document=None, **headers):
        """Status, headers and JSON of one answer."""
        self.send(path, None if document is None else orjson.dumps(document), **headers)
        return await self.answer()

    def send(self, path, body=None, **headers):
        lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", "host: h"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if body is not None and "content_length" not in headers:
            lines.append(f"content-length: {len(body)}")
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + (body or b""))

    async def answer(self, within=30):
        async with asyncio.timeout(within):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await self.reader.readexactly(int(headers["content-length"]))
        return int(head[0].split()[1]), headers, orjson.loads(body)

    def close(self):
        self.writer.close()


@contextlib.asynccontextmanager
async def serving(folder, *arguments, tls=None, **environment):
    """Ready when it answers that it is."""
    ports = free_port(), free_port()
    addresses = ("--http", f"127.0.0.1:{ports[0]}", "--grpc", f"127.0.0.1:{ports[1]}")
    command = (sys.executable, "-m", "andon.cli", "serve", *addresses, *map(str, arguments))
    async with running(command, folder, *ports, tls=tls, env=os.environ | environment) as server:
        yield server


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.asynccontextmanager
async def running(command, folder, *ports, tls=None, env=None):
    """A server's process from when it is ready to its end. ports: of HTTP and of gRPC, 0 for none."""
    log = folder / "server.log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(*command, stdout=file, stderr=file, env=env)
    server = Running(process, *ports, log)
    try:
        await _ready(server, tls)
        yield server
    finally:
        for client in server.clients:
            client.close()
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _ready(running, tls):
    async with asyncio.timeout(50):
        while running.process.returncode is None:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                client = await running.connect(tls)
                status, _, _ = await client.ask("/v2/health/ready")
                if status == 200:
                    return
            await asyncio.sleep(0.05)
    raise AssertionError(f"it ended with {running.process.returncode}: {running.log.read_text()[-2000:]}")


def rows(*values):
    """A request about rows of three."""
    return {"inputs": [{"name": "rows", "shape": [len(values), 3], "datatype": "FP32", "data": values}]}

"""A real OPC UA server that can be restarted as another, and a collector as a process of its own."""

import asyncio
import atexit
import gc
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from asyncua import Server, ua
from asyncua.server.internal_server import InternalServer

T = TypeVar("T")
PLANT = "urn:plant:tep"
OTHER = "urn:press:line-3"


async def eventually(look: Callable[[], Awaitable[T]], until: Callable[[T], object] = bool, *, within: float = 10) -> T:
    """What ``look`` returned once ``until`` holds of it; fails after ``within`` seconds, printing what it last saw."""
    deadline = time.monotonic() + within
    while True:
        seen = await look()
        if until(seen):
            return seen
        assert time.monotonic() < deadline, f"not so within {within} s; last seen: {seen!r}"
        await asyncio.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class QuickServer(InternalServer):
    """asyncua's server, except that the standard address space is computed once per test run instead of at each start."""

    _filled = Path(tempfile.gettempdir()) / f"opcua-{os.getpid()}-{uuid.uuid4().hex}.pickle"

    async def load_standard_address_space(self, shelf_file: Path | None = None) -> None:
        if not self._filled.exists():
            await super().load_standard_address_space(shelf_file)
            self.aspace.dump(self._filled)
            atexit.register(self._filled.unlink)
        gc.disable()  # half a million new objects, none of them garbage: collecting takes ten times as long as loading
        try:
            self.aspace.load(self._filled)
            gc.freeze()
        finally:
            gc.enable()


class Machine:
    """An OPC UA server with variables by name in two namespaces, which may be registered in either order."""

    def __init__(self) -> None:
        self.endpoint = f"opc.tcp://127.0.0.1:{free_port()}"
        self._server: Server | None = None

    async def start(
        self, plant: Sequence[str] = ("A", "B"), other: Sequence[str] = (), order: Sequence[str] = (PLANT, OTHER)
    ) -> None:
        self._server = Server(QuickServer())
        await self._server.init()
        self._server.set_endpoint(self.endpoint)
        self._server.disable_clock()  # its task takes a second to stop
        self._server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        for uri in order:
            await self._server.register_namespace(uri)
        for uri, names in ((PLANT, plant), (OTHER, other)):
            await self.add(uri, *names)
        await self._server.start()

    async def add(self, uri: str, *names: str) -> None:
        index = await self._server.get_namespace_index(uri)
        for name in names:
            await self._server.nodes.objects.add_variable(ua.NodeId(name, index), name, 0.0)

    async def renew(self, *names: str) -> None:
        """Forget the plant's variables, have these."""
        index = await self._server.get_namespace_index(PLANT)
        known = await self._server.nodes.objects.get_children()
        await self._server.delete_nodes([node for node in known if node.nodeid.NamespaceIndex == index])
        await self.add(PLANT, *names)

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop()
            self._server = None
            gc.unfreeze()

    async def say(self, name: str, value: object, status: int = 0, source: datetime | None = None, uri: str = PLANT) -> datetime:
        """Write a value; its source time."""
        source = source or datetime.now(UTC)
        variant = ua.Variant(None, ua.VariantType.Null) if value is None else ua.Variant(value)
        data = ua.DataValue(variant, ua.StatusCode(status), source, datetime.now(UTC))
        index = await self._server.get_namespace_index(uri)
        await self._server.write_attribute_value(ua.NodeId(name, index), data)
        return source


def spec_of(endpoint: str, tags: Sequence[str], **changes: Any) -> dict[str, Any]:
    return {
        "asset": "reactor-1",
        "opcua": {"endpoint": endpoint, "publishingInterval": "50ms"},
        "tags": [{"name": tag.lower(), "node": f"nsu={PLANT};s={tag}"} for tag in tags],
        "landing": {"uri": "pvc://landing/reactor", "rotate": "1s"},
    } | changes


class Collector:
    """`andon collect` as a process, spoken to over HTTP."""

    def __init__(self, folder: Path, spec: dict[str, Any]) -> None:
        self.folder = folder
        self.landing = folder / "landing"
        self.url = f"http://127.0.0.1:{free_port()}"
        self.process: subprocess.Popen[bytes] | None = None
        self.configure(spec)

    def configure(self, spec: dict[str, Any], quarantine: Sequence[dict[str, Any]] = ()) -> None:
        new = self.folder / "config.new"
        new.write_text(json.dumps({"spec": spec, "quarantine": list(quarantine)}))
        new.replace(self.folder / "config.json")

    def launch(self) -> None:
        """Start it, and look no further."""
        environment = os.environ | {
            "ANDON_NAMESPACE": "plant-a",
            "ANDON_NAME": "reactor",
            "ANDON_LISTEN": self.url.removeprefix("http://"),
            "ANDON_DATA": str(self.folder / "data"),
            "ANDON_LANDING": str(self.landing),
            "ANDON_CONFIG": str(self.folder / "config.json"),
        }
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "andon.runtime.collect.main"]
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    async def start(self) -> None:
        """Start it and wait until it answers."""
        self.launch()
        await eventually(lambda: self.get("/healthz"), lambda answer: answer[0] == 200, within=20)

    async def ready(self, within: float = 15) -> None:
        await eventually(lambda: self.get("/readyz"), lambda answer: answer[0] == 200, within=within)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(10)

    async def ended(self) -> int:
        """The exit code, once it ended by itself."""
        return await asyncio.to_thread(self.process.wait, 15)

    async def end(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return await self.ended()

    async def get(self, path: str, **query: str) -> tuple[int, Any]:
        """Status and JSON; (0, None) while nobody listens."""
        try:
            async with aiohttp.ClientSession() as session, session.get(self.url + path, params=query) as answer:
                return answer.status, await (answer.json() if answer.content_type == "application/json" else answer.text())
        except aiohttp.ClientConnectionError:
            return 0, None

    async def rows(self, every: str, after: int, **query: str) -> dict[str, Any]:
        status, body = await self.get("/rows", every=every, after=str(after), **query)
        assert status == 200, body
        return body

    async def metric(self, name: str, **labels: str) -> float | None:
        """The value of a series with these labels among its own."""
        _, text = await self.get("/metrics")
        for line in (text or "").splitlines():
            series, _, value = line.rpartition(" ")
            if series.partition("{")[0] == name and all(f'{key}="{want}"' in series for key, want in labels.items()):
                return float(value)
        return None

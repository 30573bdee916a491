"""How is a Service's address reached? What kube-proxy does in a real cluster, here in user space: one per lab.

It listens on a Service's loopback ClusterIP while a pod behind it is ready, and so refuses connections while none is.
"""

import asyncio
import contextlib
import errno
import logging
from collections.abc import Sequence
from typing import Final, NamedTuple

from andon.lab.node.api import Api, Watch
from andon.lab.node.backends import Address, routes

_CHUNK: Final = 256 * 1024
_CONNECT: Final = 2.0
"""Seconds until a pod that does not accept is passed over."""

log = logging.getLogger(__name__)


class Side(NamedTuple):
    """One end of a forwarded connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Front:
    """One Service port: a listener that hands connections round robin to its backends."""

    def __init__(self, backends: Sequence[Address]) -> None:
        self.backends = backends
        self._turn = 0
        self._server: asyncio.Server | None = None

    async def open(self, address: Address) -> None:
        """Raises OSError when the address cannot be listened on."""
        self._server = await asyncio.start_server(self._serve, address.host, address.port)

    def close(self) -> None:
        """Refuses new connections; those there are go on, as with kube-proxy."""
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if upstream := await self._connect():
            await _join(Side(reader, writer), upstream)
        writer.close()

    async def _connect(self) -> Side | None:
        for _ in range(len(self.backends)):
            backend = self.backends[self._turn % len(self.backends)]
            self._turn += 1
            with contextlib.suppress(OSError, TimeoutError):
                return Side(*await asyncio.wait_for(asyncio.open_connection(*backend), _CONNECT))
        return None


class Forwarder:
    """All Services of the cluster."""

    def __init__(self, api: Api) -> None:
        self._services = Watch(api, "/api/v1/services")
        self._pods = Watch(api, "/api/v1/pods")
        self._fronts: dict[Address, Front] = {}
        self._unavailable: set[Address] = set()
        self._moved = asyncio.Event()

    async def run(self) -> None:
        """For ever."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for watch in (self._services, self._pods):
                    tasks.create_task(self._follow(watch))
                while True:
                    await self._moved.wait()
                    self._moved.clear()
                    await self._route()
        finally:
            for front in self._fronts.values():
                front.close()

    async def _follow(self, watch: Watch) -> None:
        async for _ in watch.changes():
            self._moved.set()

    async def _route(self) -> None:
        table = routes(self._services.objects.values(), self._pods.objects.values())
        for address in self._fronts.keys() - table.keys():
            self._fronts.pop(address).close()
        for address, backends in table.items():
            if address in self._fronts:
                self._fronts[address].backends = backends
            else:
                await self._open(address, backends)

    async def _open(self, address: Address, backends: Sequence[Address]) -> None:
        front = Front(backends)
        try:
            await front.open(address)
        except OSError as error:
            if address not in self._unavailable:
                hint = "; give the Service a port from 1024 on" if error.errno == errno.EACCES else ""
                log.error("cannot listen on %s:%d: %s%s", *address, error.strerror, hint)  # noqa: TRY400  no trace: it is the user's to mend
                self._unavailable.add(address)
        else:
            self._fronts[address] = front
            self._unavailable.discard(address)


async def _join(front: Side, back: Side) -> None:
    try:
        await asyncio.gather(_pump(front.reader, back.writer), _pump(back.reader, front.writer))
    finally:
        back.writer.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(_CHUNK):
            sink.write(data)
            await sink.drain()
        sink.write_eof()
    except OSError:
        sink.close()  # one end broke off: so does the other, which ends the other direction

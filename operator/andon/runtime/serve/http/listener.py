"""Who may connect, and how does a server leave its clients? The listening sockets and all connections on them."""

import asyncio
import ssl
from collections.abc import Iterator
from typing import Final

from andon.runtime.serve.http.connection import Connection, Room
from andon.runtime.serve.http.request import Handler

MOST_CONNECTIONS: Final = 1000
LINGER: Final = 0.5
_STEP: Final = 0.02
_HANDSHAKE: Final = 10.0


class Listener:
    """One listening socket. tls: how connections are encrypted, if they are."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._tls = tls
        self._room = Room()
        self._connections: set[_Known] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> None:
        """Accept connections from now on. Raises OSError when the address cannot be had."""
        timeout = _HANDSHAKE if self._tls else None
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Known(self._handler, self._room, self._connections),
            host,
            port,
            backlog=1024,
            ssl=self._tls,
            ssl_handshake_timeout=timeout,
        )

    @property
    def port(self) -> int:
        """The port that was got, for one who asked for any."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server and self._server.sockets else 0

    def __iter__(self) -> Iterator[Connection]:
        """Those who are connected now."""
        return iter(tuple(self._connections))

    async def part_with_the_silent(self) -> None:
        """Close connections that nobody uses, for ever."""
        while True:
            await asyncio.sleep(5)
            now = asyncio.get_running_loop().time()
            for connection in self:
                connection.close_if_silent(now)

    async def leave(self, within: float) -> None:
        """Go, within so many seconds at most, and lose nothing that was asked.

        For a while whoever comes is let in and answered, and asked to go: not everybody knows yet that it is ending.
        Then nobody is let in, and who was has as long to ask, and its answer.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while loop.time() < begun + LINGER:
            for connection in self:
                connection.leave(now=False)
            await asyncio.sleep(_STEP)
        if self._server:
            self._server.close()
        while self._connections and loop.time() < begun + within:
            for connection in self:
                connection.leave(now=connection.since < loop.time() - LINGER)
            await asyncio.sleep(_STEP)


class _Known(Connection):
    """A connection that is counted. Where there are too many, the one that has been silent for longest makes room."""

    def __init__(self, handler: Handler, room: Room, connections: set["_Known"]) -> None:
        super().__init__(handler, room)
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        super().connection_made(transport)
        if len(self._connections) >= MOST_CONNECTIONS:
            silent = [connection for connection in self._connections if connection.waits]
            min(silent, key=lambda connection: connection.since, default=self).abort()
        self._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """It has gone."""
        self._connections.discard(self)
        super().connection_lost(error)

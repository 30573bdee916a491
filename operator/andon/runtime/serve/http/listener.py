"""Who may connect, and how does a server leave its clients? The listening sockets and all connections on them."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from andon.runtime.serve.http.connection import Connection, Room
from andon.runtime.serve.http.request import Handler, Refused

log = logging.getLogger(__name__)

MOST_CONNECTIONS: Final = 1000
LINGER: Final = 0.5
_STEP: Final = 0.02
_HANDSHAKE: Final = 10.0
_BACKLOG: Final = 1024
_LOOK_AGAIN: Final = 1.0


async def bound(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen, one for each address of the host. Raises OSError when one cannot be had."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = dict.fromkeys((family, address) for family, *_, address in found)
    return [socket.create_server(address, family=family, backlog=_BACKLOG) for family, address in addresses]


class Listener:
    """One listening socket. tls: how connections are encrypted, if they are. refused: what the handler never sees."""

    def __init__(self, handler: Handler, refused: Refused, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._refused = refused
        self._tls = tls
        self._room = Room()
        self._connections: set[_Known] = set()
        self._sockets: list[socket.socket] = []
        self._loop = asyncio.get_running_loop()

    async def listen(self, host: str, port: int) -> None:
        """Accept connections from now on. Raises OSError when the address cannot be had."""
        self._sockets += await bound(host, port)
        for listening in self._sockets:
            listening.setblocking(False)
            self._loop.add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        """Let in all that are there. Where the system has no room for more, look again later, not all the time."""
        try:
            for _ in range(_BACKLOG):
                self._let_in(listening.accept()[0])
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            log.warning("nobody can be let in: %s", error)
            self._loop.remove_reader(listening)
            self._loop.call_later(_LOOK_AGAIN, self._accept_again, listening)

    def _accept_again(self, listening: socket.socket) -> None:
        if listening in self._sockets:
            self._loop.add_reader(listening, self._accept, listening)

    def _let_in(self, client: socket.socket) -> None:
        """It counts from now on, though its handshake has yet to come. Where all are busy, there is no room."""
        if len(self._connections) >= MOST_CONNECTIONS:
            silent = [connection for connection in self._connections if connection.waits]
            if not silent:
                client.close()
                return
            min(silent, key=lambda connection: connection.since).abort()
        client.setblocking(False)
        known = _Known(self._handler, self._room, self._refused, self._connections)
        timeout = _HANDSHAKE if self._tls else None
        coming = self._loop.connect_accepted_socket(lambda: known, client, ssl=self._tls, ssl_handshake_timeout=timeout)
        known.coming = self._loop.create_task(coming)
        known.coming.add_done_callback(partial(self._came, known, client))

    def _came(self, known: "_Known", client: socket.socket, coming: "asyncio.Task[Any]") -> None:
        """Or not: it is forgotten."""
        if coming.cancelled() or coming.exception():
            self._connections.discard(known)
            client.close()

    def _shut(self) -> None:
        """Who is at the door is let in; nobody else."""
        for listening in self._sockets:
            self._loop.remove_reader(listening)
            self._accept(listening)
            listening.close()
        self._sockets.clear()

    @property
    def port(self) -> int:
        """The port that was got, for one who asked for any; 0 where nobody is let in."""
        return int(self._sockets[0].getsockname()[1]) if self._sockets else 0

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
        loop = self._loop
        begun = loop.time()
        while loop.time() < begun + LINGER:
            for connection in self:
                connection.leave(now=False)
            await asyncio.sleep(_STEP)
        self._shut()
        while self._connections and loop.time() < begun + within:
            for connection in self:
                connection.leave(now=connection.since < loop.time() - LINGER)
            await asyncio.sleep(_STEP)


class _Known(Connection):
    """A connection that is counted. Where there are too many, the one that has been silent for longest makes room."""

    def __init__(self, handler: Handler, room: Room, refused: Refused, connections: set["_Known"]) -> None:
        super().__init__(handler, room, refused)
        self.coming: asyncio.Task[Any] | None = None
        self._connections = connections
        connections.add(self)

    def abort(self) -> None:
        """Part with it at once, also where it is only coming; its place is free before it is told so."""
        if self.coming and not self.coming.done():
            self.coming.cancel()
        self._connections.discard(self)
        super().abort()

    def leave(self, *, now: bool) -> None:
        """The server is going; nobody waits for a handshake."""
        if now and self.coming and not self.coming.done():
            self.abort()
        else:
            super().leave(now=now)

    def connection_lost(self, error: Exception | None) -> None:
        """It has gone."""
        self._connections.discard(self)
        super().connection_lost(error)

"""How do bytes on a socket become requests, and answers bytes in the same order? HTTP/1.1 on an asyncio Protocol.

Keep-alive and pipelining as RFC 9112 has them: answers go out in the order of the requests, whichever is done first. Everything a
client can make large or slow has a bound.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, cast
from urllib.parse import unquote

import httptools
import orjson

log = logging.getLogger(__name__)

LARGEST_BODY: Final = 8 << 20
LARGEST_HEAD: Final = 64 << 10
MOST_CONNECTIONS: Final = 1000
MOST_PIPELINED: Final = 64
IDLE: Final = 75.0
SLOWEST_REQUEST: Final = 30.0
LINGER: Final = 0.5

_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}


@dataclass(slots=True)
class Request:
    """One request, whole. Header names are lower case."""

    method: str = ""
    path: str = ""
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer; JSON unless it says otherwise."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    @classmethod
    def error(cls, status: int, message: str, headers: Mapping[str, str] | None = None) -> "Response":
        """The protocol's form of an error."""
        return cls(status, orjson.dumps({"error": message}), headers or {})

    def encode(self, *, close: bool) -> bytes:
        """The bytes to send."""
        lines = [
            f"HTTP/1.1 {self.status} {_PHRASES[self.status]}",
            f"content-type: {self.content_type}",
            f"content-length: {len(self.body)}",
        ]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines.append("connection: close" if close else "connection: keep-alive")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


Respond = Callable[[Response], None]
Handler = Callable[[Request, Respond], None]


class _Exchange:
    """The place of one request in the order of answers."""

    __slots__ = ("answer", "connection", "last")

    def __init__(self, connection: "Connection", *, last: bool) -> None:
        self.connection = connection
        self.last = last
        self.answer: Response | None = None

    def __call__(self, response: Response) -> None:
        self.answer = response
        self.connection.flush()


class _RefusedError(Exception):
    """Stops the parser in the middle of a request that will not be read further."""


class Connection(asyncio.Protocol):
    """One client. The methods named on_… are what httptools calls."""

    def __init__(self, handler: Handler, connections: set["Connection"]) -> None:
        self._handler = handler
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._pending: deque[_Exchange] = deque()
        self._request: Request | None = None
        self._url = b""
        self._body = bytearray()
        self._head = 0
        self._thrown_away = 0
        self._refusal: Response | None = None
        self._ended = False
        self._leaving = False
        self._clogged = False
        self._since = self._loop.time()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come; too many are sent away."""
        self._transport = cast(asyncio.Transport, transport)
        if len(self._connections) >= MOST_CONNECTIONS:
            self._transport.abort()
            return
        self._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """It has gone; what is still being answered is answered to nobody."""
        del error
        self._connections.discard(self)
        self._transport = None
        self._pending.clear()

    def pause_writing(self) -> None:
        """It does not read its answers: read no more of its requests."""
        self._clogged = True
        if self._transport:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        self._clogged = False
        self._read_on()

    def data_received(self, data: bytes) -> None:
        """Bytes came in."""
        if self._ended:
            self._throw_away(data)
            return
        self._head += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._ended = True
        except httptools.HttpParserError as error:
            self._refuse(self._refusal or Response.error(400, f"not an HTTP request: {error}"))
        else:
            self._hold_back()

    def _hold_back(self) -> None:
        if self._head > LARGEST_HEAD:
            self._refuse(Response.error(431, f"the request's head is larger than {LARGEST_HEAD} bytes"))
        elif len(self._pending) >= MOST_PIPELINED and self._transport:
            self._transport.pause_reading()

    def _refuse(self, response: Response) -> None:
        """Answer and read no further, but let the client read the answer before it finds its own sending cut off."""
        self._ended, self._refusal = True, response
        exchange = _Exchange(self, last=True)
        self._pending.append(exchange)
        exchange(response)

    def _throw_away(self, data: bytes) -> None:
        self._thrown_away += len(data)
        if self._thrown_away > 4 * LARGEST_BODY and self._transport:
            self._transport.abort()

    def on_message_begin(self) -> None:
        """The next request begins; from now on it has its time, however slowly its bytes drip in."""
        self._since = self._loop.time()
        self._request, self._url, self._body = Request(), b"", bytearray()

    def on_url(self, url: bytes) -> None:
        """A part of the request's target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One whole header."""
        if self._request:
            self._request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The head is whole: refuse a large body before it is sent."""
        self._head = 0
        headers = self._request.headers if self._request else {}
        self._check_body(int(headers.get("content-length", 0)))
        if headers.get("expect", "").lower() == "100-continue" and not self._pending and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._head = 0
        self._body += body
        self._check_body(len(self._body))

    def _check_body(self, size: int) -> None:
        if size > LARGEST_BODY:
            self._refusal = Response.error(413, f"the body is larger than {LARGEST_BODY} bytes; send fewer rows at a time")
            raise _RefusedError

    def on_message_complete(self) -> None:
        """The request is whole: give it its place in the order and hand it over."""
        request, self._request, self._head = self._request, None, 0
        if request is None or self._ended:
            return
        path, _, request.query = self._url.decode("latin-1").partition("?")
        request.path, request.method, request.body = unquote(path), self._parser.get_method().decode(), bytes(self._body)
        goes_on = self._parser.should_keep_alive() and not self._parser.should_upgrade() and not self._leaving
        self._ended = not goes_on
        exchange = _Exchange(self, last=not goes_on)
        self._pending.append(exchange)
        try:
            self._handler(request, exchange)
        except Exception:
            log.exception("a request failed path=%s", request.path)
            exchange(Response.error(500, "the server failed on this request; its log says how"))

    def flush(self) -> None:
        """Send the answers that are due: those before the first that is still being worked on."""
        due, last = [], False
        while self._pending and (answer := self._pending[0].answer) is not None:
            last = self._pending.popleft().last
            due.append(answer.encode(close=last))
        if self._transport is None or not due:
            return
        self._transport.write(b"".join(due))
        self._since = self._loop.time()
        if not last:
            self._read_on()
        elif self._refusal:
            self._transport.write_eof()
        else:
            self._transport.close()

    def _read_on(self) -> None:
        if self._transport and not self._clogged and len(self._pending) < MOST_PIPELINED and not self._transport.is_closing():
            self._transport.resume_reading()

    def close_if_silent(self, now: float) -> None:
        """Part with a client that asks nothing, or does not finish asking. now: the event loop's time."""
        limit = SLOWEST_REQUEST if self._request or self._ended else IDLE
        if not self._pending and now - self._since > limit and self._transport:
            self._transport.abort()

    def leave(self, *, now: bool) -> None:
        """The server is going: close after the next answer, or now if nothing is being asked."""
        self._leaving = True
        if self._pending:
            self._ended, self._pending[-1].last = True, True
        elif now and self._request is None and self._transport:
            self._transport.close()


class Listener:
    """The listening socket and its connections."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> None:
        """Accept connections from now on. Raises OSError when the address cannot be had."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self._handler, self._connections), host, port, backlog=1024)

    @property
    def port(self) -> int:
        """The port that was got, for one who asked for any."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else 0

    async def part_with_the_silent(self) -> None:
        """Close connections that nobody uses, for ever."""
        while True:
            await asyncio.sleep(5)
            now = asyncio.get_running_loop().time()
            for connection in tuple(self._connections):
                connection.close_if_silent(now)

    async def leave(self, within: float) -> None:
        """Accept nothing more, finish what was asked, for at most so many seconds.

        A quiet connection stays open for a moment: its next request may be on the way, and closing would lose it.
        """
        if self._server is None:
            return
        self._server.close()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while self._connections and loop.time() < begun + within:
            for connection in tuple(self._connections):
                connection.leave(now=loop.time() > begun + LINGER)
            await asyncio.sleep(0.02)

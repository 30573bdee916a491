"""How do bytes on a socket become requests, and answers bytes in the same order? HTTP/1.1 on an asyncio Protocol.

Keep-alive and pipelining as RFC 9112 has them: answers go out in the order of the requests, whichever is done first. Everything a
client can make large or slow has a bound.
"""

import asyncio
import logging
from collections import deque
from functools import lru_cache
from typing import Final, cast
from urllib.parse import unquote

import httptools

from andon.runtime.serve.http.request import Handler, Refused, Request, Response

log = logging.getLogger(__name__)

LARGEST_BODY: Final = 8 << 20
LARGEST_HEAD: Final = 64 << 10
MOST_UNREAD: Final = 32 << 20
MOST_UNSENT: Final = 32 << 20
MOST_PIPELINED: Final = 64
IDLE: Final = 75.0
SLOWEST_REQUEST: Final = 30.0


class Room:
    """How much is held for clients that are slow, by all connections together; who gives way where it is too much.

    Of bodies that are still coming in, not who comes next: of those who hold more than their share, the one that has been at it
    for longest. Of answers that are not read, the one whose client stopped reading first.
    """

    def __init__(self) -> None:
        self.taken = 0
        self._held: dict[Connection, int] = {}
        self._clogged: dict[Connection, None] = {}

    def hold(self, holder: "Connection", size: int) -> None:
        """It holds so many bytes now; somebody, maybe the holder, may have to give way."""
        self.taken += size - self._held.get(holder, 0)
        self._held[holder] = size
        while self.taken > MOST_UNREAD:
            share = self.taken / len(self._held)
            large = [each for each, held in self._held.items() if held >= share]
            min(large, key=lambda each: each.since).give_way()

    def give_back(self, holder: "Connection") -> None:
        """It holds nothing any more."""
        self.taken -= self._held.pop(holder, 0)

    def clog(self, holder: "Connection") -> None:
        """Its client does not read, and there is something more for it."""
        self._clogged[holder] = None
        while len(self._clogged) > 1 and sum(each.unsent for each in self._clogged) > MOST_UNSENT:
            next(iter(self._clogged)).abort()

    def unclog(self, holder: "Connection") -> None:
        """Its client reads again, or has gone."""
        self._clogged.pop(holder, None)


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

    def __init__(self, handler: Handler, room: Room, refused: Refused) -> None:
        self._handler = handler
        self._refused = refused
        self._room = room
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._pending: deque[_Exchange] = deque()
        self._request: Request | None = None
        self._url = b""
        self._body: list[bytes] = []
        self._held = 0
        self._head = 0
        self._thrown_away = 0
        self._refusal: Response | None = None
        self._ended = False
        self._leaving = False
        self._clogged = False
        self._transport: asyncio.Transport | None = None
        self.since = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        """It has gone; what is still being answered is answered to nobody."""
        del error
        self._forget_body()
        self._room.unclog(self)
        self._transport = None
        self._pending.clear()

    def pause_writing(self) -> None:
        """It does not read its answers: read no more of its requests."""
        self._clogged = True
        self._room.clog(self)
        if self._transport:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        self._clogged = False
        self._room.unclog(self)
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
            if not self._ended:
                self._refuse(self._refusal or Response.error(400, f"not an HTTP request: {error}"))
        else:
            self._hold_back()

    def _hold_back(self) -> None:
        if self._held:  # a body that came whole in one piece takes no room
            self._room.hold(self, self._held)
        if self._head > LARGEST_HEAD:
            self._refuse(Response.error(431, f"the request's head is larger than {LARGEST_HEAD} bytes"))
        elif len(self._pending) >= MOST_PIPELINED and self._transport:
            self._transport.pause_reading()

    def _refuse(self, response: Response) -> None:
        """Answer and read no further, but let the client read the answer before it finds its own sending cut off."""
        if self._request:
            self._refused(_target.__wrapped__(self._url)[0], response.status, self._loop.time() - self.since)
        self._forget_body()
        self._ended, self._refusal = True, response
        exchange = _Exchange(self, last=True)
        self._pending.append(exchange)
        exchange(response)

    def give_way(self) -> None:
        """Others need the room that its unfinished body takes."""
        text = "the body is not here yet, and others need the room; ask again later, or send fewer rows at a time"
        self._refuse(Response.error(503, text, b"retry-after: 1\r\n"))

    def _throw_away(self, data: bytes) -> None:
        self._thrown_away += len(data)
        if self._thrown_away > 4 * LARGEST_BODY and self._transport:
            self._transport.abort()

    def on_message_begin(self) -> None:
        """The next request begins; from now on it has its time, however slowly its bytes drip in."""
        self.since = self._loop.time()
        self._request, self._url = Request(), b""

    def on_url(self, url: bytes) -> None:
        """A part of the request's target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One whole header."""
        if self._request:
            self._request.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """The head is whole: refuse a large body before it is sent."""
        self._head = 0
        headers = self._request.headers if self._request else {}
        self._check_body(int(headers.get(b"content-length", 0)))
        if headers.get(b"expect", b"").lower() == b"100-continue" and not self._pending and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._head = 0
        self._body.append(body)
        self._held += len(body)
        self._check_body(self._held)

    def _check_body(self, size: int) -> None:
        if size > LARGEST_BODY:
            self._refusal = Response.error(413, f"the body is larger than {LARGEST_BODY} bytes; send fewer rows at a time")
            raise _RefusedError

    def _forget_body(self) -> bytes:
        """The body so far, which is no longer held here."""
        whole = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._room.give_back(self)
        self._body, self._held = [], 0
        return whole

    def on_message_complete(self) -> None:
        """The request is whole: give it its place in the order and hand it over."""
        request, self._request, self._head = self._request, None, 0
        if request is None or self._ended:
            return
        request.path, request.query = _target(self._url) if len(self._url) <= 256 else _target.__wrapped__(self._url)
        request.method, request.body = self._parser.get_method(), self._forget_body()
        goes_on = self._parser.should_keep_alive() and not self._parser.should_upgrade() and not self._leaving
        goes_on = goes_on and request.method != b"HEAD"  # a refusal has a body, which who asked for a head does not read
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
        self._transport.write(due[0] if len(due) == 1 else b"".join(due))
        if self._clogged:
            self._room.clog(self)
        self.since = self._loop.time()
        if not last:
            self._read_on()
        elif self._refusal and self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def _read_on(self) -> None:
        if self._transport and not self._clogged and len(self._pending) < MOST_PIPELINED and not self._transport.is_closing():
            self._transport.resume_reading()

    @property
    def unsent(self) -> int:
        """Bytes of answers that wait for its client to read."""
        return self._transport.get_write_buffer_size() if self._transport else 0

    @property
    def waits(self) -> bool:
        """Whether the next step is the client's, not the server's."""
        return not self._pending

    def close_if_silent(self, now: float) -> None:
        """Part with a client that asks nothing, or does not finish asking. now: the event loop's time."""
        limit = SLOWEST_REQUEST if self._request or self._ended else IDLE
        if not self.waits or now - self.since <= limit:
            return
        if self._request and not self._ended:
            self._refuse(Response.error(408, f"the request was not here within {limit:g} s; send it faster, or in parts"))
        else:
            self.abort()

    def abort(self) -> None:
        """Part with it at once."""
        self._room.unclog(self)
        if self._transport:
            self._transport.abort()

    def leave(self, *, now: bool) -> None:
        """The server is going: close after the next answer, or now if nothing is being asked."""
        self._leaving = True
        if self._pending:
            self._ended, self._pending[-1].last = True, True
        elif now and self._request is None and self._transport:
            self._transport.close()


@lru_cache(256)
def _target(url: bytes) -> tuple[str, str]:
    """Path and query."""
    path, _, query = url.decode("latin-1").partition("?")
    return unquote(path), query

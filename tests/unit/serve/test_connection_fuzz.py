"""Whatever bytes come in, in whatever pieces: a connection answers with whole answers, or refuses and closes."""

import asyncio
import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from andon.runtime.serve.http.connection import Connection, Room
from andon.runtime.serve.http.request import Response


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self):
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data):
        self.written += data

    def is_closing(self):
        return self.closed

    def close(self):
        self.closed = True

    abort = write_eof = close

    def can_write_eof(self):
        return True

    def pause_reading(self):
        pass

    resume_reading = pause_reading


REQUEST = b"POST /v2/models/m/infer?x=%20 HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\nbody"
CHUNKED = b"POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
PIECES = st.lists(
    st.binary(max_size=40) | st.sampled_from([REQUEST, CHUNKED, REQUEST[:30], REQUEST[30:], b"\r\n\r\n", b"HEAD "]), max_size=6
)


def answered(pieces):
    """The statuses that are answered, and whether all that was held has been let go of."""

    async def feed():
        wire, room, bodies = Wire(), Room(), []

        def handler(request, respond):
            bodies.append(request.body)
            respond(Response(200, b"{}"))

        connection = Connection(handler, room, lambda *_: None)
        connection.connection_made(wire)
        for piece in pieces:
            connection.data_received(piece)
        connection.connection_lost(None)
        return wire.written, room.taken, bodies

    written, held, bodies = asyncio.run(feed())
    return [int(status) for status in re.findall(rb"HTTP/1.1 (\d{3}) ", written)], held, bodies


@given(PIECES)
def test_any_bytes_are_answered_or_refused_and_nothing_stays_held(pieces):
    statuses, held, bodies = answered(pieces)
    assert held == 0
    assert statuses.count(200) == len(bodies)
    assert all(status == 200 or 400 <= status < 500 for status in statuses)
    assert sum(status != 200 for status in statuses) <= 1, "the first refusal is the last answer"


@given(st.lists(st.integers(1, len(REQUEST) * 3 - 1), max_size=8))
def test_three_requests_are_the_same_however_they_are_cut(cuts):
    whole, ends = REQUEST * 3, sorted({0, *cuts, len(REQUEST) * 3})
    assert answered([whole[a:b] for a, b in pairwise(ends)]) == ([200] * 3, 0, [b"body"] * 3)

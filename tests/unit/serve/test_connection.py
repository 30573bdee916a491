"""HTTP as clients really speak it: kept alive, pipelined, torn apart, too large, or not HTTP at all."""

import asyncio
import contextlib

import pytest

from andon.runtime.serve.guard import TlsFiles
from andon.runtime.serve.http import connection, listener
from andon.runtime.serve.http.listener import Listener
from andon.runtime.serve.http.request import Response
from integration.serve.test_access import certificate, unchecked


@pytest.fixture
async def server(monkeypatch):
    """Answers each request with its path; /slow only when `release` is set."""
    release = asyncio.Event()
    waiting = set()

    async def later(request, respond):
        await release.wait()
        respond(Response(200, request.path.encode()))

    def handler(request, respond):
        if request.path == "/broken":
            raise RuntimeError("a defect")
        if request.path == "/slow":
            task = asyncio.create_task(later(request, respond))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        else:
            respond(Response(200, f"{request.method.decode()} {request.path}?{request.query} ".encode() + request.body))

    made = Listener(handler, lambda *told: made.refused.append(told))
    made.refused = []
    made.release = release
    await made.listen("127.0.0.1", 0)
    yield made
    release.set()
    monkeypatch.setattr(listener, "LINGER", 0.0)
    await made.leave(1.0)


class Client:
    """A socket with a way to read answers one at a time."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self):
        """Status and body of the next answer."""
        async with asyncio.timeout(5):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            length = next((int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("content-length")), 0)
            return int(head.split()[1]), await self.reader.readexactly(length)

    async def is_closed(self):
        async with asyncio.timeout(5):
            return await self.reader.read(1) == b""


@pytest.fixture
async def client(server):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    yield Client(reader, writer)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


def get(path, *headers):
    return "\r\n".join([f"GET {path} HTTP/1.1", "host: h", *headers, "", ""]).encode()


async def test_a_connection_is_kept_for_the_next_request(client):
    for path in ("/a", "/b?x=1"):
        await client.send(get(path))
        status, body = await client.answer()
        assert (status, body.decode()) == (200, f"GET {path if '?' in path else path + '?'} ")


async def test_pipelined_answers_come_in_the_order_of_the_requests(client, server):
    await client.send(get("/slow") + get("/fast"))
    await client.send(get("/faster"))
    server.release.set()
    assert [(await client.answer())[1] for _ in range(3)] == [b"/slow", b"GET /fast? ", b"GET /faster? "]


async def test_a_flood_of_pipelined_requests_is_answered_whole(client):
    sending = asyncio.create_task(client.send(b"".join(get(f"/{i}") for i in range(3000))))
    assert [(await client.answer())[1] for i in range(3000)] == [f"GET /{i}? ".encode() for i in range(3000)]
    await sending


async def test_a_request_may_come_byte_by_byte(client):
    for byte in b"POST /p HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\nxyz":
        await client.send(bytes([byte]))
    assert await client.answer() == (200, b"POST /p? xyz")


async def test_a_chunked_body_is_put_together(client):
    await client.send(b"POST /p HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
    assert await client.answer() == (200, b"POST /p? abc")


async def test_a_client_that_asks_first_is_told_to_go_on(client):
    await client.send(b"POST /p HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\nexpect: 100-continue\r\n\r\n")
    assert (await client.answer())[0] == 100
    await client.send(b"x")
    assert await client.answer() == (200, b"POST /p? x")


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(get("/a", "connection: close"), id="asked to close"),
        pytest.param(b"GET /a HTTP/1.0\r\n\r\n", id="HTTP/1.0"),
        pytest.param(get("/a", "connection: upgrade", "upgrade: h2c"), id="an upgrade that is not taken"),
    ],
)
async def test_a_connection_is_closed_after_the_answer(client, request_):
    await client.send(request_)
    assert await client.answer() == (200, b"GET /a? ")
    assert await client.is_closed()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"\x16\x03\x01 hello\r\n\r\n", 400, id="TLS or noise"),
        pytest.param(b"POST /p HTTP/1.1\r\nhost: h\r\ncontent-length: x\r\n\r\n", 400, id="a length that is none"),
        pytest.param(
            f"POST /p HTTP/1.1\r\nhost: h\r\ncontent-length: {10**9}\r\n\r\n".encode(), 413, id="a body too large, announced"
        ),
        pytest.param(b"GET /" + b"a" * 400_000, 431, id="an endless line"),
    ],
)
async def test_what_is_refused_is_answered_and_then_closed(client, sent, status):
    await client.send(sent)
    assert (await client.answer())[0] == status
    assert await client.is_closed()


async def test_a_body_that_grows_too_large_is_refused(client, monkeypatch):
    monkeypatch.setattr(connection, "LARGEST_BODY", 1000)
    await client.send(
        b"POST /p HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
        + b"3e8\r\n"
        + b"x" * 1000
        + b"\r\n3e8\r\n"
        + b"x" * 1000
    )
    assert (await client.answer())[0] == 413


async def test_who_asks_for_a_head_is_answered_and_parted_with(client):
    await client.send(b"HEAD /a HTTP/1.1\r\nhost: h\r\n\r\n")
    assert (await client.answer())[0] == 200
    assert await client.is_closed()


def a_part_of(length, sent):
    return f"POST /p HTTP/1.1\r\nhost: h\r\ncontent-length: {length}\r\n\r\n".encode() + b"x" * sent


@contextlib.asynccontextmanager
async def others(server, count):
    """More clients."""
    clients = [Client(*await asyncio.open_connection("127.0.0.1", server.port)) for _ in range(count)]
    yield clients
    for each in clients:
        each.writer.close()


async def held(server, size):
    async with asyncio.timeout(5):
        while server._room.taken != size:  # noqa: ASYNC110 - what a connection took is nobody's event
            await asyncio.sleep(0)


async def test_where_bodies_take_too_much_room_the_large_one_that_began_first_gives_way(client, server, monkeypatch):
    monkeypatch.setattr(connection, "MOST_UNREAD", 1000)
    async with others(server, 4) as (small, first, second, newcomer):
        sizes = ((small, 10, 5), (first, 500, 480), (second, 500, 490))
        for i, (each, length, sent) in enumerate(sizes, 1):
            await each.send(a_part_of(length, sent))
            await held(server, sum(sent for _, _, sent in sizes[:i]))
        await newcomer.send(a_part_of(400, 399))
        assert (await first.answer())[0] == 503
        await held(server, 5 + 490 + 399)
        await client.send(a_part_of(20, 20))
        for each, missing in ((small, 5), (second, 10), (newcomer, 1), (client, 0)):
            await each.send(b"x" * missing)
            assert (await each.answer())[0] == 200
        assert server._room.taken == 0


async def test_a_body_that_comes_whole_takes_no_room(client, server, monkeypatch):
    monkeypatch.setattr(connection, "MOST_UNREAD", 10)
    await client.send(a_part_of(20, 20))
    assert (await client.answer())[0] == 200
    assert server._room.taken == 0


async def test_a_large_body_that_comes_in_slowest_gives_way_itself(client, server, monkeypatch):
    monkeypatch.setattr(connection, "MOST_UNREAD", 1000)
    await client.send(a_part_of(5000, 1100) + get("/never"))
    status, answer = await client.answer()
    assert (status, b"send fewer rows" in answer) == (503, True)
    assert await client.is_closed()
    assert server._room.taken == 0


async def test_of_those_who_do_not_read_their_answers_the_first_gives_way(client, server, monkeypatch):
    monkeypatch.setattr(connection, "MOST_UNSENT", 8 << 20)
    async with others(server, 3) as mute:
        for each in mute:
            each.writer.transport.pause_reading()
            before = {one for one in server if one.unsent}
            await each.send(a_part_of(8 << 20, 8 << 20))
            async with asyncio.timeout(20):
                while not {one for one in server if one.unsent} - before:  # noqa: ASYNC110 - what a client reads is nobody's event
                    await asyncio.sleep(0.001)
        assert 0 < sum(one.unsent for one in server) <= 8 << 20
        mute[-1].writer.transport.resume_reading()
        assert (await mute[-1].answer())[0] == 200
        mute[0].writer.transport.resume_reading()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await mute[0].reader.readexactly(8 << 20)


async def test_where_there_are_too_many_the_longest_silent_makes_room(client, server, monkeypatch):
    await client.send(get("/a"))
    await client.answer()
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 1)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    newcomer = Client(reader, writer)
    await newcomer.send(get("/b"))
    assert (await newcomer.answer())[0] == 200
    with contextlib.suppress(ConnectionResetError):
        assert await client.is_closed()
    writer.close()


async def test_who_does_not_finish_its_handshake_counts_and_makes_room(tmp_path, monkeypatch):
    monkeypatch.setattr(listener, "MOST_CONNECTIONS", 2)
    certificate(tmp_path, 1)
    made = Listener(
        lambda request, respond: respond(Response(200, b"ok")),
        lambda *_: None,
        TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key").context(),
    )
    await made.listen("127.0.0.1", 0)
    async with others(made, 4) as mute:
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port, ssl=unchecked())
        good = Client(reader, writer)
        await good.send(get("/a"))
        assert (await good.answer())[0] == 200
        for each in mute[:3]:
            with contextlib.suppress(ConnectionResetError):
                assert await each.is_closed()
        assert len(list(made)) == 2
        writer.close()
    monkeypatch.setattr(listener, "LINGER", 0.0)
    await made.leave(1.0)


async def test_a_defect_is_a_500_and_the_server_goes_on(client):
    await client.send(get("/broken") + get("/a"))
    assert (await client.answer())[0] == 500
    assert await client.answer() == (200, b"GET /a? ")


async def test_leaving_answers_what_was_asked_and_then_closes(client, server):
    await client.send(get("/slow"))
    leaving = asyncio.create_task(server.leave(5.0))
    await asyncio.sleep(0.1)
    server.release.set()
    assert await client.answer() == (200, b"/slow")
    assert await client.is_closed()
    await leaving


async def test_whoever_is_let_in_while_the_server_leaves_is_answered(server, monkeypatch):
    monkeypatch.setattr(listener, "LINGER", 0.4)
    leaving = asyncio.create_task(server.leave(5.0))
    await asyncio.sleep(0.2)
    async with others(server, 2) as (prompt, late):
        await prompt.send(get("/a"))
        assert (await prompt.answer())[0] == 200
        while server.port:  # noqa: ASYNC110 - that a port is closed is nobody's event
            await asyncio.sleep(0.01)
        await late.send(get("/b"))
        assert await late.answer() == (200, b"GET /b? ")
        assert await late.is_closed()
    await leaving


async def test_a_silent_client_is_parted_with(client, server, monkeypatch):
    await client.send(get("/a"))
    await client.answer()
    monkeypatch.setattr(connection, "IDLE", -1.0)
    for each in server:
        each.close_if_silent(asyncio.get_running_loop().time())
    with contextlib.suppress(ConnectionResetError):
        assert await client.is_closed()


async def test_a_request_that_drips_in_is_cut_off_though_it_never_falls_silent(server, client, monkeypatch):
    monkeypatch.setattr(connection, "SLOWEST_REQUEST", 0.2)
    for byte in (b"G", b"E", b"T", b" ", b"/"):
        await client.send(byte)
        await asyncio.sleep(0.1)
    for each in server:
        each.close_if_silent(asyncio.get_running_loop().time())
    status, told = await client.answer()
    assert (status, b"not here within 0.2 s" in told) == (408, True)
    assert await client.is_closed()


async def test_what_is_refused_before_it_is_whole_is_told_to_who_counts(client, server, monkeypatch):
    monkeypatch.setattr(connection, "LARGEST_BODY", 1000)
    await client.send(b"POST /p%20q?x=1 HTTP/1.1\r\nhost: h\r\ncontent-length: 1001\r\n\r\n")
    assert (await client.answer())[0] == 413
    assert [(path, status) for path, status, seconds in server.refused if seconds < 5] == [("/p q", 413)]

"""A server in front of a server, that cuts the line at one chosen write."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class Line(ThreadingHTTPServer):
    """Hands requests on. The write number ``cut_at`` (from 1) is lost: on the way there, or on the way back."""

    daemon_threads = True

    def __init__(self, uri: str, cut_at: int, on_the_way_back: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Hand)
        self.origin = urlsplit(uri).netloc
        self.cut_at = cut_at
        self.on_the_way_back = on_the_way_back
        self.writes: list[str] = []

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Hand(BaseHTTPRequestHandler):
    server: Line

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.command != "GET":
            self.server.writes.append(self.path)
        cut = self.command != "GET" and len(self.server.writes) == self.server.cut_at
        self.close_connection = True
        if cut and not self.server.on_the_way_back:
            return
        origin = http.client.HTTPConnection(self.server.origin, timeout=20)
        origin.request(self.command, self.path, body, {k: v for k, v in self.headers.items() if k.lower() != "host"})
        answer = origin.getresponse()
        content = answer.read()
        origin.close()
        if cut:
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _hand_on  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """The test says what went wrong."""


@contextmanager
def line(uri: str, cut_at: int, on_the_way_back: bool) -> Iterator[Line]:
    """A line to this server for as long as the block runs."""
    with Line(uri, cut_at, on_the_way_back) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(timeout=5)

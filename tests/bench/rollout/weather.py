"""What stands between Prometheus and who asks it: nothing, or one of the ways in which it is ill.

A proxy in front of the real one. Whoever asks has a path of their own, so that each is ill at a time of its own.
"""

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

_LONGEST: Final = 600.0


class Illness(StrEnum):
    """How Prometheus is ill."""

    AWAY = "away"
    """It accepts connections and answers nobody, as a frozen process does."""
    NAN = "NaN"
    """Every number is NaN: 0/0 of a counter that stands still."""
    EMPTY = "empty"
    """No query finds a series: a relabelling, a renamed metric, an exporter that died."""
    STALE = "stale"
    """Every answer is that of the moment it began: a dead exporter behind a gateway that goes on showing its last numbers."""


@dataclass
class Weather:
    """Whose answers are ill now, and how. Paths are names: `URL/NAME` is Prometheus as NAME gets it."""

    prometheus: str
    asked: dict[str, int] = field(default_factory=dict)
    _ill: dict[str, tuple[Illness, float, threading.Event]] = field(default_factory=dict)

    @property
    def _host(self) -> str:
        return urllib.parse.urlsplit(self.prometheus).hostname or ""

    def url(self, name: str) -> str:
        """Where this one asks."""
        return f"http://{self._host}:{self._server.server_port}/{name}"

    def __enter__(self) -> "Weather":
        self._server = ThreadingHTTPServer((self._host, 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="weather", daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        for _, _, over in self._ill.values():
            over.set()
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def ill(self, illness: Illness, *names: str) -> Iterator[None]:
        """For these, for as long as the block lasts."""
        over = threading.Event()
        self._ill.update({name: (illness, time.time(), over) for name in names})
        try:
            yield
        finally:
            for name in names:
                del self._ill[name]
            over.set()

    def answer(self, name: str, path: str, asked: dict[str, list[str]]) -> tuple[int, bytes] | None:
        """Status and body, or None when nobody answers."""
        self.asked[name] = self.asked.get(name, 0) + 1
        found = self._ill.get(name)
        if found is None:
            return self._forward(path, asked)
        illness, since, over = found
        if illness is Illness.AWAY:
            over.wait(_LONGEST)
            return None
        answer = self._forward(path, {**asked, "time": [f"{since:.3f}"]} if illness is Illness.STALE else asked)
        return (200, _changed(answer[1], illness)) if answer and answer[0] == 200 else answer

    def _forward(self, path: str, asked: dict[str, list[str]]) -> tuple[int, bytes] | None:
        query = urllib.parse.urlencode(asked, doseq=True)
        try:
            with urllib.request.urlopen(f"{self.prometheus}/{path}?{query}", timeout=10) as found:  # noqa: S310 - the lab's own address
                return found.status, found.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return None


def _changed(body: bytes, illness: Illness) -> bytes:
    """An instant query's answer, made ill."""
    told: dict[str, Any] = json.loads(body)
    data = told.get("data")
    if isinstance(data, dict) and data.get("resultType") == "vector":
        nan = [{**series, "value": [series["value"][0], "NaN"]} for series in data["result"]]
        data["result"] = {Illness.NAN: nan, Illness.EMPTY: []}.get(illness, data["result"])
    return json.dumps(told).encode()


def _handler(weather: Weather) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._tell(urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query))

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self._tell(urllib.parse.parse_qs(self.rfile.read(length).decode()))

        def _tell(self, asked: dict[str, list[str]]) -> None:
            name, _, path = urllib.parse.urlsplit(self.path).path.lstrip("/").partition("/")
            answer = weather.answer(name, path, asked)
            self.close_connection = answer is None
            if answer is None:
                return
            self.send_response(answer[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler

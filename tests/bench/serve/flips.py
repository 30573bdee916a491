"""Does anybody notice when another revision takes over? A thousand flips under load, and how long each takes.

A flip begins where the file of orders is replaced, and is over with the first answer of the wanted revision. A prober of its own
reads the revision of every answer, beside sixteen connections of load.
"""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Final

from . import cases, contenders
from .contenders import Serving
from .load import Window
from .models import Model
from .rounds import Bench

FLIPS: Final = 1000
LOADED_WITHIN: Final = 10.0


@dataclass(frozen=True, slots=True)
class Flips:
    """times_ms: of each. window: the load beside them. probes_failed: of the prober's own requests."""

    times_ms: list[float]
    window: Window
    probes: int
    probes_failed: int

    @property
    def failed(self) -> int:
        """Of all requests."""
        return self.window.failed + self.probes_failed


def measure(bench: Bench, serving: Serving, other: Model, count: int) -> Flips:
    """Flip between the model that is served and another. Raises RuntimeError when a flip never comes."""
    target = serving.target(cases.MANY)
    with _probing(serving) as prober, bench.load.beside(target, cases.MANY.connections, 60.0 + count) as seen:
        turns = cycle((other, serving.model))
        _flip(
            prober, serving.folder, next(turns)
        )  # the first two load and are not counted: a revert is of what was loaded before
        for _ in range(2):  # the first flip loads: it is no revert
            _flip(prober, serving.folder, next(turns))
        times = [_flip(prober, serving.folder, model) for model, _ in zip(turns, range(count), strict=False)]
    return Flips([1000 * t for t in times], seen[0], prober.answers, prober.failed)


def _flip(prober: "_Prober", folder: Path, model: Model) -> float:
    """Seconds from the order to the first answer of its model. Raises RuntimeError when the other one answers again after it."""
    text, ordered = contenders.orders(model), time.monotonic()
    contenders.write(text, folder)
    answered = prober.wait_for(model.version, LOADED_WITHIN)
    if answered < ordered:
        raise RuntimeError(f"version {model.version} answered before it was ordered: the last flip was not over")
    return answered - ordered


class _Prober:
    """Asks over one connection, again and again, and keeps which version answered since when."""

    def __init__(self, serving: Serving) -> None:
        self._port, self._path = serving.ports.http, serving.contender.path
        self._body = serving.contender.body(1, cases.Form.JSON).content
        self._news = threading.Condition()
        self._version, self._since = "", 0.0
        self._ended = False
        self.answers = self.failed = 0

    def run(self) -> None:
        """Until end()."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        while not self._ended:
            try:
                connection.request("POST", self._path, self._body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException):
                self.failed += 1
                connection.close()
                continue
            self._saw(response)
        connection.close()

    def end(self) -> None:
        """Stop after the request under way."""
        self._ended = True

    def wait_for(self, version: str, within: float) -> float:
        """When it began to answer. Raises RuntimeError when it does not."""
        with self._news:
            if not self._news.wait_for(lambda: self._version == version, within):
                raise RuntimeError(f"version {version} did not answer within {within} s; {self._version!r} still does")
            return self._since

    def _saw(self, response: http.client.HTTPResponse) -> None:
        self.answers += 1
        if response.status != 200:
            self.failed += 1
            return
        version = (response.getheader("andon-revision") or "").partition("/")[0]
        if version != self._version:
            with self._news:
                self._version, self._since = version, time.monotonic()
                self._news.notify_all()


@contextmanager
def _probing(serving: Serving) -> Iterator[_Prober]:
    prober = _Prober(serving)
    thread = threading.Thread(target=prober.run, name="prober")
    thread.start()
    try:
        yield prober
    finally:
        prober.end()
        thread.join(30)

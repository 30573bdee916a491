"""Does anybody notice when another revision takes over? A thousand flips under load, and how long each takes.

A flip begins where the file of orders is replaced, and is over at the server where its line-up has changed, by its own
acknowledgement. Beside sixteen connections of load a prober reads the revision of every answer: it sees a flip later, by the
request under way and by its own turn on a core that the load fills.
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

from andon.api.slots import config_hash

from . import cases, contenders
from .contenders import Serving
from .load import Window
from .models import Model
from .rounds import Bench

FLIPS: Final = 1000
LOADED_WITHIN: Final = 10.0


@dataclass(frozen=True, slots=True)
class Flips:
    """Of each, in milliseconds: until the line-up had changed, and until the prober had an answer of the other revision.

    window: the load beside them. probes_failed: of the prober's own requests.
    """

    changed_ms: list[float]
    answered_ms: list[float]
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
        turns = cycle(((other, serving.model), (serving.model, other)))
        _flip(prober, serving.folder, *next(turns))  # loads, and is not counted: a revert is to what was loaded before
        times = [_flip(prober, serving.folder, *models) for models, _ in zip(turns, range(count), strict=False)]
    changed, answered = ([1000 * t for t in each] for each in zip(*times, strict=True))
    return Flips(changed, answered, seen[0], prober.answers, prober.failed)


def _flip(prober: "_Prober", folder: Path, stable: Model, reference: Model) -> tuple[float, float]:
    """Seconds until the line-up had changed, and until it answered. Raises RuntimeError when the former one answers after it."""
    text = contenders.orders(stable, reference=reference)
    ordered = contenders.write(text, folder)
    answered = prober.wait_for(stable.version, LOADED_WITHIN)
    if answered < ordered:
        raise RuntimeError(f"version {stable.version} answered before it was ordered: the last flip was not over")
    return _changed(folder, text, stable) - ordered, answered - ordered


def _changed(folder: Path, text: str, stable: Model) -> float:
    """When the server obeyed these orders, in seconds since the epoch. Raises RuntimeError when it does not say so."""
    until = time.monotonic() + LOADED_WITHIN
    while time.monotonic() < until:
        ack = contenders.acknowledged(folder)
        if ack and ack.config_hash == config_hash(text) and ack.stable and ack.stable.version == stable.version:
            return ack.since.timestamp()
        time.sleep(0.005)
    raise RuntimeError(f"version {stable.version} was not acknowledged within {LOADED_WITHIN} s; {folder / 'log'} may say why")


class _Prober:
    """Asks over one connection, again and again, and keeps which version answered since when."""

    def __init__(self, serving: Serving) -> None:
        self._port, self._path = serving.ports.http, serving.contender.path
        self._body = serving.contender.body(cases.rows(1), cases.Form.JSON).content
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
        """When it began to answer, in seconds since the epoch. Raises RuntimeError when it does not."""
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
                self._version, self._since = version, time.time()
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

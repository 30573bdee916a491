"""What does scoring rows beside cost those who ask? The same server with `inputs` and without, in turns.

What an answer costs is taken from the rounds without; the rest of the core's time in the rounds with is scoring's. On a core that
does nothing else this is the throughput that is lost; on one that others use, too, the clock could not tell.
"""

import re
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from andon.api.pipeline import Feature
from andon.api.slots import RowSource
from andon.stats import build
from andon.stats.blocks import Rows

from . import cases, contenders, models
from .contenders import Serving
from .models import Model
from .plant import TAGS
from .processes import Server, free_port
from .rounds import Bench, Sample

EVERY_MS: Final = 200
"""The lab's own clock; a plant's is slower."""
_TIMES: Final = 2
"""As long as other windows: 20 rows are folded together, and each should hold about one fold."""

FOLLOWS_WITHIN: Final = 20.0
_ROWS_OF_PROFILE: Final = 2000
_CURSOR: Final = re.compile(rb"^andon_rows_cursor_seconds(?:\{[^}]*\})? ([0-9.e+]+)", re.M)


@dataclass(frozen=True, slots=True)
class Overhead:
    """rounds: a window with and one without. idle: share of the core that scoring takes when nobody asks."""

    rounds: list[tuple[Sample, Sample]]
    idle: float

    @property
    def share(self) -> float:
        """Of the core under load, by the median of the rounds; below 0 is noise."""
        return median(beside.busy - beside.window.rate / alone.of_core for beside, alone in self.rounds)


def measure(bench: Bench, serving: Serving) -> Overhead:
    """Raises RuntimeError when the rows are not scored."""
    folder = serving.folder
    profile = _profile(serving.model, folder)
    with _plant(folder, bench.cores.asking) as url:
        inputs = RowSource(rows=url, every=f"{EVERY_MS}ms", max_age="2s")
        scored = contenders.orders(serving.model, profile=profile, inputs=inputs)
        unscored = contenders.orders(serving.model, profile=profile)
        rounds = []
        for turn in range(bench.rounds):
            bench.say(f"evidence: round {turn + 1} of {bench.rounds}")
            contenders.write(scored, folder)
            _follows(serving)
            beside = bench.sample(serving, cases.MANY, _TIMES)
            contenders.write(unscored, folder)
            rounds.append((beside, bench.sample(serving, cases.MANY, _TIMES)))
        alone = _idle(serving, _TIMES * bench.seconds)
        contenders.write(scored, folder)
        _follows(serving)
        return Overhead(rounds, _idle(serving, _TIMES * bench.seconds) - alone)


def _idle(serving: Serving, seconds: float) -> float:
    """Share of its core that the server takes when nobody asks."""
    before = serving.server.cpu()
    time.sleep(seconds)
    return (serving.server.cpu() - before) / seconds


def _follows(serving: Serving) -> None:
    """Wait until the newest row is scored."""
    until = time.monotonic() + FOLLOWS_WITHIN
    while time.monotonic() < until:
        with urllib.request.urlopen(f"http://127.0.0.1:{serving.ports.http}/metrics", timeout=10) as response:
            cursor = _CURSOR.search(response.read())
        if cursor and time.time() - float(cursor[1]) < 1.0:
            return
        time.sleep(0.1)
    ack = contenders.acknowledged(serving.folder)
    raise RuntimeError(
        f"no newest row was scored within {FOLLOWS_WITHIN} s; acknowledged: {ack}; {serving.folder / 'log'} says more"
    )


def _profile(model: Model, folder: Path) -> Path:
    """Of the model and the plant's rows."""
    x = models.rows(_ROWS_OF_PROFILE, seed=3).astype(np.float64)
    prediction = contenders.session(model).run(None, {"rows": x.astype(np.float32)})[0].ravel().astype(np.float64)
    seconds = np.arange(len(x), dtype=np.float64) * EVERY_MS / 1000 + 1e9
    rows = Rows(TAGS, seconds, EVERY_MS / 1000, x, np.zeros(x.shape), np.full(x.shape, 0.01), None)
    features = [Feature(name=tag, tag=tag) for tag in TAGS]
    labels, held_out = models.truth(x.astype(np.float32), seed=3), np.ones(len(x), dtype=np.bool_)
    reference = build.Reference(rows, features, f"{EVERY_MS}ms", prediction, labels, held_out, target="y", model=model.digest)
    path = folder / "profile.json"
    path.write_bytes(build.profile(reference).dump())
    return path


@contextmanager
def _plant(folder: Path, core: int) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", f"{__package__}.plant", str(port), str(EVERY_MS)]
    plant = Server(command, {"PYTHONPATH": str(contenders.ROOT)}, folder / "plant", core)
    try:
        yield f"http://127.0.0.1:{port}/rows"
    finally:
        plant.end()

"""Who answers how fast? All are asked every case once per round, in turns: what disturbs the machine disturbs them all."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from . import bare, cases
from .cases import Case
from .contenders import Serving
from .load import Load, Window
from .models import Model
from .processes import Cores

WARM_UP: Final = 0.3
"""Seconds of load before each window, which are not counted."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """One window. busy: share of its core that the server got."""

    server: str
    model: str
    case: Case
    window: Window
    busy: float

    @property
    def of_core(self) -> float:
        """Answers per second of the core that it got: what it would be on a machine that does nothing else."""
        return self.window.rate / max(self.busy, 1e-9)


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measuring shares."""

    cores: Cores
    load: Load
    seconds: float
    rounds: int
    say: Say

    def samples(self, servings: Sequence[Serving], bares: Sequence[Model]) -> Iterator[Sample]:
        """Of all that run, and of bare ONNX Runtime with these models."""
        names = sorted({s.model.name for s in servings} | {m.name for m in bares})
        for turn, name, case in product(range(self.rounds), names, cases.CASES):
            self.say(f"round {turn + 1} of {self.rounds}: {name}, {case}")
            able = [s for s in servings if s.model.name == name and case.form in s.contender.forms]
            for serving in _rotated(able, turn):
                yield self.sample(serving, case)
            for model in bares:
                if model.name == name and case in BARE_CASES:
                    yield Sample(bare.NAME, name, case, *bare.run(model, case, self.seconds, self.cores.serving))

    def sample(self, serving: Serving, case: Case, times: int = 1) -> Sample:
        """One window of one server, so many times as long as usual."""
        target, seconds = serving.target(case), times * self.seconds
        self.load.run(target, case.connections, min(WARM_UP, self.seconds))
        before = serving.server.cpu()
        window = self.load.run(target, case.connections, seconds)
        busy = (serving.server.cpu() - before) / window.seconds
        return Sample(serving.contender.name, serving.model.name, case, window, busy)


BARE_CASES: Final = (cases.MANY, cases.BINARY_BATCH)
"""Bare ONNX Runtime knows neither forms nor connections: once for each number of rows."""


def _rotated(servings: Sequence[Serving], turn: int) -> Sequence[Serving]:
    """Nobody is always first."""
    first = turn % len(servings) if servings else 0
    return [*servings[first:], *servings[:first]]

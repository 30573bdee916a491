"""The whole bench: flip, score beside, start everyone, ask everyone, end everyone."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import groupby, product
from pathlib import Path
from typing import Any, Final, NamedTuple

from andon.lab.progress import Progress

from . import bare, cases, evidence, flips, models, report
from .contenders import ANDON, CONTENDERS, FLOOR, OVER_HTTP, Contender, MissingError, Serving
from .load import Load
from .models import Model
from .processes import Cores
from .rounds import Bench

MODELS_IN: Final = Path("build/bench/models")
SHORT: Final = {**{c.name.lower(): c.name for c in CONTENDERS if c is not FLOOR}, "floor": FLOOR.name, "ort": bare.NAME}
"""What each is called on the command line."""


def bench(seconds: float, rounds: int, only: Sequence[str], names: Sequence[str], count: int) -> dict[str, Any]:
    """The document of DESIGN's benches. only: who takes part. names: of models. count: of flips, 0 for none."""
    folder, cores = Path("build/bench/serve").absolute(), Cores()
    shared = Bench(cores, Load(cores.asking, folder), seconds, rounds, Progress().say)
    return _run(shared, {SHORT[name] for name in only}, names, count, folder)


def _run(bench: Bench, only: Collection[str], names: Sequence[str], count: int, folder: Path) -> dict[str, Any]:
    about, results = report.machine(), []
    if (
        ANDON.name in only and count
    ):  # first, since they are over in minutes: a defect that shows here need not wait for the rounds
        results += [_flips(bench, count, folder), _overhead(bench, folder)]
    made = [models.model(name, MODELS_IN.absolute()) for name in names]
    with ExitStack() as stack:
        running: list[Started] = []
        for contender in (c for c in CONTENDERS if c.name in only):
            try:
                running += [stack.enter_context(_started(bench, contender, model, folder)) for model in made]
            except MissingError as error:
                results.append(report.missing(contender.name, str(error)))
        results += report.answers(bench.samples([s.serving for s in running], made if bare.NAME in only else []))
        results += _footprints([s for s in running if s.serving.contender is not FLOOR])
    if ANDON.name in only:
        results += _footprint_over_http(bench, made, folder)
    return {"machine": about, "results": results, "musts": report.musts(results)}


class Started(NamedTuple):
    """A server that answers, of which version, and after how many seconds it did."""

    serving: Serving
    version: str
    after: float


@contextmanager
def _started(bench: Bench, contender: Contender, model: Model, folder: Path) -> Iterator[Started]:
    """Raises MissingError where it is not installed."""
    version = contender.version()
    bench.say(f"starting {contender.name} {version} with {model.name}")
    serving = contender.start(model, folder / contender.name / model.name, bench.cores.serving)
    try:
        yield Started(serving, version, serving.first_answer())
    finally:
        serving.server.end()


def _footprints(running: Sequence[Started]) -> Iterator[dict[str, Any]]:
    """Of each server, over its models."""
    for contender, each in groupby(running, key=lambda s: s.serving.contender):
        of = list(each)
        yield report.footprint(contender.name, of[0].version, [s.after for s in of], [s.serving.server.resident() for s in of])


def _footprint_over_http(bench: Bench, made: Sequence[Model], folder: Path) -> Iterator[dict[str, Any]]:
    """Without gRPC, which costs memory wherever it is asked for: after a window of every case that is left."""
    with ExitStack() as stack:
        running = [stack.enter_context(_started(bench, OVER_HTTP, model, folder)) for model in made]
        for started, case in product(running, cases.CASES):
            if case.form in OVER_HTTP.forms:
                bench.sample(started.serving, case)
        yield from _footprints(running)


def _flips(bench: Bench, count: int, folder: Path) -> dict[str, Any]:
    stable, other = (models.model("mlp", MODELS_IN.absolute(), version) for version in ("1", "2"))
    with _started(bench, ANDON, stable, folder / "flips") as (serving, _, _):
        bench.say(f"{count:,} flips under load")
        return report.flips(flips.measure(bench, serving, other, count))


def _overhead(bench: Bench, folder: Path) -> dict[str, Any]:
    stable = models.model("mlp", MODELS_IN.absolute())
    with _started(bench, ANDON, stable, folder / "evidence") as (serving, _, _):
        return report.overhead(evidence.measure(bench, serving), evidence.EVERY_MS)

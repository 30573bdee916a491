"""The whole bench: start everyone, ask everyone, flip, score beside, end everyone."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from andon.lab.progress import Progress

from . import bare, evidence, flips, models, report
from .contenders import ANDON, CONTENDERS, Contender, MissingError, Serving
from .load import Load
from .processes import Cores
from .rounds import Bench

MODELS_IN: Final = Path("build/bench/models")
SHORT: Final = {**{c.name.lower(): c.name for c in CONTENDERS}, "ort": bare.NAME}
"""What each is called on the command line."""


def bench(seconds: float, rounds: int, only: Sequence[str], names: Sequence[str], count: int) -> dict[str, Any]:
    """The document of DESIGN's benches. only: who takes part. names: of models. count: of flips, 0 for none."""
    folder, cores = Path("build/bench/serve").absolute(), Cores()
    shared = Bench(cores, Load(cores.asking, folder), seconds, rounds, Progress().say)
    return _run(shared, {SHORT[name] for name in only}, names, count, folder)


def _run(bench: Bench, only: Collection[str], names: Sequence[str], count: int, folder: Path) -> dict[str, Any]:
    about = report.machine()
    made = [models.model(name, MODELS_IN.absolute()) for name in names]
    here, results = _installed([c for c in CONTENDERS if c.name in only])
    with ExitStack() as stack:
        starts: dict[str, list[float]] = {}
        servings = []
        for contender in here:
            for model in made:
                bench.say(f"starting {contender.name} with {model.name}")
                begun = contender.start(model, folder / contender.name / model.name, bench.cores.serving)
                serving = stack.enter_context(_served(begun))
                starts.setdefault(contender.name, []).append(serving.first_answer())
                servings.append(serving)
        results += report.answers(bench.samples(servings, made if bare.NAME in only else []))
        for contender in here:
            resident = [s.server.resident() for s in servings if s.contender is contender]
            results.append(report.footprint(contender.name, contender.version(), starts[contender.name], resident))
    if ANDON in here and count:
        results += [_flips(bench, count, folder / "flips"), _overhead(bench, folder / "evidence")]
    return {"machine": about, "results": results, "musts": report.musts(results)}


def _installed(asked: Sequence[Contender]) -> tuple[list[Contender], list[dict[str, Any]]]:
    here, results = [], []
    for contender in asked:
        try:
            contender.version()
        except MissingError as error:
            results.append(report.missing(contender.name, str(error)))
        else:
            here.append(contender)
    return here, results


def _flips(bench: Bench, count: int, folder: Path) -> dict[str, Any]:
    bench.say(f"{count:,} flips under load")
    stable, other = (models.model("mlp", MODELS_IN.absolute(), version) for version in ("1", "2"))
    with _served(ANDON.start(stable, folder, bench.cores.serving)) as serving:
        serving.first_answer()
        return report.flips(flips.measure(bench, serving, folder, other, count))


def _overhead(bench: Bench, folder: Path) -> dict[str, Any]:
    stable = models.model("mlp", MODELS_IN.absolute())
    with _served(ANDON.start(stable, folder, bench.cores.serving)) as serving:
        serving.first_answer()
        return report.overhead(evidence.measure(bench, serving, folder), evidence.EVERY_MS)


@contextmanager
def _served(serving: Serving) -> Iterator[Serving]:
    try:
        yield serving
    finally:
        serving.server.end()

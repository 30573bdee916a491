"""`python -m tests.bench.rollout`: run the bench, or some of its scenes."""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import yaml

from andon.api.errors import UserError
from andon.lab import daemon, toolchain
from andon.lab.lab import Options
from andon.lab.state import State

from . import report, scenes
from .andon import Andon, LateError, rate, specs
from .flagger import IMAGE, PEER, Flagger
from .scenes import BAD, Bench, Result
from .weather import Weather

_LAB: Final = "bench-rollout"
_PORT: Final = 18291


def main() -> int:
    """1 where a must does not hold, or something did not happen that had to."""
    parser = argparse.ArgumentParser(prog="bench-rollout", description=__doc__)
    parser.add_argument("--only", action="append", choices=scenes.SCENES, help="this scene; may be repeated")
    parser.add_argument("--speed", type=float, default=1800.0, help="of the plant; 900 is five rows a second")
    parser.add_argument("--out", type=Path, default=Path("build/bench/rollout.json"))
    given = parser.parse_args()
    results: list[Result] = []
    whole = False
    try:
        _run(given.only or scenes.SCENES, given.speed, results)
        whole = True
    except (UserError, LateError) as error:
        sys.stderr.write(f"bench-rollout: {error}; what was measured until then:\n")
    found = report.document(results, rate(given.speed))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write(f"\n{report.text(found)}\n")
    return 0 if whole and all(must["ok"] for must in found["musts"]) else 1


def _run(wanted: Sequence[str], speed: float, results: list[Result]) -> None:
    """Adds to results as they come. Raises LateError, and UserError of the lab."""
    toolchain.ensure()
    PEER.ensure()
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:6.0f} s  {line}\n")
        sys.stdout.flush()

    with TemporaryDirectory(prefix="bench-rollout-") as folder, _lab(Path(folder), speed) as state:
        andon, flagger = Andon(_LAB, state.kubeconfig), Flagger(state.kubeconfig, Path(folder) / "flagger.log")
        address = next(row.address for row in state.components if row.name == "prometheus")
        say(f"the lab is up after {state.seconds:.0f} s")
        with Weather(address) as weather, flagger.running(weather.url("flagger"), _PORT):
            andon.ask_prometheus_at(weather.url("andon"))
            _play(Bench(rate(speed), andon, flagger, weather, say), wanted, results)


@contextmanager
def _lab(folder: Path, speed: float) -> Iterator[State]:
    """The demo's, with the program that Flagger's pods run."""
    images = folder / "images.yaml"
    images.write_text(yaml.safe_dump({IMAGE: [sys.executable, str(Path(__file__).with_name("exporter.py").absolute())]}))
    daemon.down(_LAB)
    try:
        yield daemon.up(
            Options(name=_LAB, specs=specs(folder / "specs"), scrape="1s", images=images, speed=speed), lambda _: None
        )
    finally:
        daemon.down(_LAB)


def _play(bench: Bench, wanted: Sequence[str], results: list[Result]) -> None:
    """Flagger's canaries go their ways side by side from the beginning; Andon's scenes come one after another."""
    canaries, troubles = scenes.canaries(wanted), [trouble for trouble in scenes.TROUBLES if trouble.name in wanted]
    bench.initialise(canaries)
    bench.say(f"Flagger has {len(canaries)} canaries")
    bench.release([canary for canary in canaries if canary.setting == "default" or canary.scene == BAD])
    bench.andon.serving()
    bench.say("Andon serves version 1 and finds it healthy")
    if BAD in wanted:
        results += [bench.bad_version(version) for version in [bench.andon.bad_version(tag) for tag in scenes.TAGS]]
    if troubles:
        bench.release([canary for canary in canaries if canary.setting == "fastest" and canary.scene != BAD])
        version = bench.andon.good_version()
        bench.andon.judge(version)
        bench.judging(version)
        windows = []
        for trouble in troubles:
            window, result = bench.ill(trouble, version)
            windows.append(window)
            results.append(result)
        results += bench.flagger_on(windows)
    results += bench.flagger_on_bad_versions()


if __name__ == "__main__":
    sys.exit(main())

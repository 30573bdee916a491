"""What is measured: races, rates, one edit, one rollback alone, and what a thousand commits leave behind."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from andon.ports.repository import GitRepository
from andon.ports.splice import ObjectRef, find
from andon.ports.writeback import AlreadySo, Committed, WriteBack
from support.descendants import descendants

from .plant import DEPLOYMENTS, Plant, plant

Result = dict[str, Any]
Say = Callable[[str], None]

RACERS, OUTSIDERS, EVERY = 20, 5, 0.2
_FIVE_MB: Final = 5_000_000


@asynccontextmanager
async def operator(folder: Path) -> AsyncIterator[GitRepository]:
    """One, with a cache of its own."""
    repository = GitRepository(folder)
    try:
        yield repository
    finally:
        await repository.close()


async def race(on: Plant, folder: Path) -> Result:
    """Twenty decisions of one moment against five people who push five times a second each."""
    async with operator(folder) as andon:
        with on.outsiders(OUTSIDERS, EVERY):
            await asyncio.sleep(2)  # until they are at it
            before = on.outsiders_commits()
            took, outcomes = await _told(andon, [on.decision(n) for n in range(RACERS)])
            others = on.outsiders_commits() - before
    counted = Counter(on.decisions())
    once = sum(counted[f"d-{n}-0"] == 1 for n in range(RACERS))
    return {
        "scene": "race",
        "decisions": RACERS,
        "outsiders": OUTSIDERS,
        "seconds": round(took, 2),
        "landedOnce": once,
        "committed": sum(isinstance(outcome, Committed) for outcome in outcomes),
        "outsidersLandedPerSecond": round(others / took, 1),
    }


async def two_operators(on: Plant, folder: Path) -> Result:
    """The same ten decisions, told by two who do not see each other."""
    before = len(on.decisions())
    intents = [on.decision(n, "2") for n in range(40, 50)]
    async with operator(folder / "a") as one, operator(folder / "b") as other:
        told = await asyncio.gather(_told(one, intents), _told(other, intents))
    outcomes = [outcome for _, of_one in told for outcome in of_one]
    return {
        "scene": "two operators",
        "decisions": len(intents),
        "commits": len(on.decisions()) - before,
        "alreadySo": sum(isinstance(outcome, AlreadySo) for outcome in outcomes),
    }


async def rate(on: Plant, folder: Path, outsiders: int) -> Result:
    """Fifty decisions, each told as soon as the one before it about the same ten deployments is in git."""
    rounds, at_once = 5, 10

    async def one_after_another(andon: GitRepository, number: int) -> None:
        for occasion in range(rounds):
            outcome = await andon.write_back(on.decision(number, str(1000 * outsiders + occasion)))
            if not isinstance(outcome, Committed):
                raise TypeError(f"a decision did not land: {outcome}")

    async with operator(folder) as andon:
        with on.outsiders(outsiders, EVERY):
            await asyncio.sleep(2)
            before, began = on.outsiders_commits(), time.monotonic()
            await asyncio.gather(*(one_after_another(andon, number) for number in range(60, 60 + at_once)))
            took = time.monotonic() - began
            others = on.outsiders_commits() - before
    return {
        "scene": "rate",
        "outsiders": outsiders,
        "decisionsPerSecond": round(rounds * at_once / took, 2),
        "outsidersLandedPerSecond": round(others / took, 1),
    }


async def alone(on: Plant, folder: Path) -> Result:
    """From the moment at which servers are back until the commit is at the server, one at a time and nobody else there."""
    async with operator(folder) as andon:
        await andon.write_back(on.decision(80))
        took = [(await _told(andon, [on.decision(81 + n)]))[0] for n in range(10)]
    return {"scene": "alone", "seconds": round(median(took), 3), "slowest": round(max(took), 3)}


def edit() -> Result:
    """One version in the last document of a file of five megabytes."""
    document = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c-{n}}}\ndata:\n{lines}---\n"
    lines = "".join(f"  key-{n}: 'value {n} of a plant'   # {n}\n" for n in range(100))
    whole = "".join(document.format(n=n, lines=lines) for n in range(_FIVE_MB // len(document.format(n=1000, lines=lines)) + 1))
    text = whole + "apiVersion: andon.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {name: r, namespace: p}\nspec: {v: '2'}\n"
    began = time.monotonic()
    place = find({"big.yaml": text.encode()}, ObjectRef("andon.dev/v1alpha1", "ModelDeployment", "p", "r"), ("spec", "v"))
    changed = place.changed_to("3")
    return {"scene": "edit", "bytes": len(changed), "seconds": round(time.monotonic() - began, 2)}


async def thousand(on: Plant, folder: Path, commits: int) -> Result:
    """What is left of so many commits: in this process, and of processes."""
    async with operator(folder) as andon:
        await andon.write_back(on.decision(99, "4000"))
        files, children, began = _open_files(), len(descendants(os.getpid())), time.monotonic()
        for occasion in range(max(1, commits // DEPLOYMENTS)):
            intents = [on.decision(n, str(5000 + occasion + (n < RACERS or 40 <= n < 90))) for n in range(DEPLOYMENTS)]
            await _told(andon, intents)
        took = time.monotonic() - began
    made = sum(decision.rpartition("-")[2].startswith("50") for decision in on.decisions())
    left = {"childrenLeft": len(descendants(os.getpid())) - children, "filesLeft": _open_files() - files}
    return {"scene": "thousand", "commits": made, "seconds": round(took, 1), **left}


async def _told(andon: GitRepository, intents: Sequence[WriteBack]) -> tuple[float, list[Any]]:
    """Seconds until all are answered, and the answers."""
    began = time.monotonic()
    outcomes = await asyncio.gather(*(andon.write_back(intent) for intent in intents))
    return time.monotonic() - began, list(outcomes)


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def play(commits: int, say: Say, results: list[Result]) -> None:
    """All of it; results are added as they come."""
    with TemporaryDirectory(prefix="bench-git-") as temporary, plant(Path(temporary)) as on:
        folder = Path(temporary)
        for scene in (
            lambda: race(on, folder / "race"),
            lambda: two_operators(on, folder / "two"),
            *(lambda n=n: rate(on, folder / f"rate-{n}", n) for n in (1, 8, 20)),
            lambda: alone(on, folder / "alone"),
            lambda: thousand(on, folder / "thousand", commits),
        ):
            results.append(await scene())
            say(str(results[-1]))
    results.append(edit())
    say(str(results[-1]))

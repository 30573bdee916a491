"""What is measured: races, rates, one edit, one rollback alone, and what a thousand commits leave behind."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from andon.ports.git.repository import GitRepository
from andon.ports.git.writeback import AlreadySo, Committed, WriteBack
from andon.ports.splice import ObjectRef, find
from support.descendants import descendants

from .plant import DEPLOYMENTS, Plant, plant

Result = dict[str, Any]
Say = Callable[[str], None]

RACERS, OUTSIDERS, EVERY = 20, 5, 0.2
RATED: Final = 30.0
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
    answered = sum(isinstance(outcome, (Committed, AlreadySo)) for _, of_one in told for outcome in of_one)
    return {"scene": "two operators", "decisions": len(intents), "commits": len(on.decisions()) - before, "answered": answered}


async def rate(on: Plant, folder: Path, outsiders: int) -> Result:
    """Ten deployments, of each of which the next decision comes as soon as the one before it is in git, for half a minute."""
    landed = 0

    async def one_after_another(andon: GitRepository, number: int) -> None:
        nonlocal landed
        for occasion in count(1000 * outsiders):
            outcome = await andon.write_back(on.decision(number, str(occasion)))
            if not isinstance(outcome, Committed):
                raise TypeError(f"a decision did not land: {outcome}")
            landed += 1

    first = 60 + 10 * (outsiders > 1) + 10 * (outsiders > 8)  # deployments of this scene's own, still at the first version
    async with operator(folder) as andon:
        with on.outsiders(outsiders, EVERY):
            await asyncio.sleep(2)  # until they are at it
            before = on.outsiders_commits()
            with suppress(TimeoutError):
                async with asyncio.timeout(RATED):
                    await asyncio.gather(*(one_after_another(andon, number) for number in range(first, first + 10)))
            others = on.outsiders_commits() - before
    return {
        "scene": "rate",
        "outsiders": outsiders,
        "decisionsPerSecond": round(landed / RATED, 2),
        "outsidersLandedPerSecond": round(others / RATED, 1),
    }


async def alone(on: Plant, folder: Path) -> Result:
    """From the moment at which servers are back until the commit is at the server, one at a time and nobody else there."""
    async with operator(folder) as andon:
        await andon.write_back(on.decision(20))
        took = [(await _told(andon, [on.decision(21 + n)]))[0] for n in range(10)]
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


async def thousand(folder: Path, commits: int) -> Result:
    """What is left of so many commits: in this process, and of processes. In a repository of its own."""
    with plant(folder) as on:
        async with operator(folder / "cache") as andon:
            await andon.write_back(on.decision(0))
        files, children, began = _open_files(), len(descendants(os.getpid())), time.monotonic()
        async with operator(folder / "cache") as andon:
            for occasion in range(1, 1 + max(1, commits // DEPLOYMENTS)):
                await _told(andon, [on.decision(n, str(occasion - (n > 0))) for n in range(DEPLOYMENTS)])
        left = {"childrenLeft": len(descendants(os.getpid())) - children, "filesLeft": _open_files() - files}
        took, made = time.monotonic() - began, len(on.decisions()) - 1
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
            lambda: thousand(folder / "thousand", commits),
        ):
            results.append(await scene())
            say(str(results[-1]))
    results.append(edit())
    say(str(results[-1]))

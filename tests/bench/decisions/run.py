"""Run many episodes, in processes, with a bar, and write the figures down."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from . import plants, tables
from .episodes import CLASSES, LONG
from .score import Outcome, scored

Job = tuple[str, int]
FAULT_FREE_YEAR: Final = 3.0
"""Upper 95 % bound of a Poisson rate of which none was seen in one year."""


def jobs(episodes: int, only: str | None) -> list[Job]:
    """The first seeds of every class, or of those whose name begins so."""
    return [(kind, seed) for kind in CLASSES if only is None or kind.startswith(only) for seed in range(episodes)]


def run(wanted: Sequence[Job], processes: int, *, river: bool = False) -> list[Outcome]:
    """Every outcome, in the order of the jobs."""
    found: dict[Job, Outcome] = {}
    with ProcessPoolExecutor(processes) as pool, _progress(len(wanted)) as step:
        futures = {pool.submit(scored, *job, river=river): job for job in wanted}
        try:
            for future in as_completed(futures):
                found[futures[future]] = future.result()
                step()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [found[job] for job in wanted]


def year(processes: int) -> list[dict[str, Any]]:
    """A year of sound rows of every plant."""
    outcomes = run([("year", seed) for seed in range(len(plants.NAMES))], processes)
    return [
        {
            "plant": o.plant,
            "rows": o.rows,
            "distinct rows": plants.plant(o.plant).distinct,
            "automatic actions": len(o.taken),
            "what": [f"{t.action.value} at row {t.row}: {t.verdict.value} {' '.join(t.subjects)}" for t in o.taken],
            "per year, at most (95 %)": FAULT_FREE_YEAR if not o.taken else None,
        }
        for o in outcomes
    ]


def power(episodes: int, processes: int) -> list[dict[str, Any]]:
    """How many rows it takes to convict or to promote."""
    wanted = [(kind, seed) for kind in LONG for seed in range(episodes)]
    return tables.power(run(wanted, processes)) if wanted else []


def document(outcomes: Sequence[Outcome], years: Sequence[dict[str, Any]], powers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The figures as DESIGN §8 wants them."""
    musts = tables.results(outcomes)
    actions = sum(y["automatic actions"] for y in years)
    if years:
        musts.append(
            {"name": "automatic actions in a fault-free year, all plants", "value": actions, "limit": 0, "ok": actions == 0}
        )
    failures = {must.name: [o.name for o in must.failing(outcomes)] for must in tables.MUSTS}
    return {
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "commit": _commit(),
        },
        "results": [tables.summary(kind, of) for kind, of in tables.by_kind(outcomes).items()],
        "rivals": tables.rivals(outcomes),
        "year": list(years),
        "power": list(powers),
        "musts": musts,
        "failures": failures,
    }


def _commit() -> str:
    """Which code was measured, and on which day."""
    told = subprocess.run(
        ["git", "log", "-1", "--format=%h of %cs"], capture_output=True, text=True, check=False, timeout=60
    ).stdout.strip()
    return told or "no git"


def write(found: dict[str, Any], path: Path) -> None:
    """As JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, allow_nan=False, ensure_ascii=False) + "\n")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(file=sys.stderr)) as bar:
        task = bar.add_task("episodes", total=total)
        yield lambda: bar.advance(task)

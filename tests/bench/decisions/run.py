"""Run many episodes, in processes, with a bar, and write the figures down."""

import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from . import independence, plants, tables
from .episodes import CLASSES, LONG
from .kept import Job, Kept
from .score import Outcome, scored

MUST_HOLD: Final = "Tennessee Eastman"
YEAR_KIND: Final = "year"

"""As `episodes.make` calls it."""
KINDS: Final = (*CLASSES, *LONG, YEAR_KIND)
FAULT_FREE_YEAR: Final = 3.0
"""Upper 95 % bound of a Poisson rate of which none was seen in one year."""


def jobs(episodes: int, *, only: str | None = None, power: int = 0, years: bool = False) -> list[Job]:
    """The first seeds of every class, or of those whose name begins so. All go at one pace: a run may be stopped at any time."""
    seeds = {kind: episodes for kind in CLASSES if only is None or kind.startswith(only)}
    seeds |= dict.fromkeys(LONG, power) | {YEAR_KIND: len(plants.NAMES) if years else 0}
    wanted = [(kind, seed) for kind, last in seeds.items() for seed in range(last)]
    return sorted(wanted, key=lambda job: job[1] / seeds[job[0]])


def run(wanted: Sequence[Job], processes: int, kept: Kept, *, river: bool = False) -> list[Outcome]:
    """Every outcome, in the order of the jobs; what is kept is not run again."""
    missing = [job for job in wanted if job not in kept.found]
    with (
        ProcessPoolExecutor(processes, initializer=_left_to_the_parent) as pool,
        _progress(len(wanted), len(wanted) - len(missing)) as step,
    ):
        futures = [pool.submit(scored, *job, river=river) for job in missing]
        try:
            for future in as_completed(futures):
                kept.add(future.result())
                step()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [kept.found[job] for job in wanted]


def _left_to_the_parent() -> None:
    """Ctrl-C reaches every process of a terminal; what is running may end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def document(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The figures as DESIGN §8 wants them: its musts on Tennessee Eastman, the same of the other record beside."""
    outcomes = sorted(outcomes, key=lambda o: (KINDS.index(o.kind), o.seed))
    of_classes = [o for o in outcomes if o.kind in CLASSES]
    years = [o for o in outcomes if o.kind == YEAR_KIND]
    musts = {record: tables.results(of) for record, of in tables.by_record(of_classes).items()}
    for record, of in tables.by_record(years).items():
        musts.setdefault(record, []).append(_year_result(of))
    return {
        "machine": {
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "commit": _commit(),
        },
        "results": tables.summaries(of_classes),
        "rivals": tables.rivals(of_classes),
        "rows": independence.of_plants(),
        "year": [_year(o) for o in years],
        "power": tables.power([o for o in outcomes if o.kind in LONG]),
        "musts": musts.pop(MUST_HOLD, []),
        "beside": musts,
        "failures": {must.name: [o.name for o in must.failing(of_classes)] for must in tables.MUSTS},
    }


def _year(o: Outcome) -> dict[str, Any]:
    return {
        "plant": o.plant,
        "rows": o.rows,
        "distinct rows": plants.plant(o.plant).distinct,
        "automatic actions": len(o.taken),
        "what": [f"{t.action.value} at row {t.row}: {t.verdict.value} {' '.join(t.subjects)}" for t in o.taken],
        "per year, at most (95 %)": FAULT_FREE_YEAR if not o.taken else None,
    }


def _year_result(years: Sequence[Outcome]) -> dict[str, Any]:
    actions = sum(len(o.taken) for o in years)
    result = {"name": "automatic actions in a fault-free year", "value": actions, "limit": 0, "ok": actions == 0}
    return {**result, "all": ", ".join(o.plant for o in years)}


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
def _progress(total: int, done: int) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(file=sys.stderr)) as bar:
        task = bar.add_task("episodes", total=total, completed=done)
        yield lambda: bar.advance(task)

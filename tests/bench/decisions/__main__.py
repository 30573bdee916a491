"""`python -m tests.bench.decisions`: run the bench, or look at one of its episodes."""

import argparse
import os
import sys
from pathlib import Path


def main() -> int:
    """1 where a must does not hold."""
    parser = argparse.ArgumentParser(prog="bench-decisions", description=__doc__)
    parser.add_argument("--episodes", type=int, default=300, help="seeds per class")
    parser.add_argument("--only", help="classes whose name begins so")
    parser.add_argument("--seed", type=int, help="with --only CLASS: that one episode, entry by entry")
    parser.add_argument("--verbose", action="store_true", help="with --seed: the evidence of every block, too")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--year", action="store_true", help="a year of fault-free rows per plant, too")
    parser.add_argument("--power", type=int, default=0, help="long episodes per class, for how many rows a verdict takes")
    parser.add_argument("--so-far", action="store_true", help="run nothing: the figures of every episode that is kept")
    parser.add_argument("--publish", type=Path, help="run nothing: bring the figures of --out into this page")
    parser.add_argument("--river", action="store_true", help="ask river, too (make bench-decisions installs it)")
    parser.add_argument(
        "--kept", type=Path, default=Path("build/bench/episodes.jsonl"), help="outcomes; a run that was stopped goes on"
    )
    parser.add_argument("--out", type=Path, default=Path("build/bench/decisions.json"))
    given = parser.parse_args()
    if given.only and given.seed is not None:
        from . import look

        sys.stdout.write(look.at(given.only, given.seed, evidence=given.verbose))
        return 0
    from . import report, run
    from .kept import Kept

    if given.publish:
        report.publish(given.out, given.publish)
        return 0
    kept = Kept(given.kept, river=given.river)
    wanted = run.jobs(given.episodes, only=given.only, power=given.power, years=given.year)
    try:
        outcomes = [*kept.found.values()] if given.so_far else run.run(wanted, given.processes, kept, river=given.river)
    except KeyboardInterrupt:
        sys.stderr.write(
            f"Stopped. {len(kept.found)} episodes are in {given.kept}: the same command goes on, --so-far shows them.\n"
        )
        return 130
    found = run.document(outcomes)
    run.write(found, given.out)
    sys.stdout.write(report.text(found) + "\n")
    return 0 if all(must["ok"] for must in found["musts"]) else 1


if __name__ == "__main__":
    sys.exit(main())

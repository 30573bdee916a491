"""`python -m tests.bench.serve`: how fast, how small and how steady `andon serve` is, beside others."""

import argparse
import json
import signal
import sys
from pathlib import Path


def main() -> int:
    """1 where a must does not hold."""
    from . import models, report, run

    parser = argparse.ArgumentParser(prog="bench-serve", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each window")
    parser.add_argument("--rounds", type=int, default=5, help="windows of each server and case")
    parser.add_argument("--only", default=",".join(run.SHORT), help=f"who takes part, of {','.join(run.SHORT)}")
    parser.add_argument("--models", default=",".join(models.MODELS), help="which are served")
    parser.add_argument("--flips", type=int, default=1000, help="under load; 0: neither flips nor evidence")
    parser.add_argument("--publish", type=Path, help="run nothing: bring the figures of --out into this page")
    parser.add_argument("--out", type=Path, default=Path("build/bench/serve.json"))
    given = parser.parse_args()
    if given.publish:
        report.publish(given.out, given.publish)
        return 0
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))  # what was started ends with it
    found = run.bench(given.seconds, given.rounds, given.only.split(","), given.models.split(","), given.flips)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write(report.text(found) + "\n")
    return 0 if all(must["ok"] for must in found["musts"]) else 1


if __name__ == "__main__":
    sys.exit(main())

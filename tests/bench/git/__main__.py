"""`python -m tests.bench.git`: run the bench."""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # what tests share

from . import report, scenes


def main() -> int:
    """1 where a must does not hold."""
    parser = argparse.ArgumentParser(prog="bench-git", description=__doc__)
    parser.add_argument("--commits", type=int, default=1000, help="after how many it is looked for what they left")
    parser.add_argument("--out", type=Path, default=Path("build/bench/git.json"))
    given = parser.parse_args()
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:6.0f} s  {line}\n")
        sys.stdout.flush()

    results: list[scenes.Result] = []
    asyncio.run(scenes.play(given.commits, say, results))
    found = report.document(results)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write(f"\n{report.text(found)}\n")
    return 0 if all(must["ok"] for must in found["musts"]) else 1


if __name__ == "__main__":
    sys.exit(main())

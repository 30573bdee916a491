"""Was every row of the plant answered, once and in order?"""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from andon.lab.demo.story import Story
from andon.lab.demo.world import World


def every_row_once(story: Story, world: World, seconds: float) -> None:
    """Over some seconds of rows, each time on the clock was answered exactly once."""
    start = datetime.now(UTC)
    until = start + timedelta(seconds=seconds)
    rows = story.await_(f"{seconds:.0f} s of rows are scored", lambda: _rows_until(world, start, until), within=60)
    times = [row["time"] for row in rows]
    period = min(b - a for a, b in pairwise(times))
    expected = [times[0] + period * n for n in range(len(times))]
    story.check("every live row is scored once, in order", ok=times == expected, detail=f"{len(times)} rows, {period} ms apart")
    story.check("all predictions are finite", ok=all(math.isfinite(row["value"]) for row in rows))


def _rows_until(world: World, start: datetime, until: datetime) -> list[dict[str, Any]] | None:
    rows = world.predictions(start)
    return rows if len(rows) > 1 and rows[-1]["time"] >= until.timestamp() * 1000 else None

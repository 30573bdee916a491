"""How do records get from the ring to training? As Parquet files that appear whole, each record in exactly one.

The ring plans a stretch and its file name, the file is written and renamed, then the ring is told. Killed anywhere between, the
next start finds the plan: the name is there, or the same records are written to the same name.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from andon.api.datasource import QuarantineWindow
from andon.runtime.collect.keeper import Keeper
from andon.runtime.collect.ring import Ring, Stretch
from andon.runtime.collect.tables import Placed, Signal

if TYPE_CHECKING:
    from andon.runtime.collect.parquet import Writer

CONSUMER: Final = "landing"
BATCH: Final = 20_000
LONGEST_PAUSE_S: Final = 60.0

log = logging.getLogger(__name__)


class Landing:
    """Writes what the ring holds to a folder, a file per `rotate_s` of received time."""

    def __init__(self, keeper: Keeper, folder: Path, rotate_s: float) -> None:
        self._keeper = keeper
        self._folder = folder
        self._rotate_ms = round(rotate_s * 1000)
        self._trouble = ""

    async def run(self) -> None:
        """Land until cancelled. A folder that is full or away is tried again: the ring holds what waits, and rows go on."""
        pause_s = min(self._rotate_ms / 4000, LONGEST_PAUSE_S)
        while True:
            try:
                while await self.land():
                    pass
                self._say("")
            except OSError as error:
                self._say(str(error))
            await asyncio.sleep(pause_s)

    def _say(self, trouble: str) -> None:
        """Once when it begins and once when it is over."""
        if trouble != self._trouble:
            log.log(logging.WARNING if trouble else logging.INFO, "landing: %s", trouble or "it goes on")
        self._trouble = trouble

    async def land(self) -> Path | None:
        """Land the next stretch if it is complete; the file."""
        stretch = await self._keeper.ask(lambda ring: ring.stretch(CONSUMER, self._rotate_ms, file_name))
        if stretch is None:
            return None
        target = self._folder / stretch.name
        if not target.exists():
            await self._write(stretch, target)
        await self._keeper.ask(lambda ring: ring.finish(CONSUMER, stretch))
        log.info("landed %s", target)
        return target

    async def _write(self, stretch: Stretch, target: Path) -> None:
        writer = await asyncio.to_thread(_writer, target)
        after = stretch.done
        while batch := await self._keeper.ask(partial(_read, after=after, until=stretch.until)):
            await asyncio.to_thread(writer.write, [(signal, record) for _, signal, record in batch])
            after = batch[-1][0]
        await asyncio.to_thread(writer.commit)


def file_name(first_ms: int, last_ms: int) -> str:
    """Where a stretch of received times lands, relative to the landing folder."""
    day = datetime.fromtimestamp(first_ms / 1000, UTC).date().isoformat()
    return f"date={day}/{first_ms}-{last_ms}.parquet"


def write_quarantine(folder: Path, windows: Sequence[QuarantineWindow]) -> None:
    """Replace quarantine.json beside the landed files, whole."""
    folder.mkdir(parents=True, exist_ok=True)
    body = {"windows": [window.model_dump(mode="json", by_alias=True) for window in windows]}
    hidden = folder / ".quarantine.json.tmp"
    with hidden.open("wb") as file:
        file.write(orjson.dumps(body))
        file.flush()
        os.fsync(file.fileno())
    hidden.replace(folder / "quarantine.json")


def _read(ring: Ring, after: int, until: int) -> list[tuple[int, Signal, Placed]]:
    return ring.read(after, until, BATCH)


def _writer(target: Path) -> "Writer":
    from andon.runtime.collect.parquet import Writer

    return Writer(target)

"""When are rows scored? As they come, portion by portion, in a thread of its own; requests go on meanwhile.

A collector that is away is asked again, ever more slowly; nothing else notices.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

from andon.api.slots import RowSource
from andon.runtime.serve.client import Client
from andon.runtime.serve.metrics import Metrics
from andon.runtime.serve.outputs.readers import Outputs, Pages
from andon.runtime.serve.rows import intake, labels
from andon.runtime.serve.rows.book import Book, Scored
from andon.runtime.serve.rows.collector import CollectorError
from andon.runtime.serve.rows.intake import Portion
from andon.runtime.serve.rows.journal import Prediction
from andon.runtime.serve.rows.labels import Labels
from andon.runtime.serve.rows.panel import Panel
from andon.runtime.serve.slots.lineup import Lineup

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_RETRY: Final = 0.5
LAST_RETRY: Final = 10.0
PATIENCE: Final = 30.0
"""Seconds for which a restarted server waits for the models of a trial under way before it scores rows without them."""
PACE: Final = 0.2
"""Seconds from one portion to the next while the server keeps up: what is done once for each is then done five times a second at
most, however fast the clock of the rows is."""


class Scoring:
    """The loop, and the thread that alone touches the book."""

    def __init__(self, lineup: Lineup, metrics: Metrics, client: Client, path: Path) -> None:
        self._lineup = lineup
        self._metrics = metrics
        self._client = client
        self._book = Book(path)
        self._metrics.rows.cursor = self._book.cursor_ms / 1000
        self._thread = ThreadPoolExecutor(1, "scoring")
        self._outputs = Outputs(lineup, client, Pages(self._book, self._in_thread, metrics.rows))
        self._trouble: dict[str, str] = {}

    async def run(self) -> None:
        """Score rows and send what was answered, for ever."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._score())
            both.create_task(self._outputs.run())

    async def _score(self) -> None:
        news, wait = self._lineup.news(), FIRST_RETRY
        patient_until = asyncio.get_running_loop().time() + PATIENCE
        while True:
            news.clear()
            panel = self._panel()
            waiting = panel is not None and self._awaits_models(panel) and asyncio.get_running_loop().time() < patient_until
            if panel is None or waiting:
                if missing := self._lineup.profile_missing():
                    self._say("rows", missing.message)
                await _first(news, PATIENCE if waiting else None)
                continue
            try:
                pause = await self._step(panel, panel.source)
                wait = FIRST_RETRY
                self._say("rows", "")
                await asyncio.sleep(pause)
            except (CollectorError, sqlite3.Error) as error:
                self._say("rows", str(error))
                await asyncio.sleep(wait)
                wait = min(2 * wait, LAST_RETRY)

    def _panel(self) -> Panel | None:
        """Who scores now; nobody without a stable that has a profile."""
        lineup, wanted = self._lineup, self._lineup.wanted
        if lineup.stable is None or lineup.stable.profile is None or wanted is None or wanted.inputs is None:
            return None
        return Panel(wanted, wanted.inputs, lineup.stable, lineup.stable.profile, lineup.candidate, lineup.reference)

    def _awaits_models(self, panel: Panel) -> bool:
        """A trial goes on after a restart, and a model of it is not loaded again yet: its rows can wait in the ring."""
        of_candidate, after = self._book.trials
        candidate = panel.candidate is None and panel.trial.candidate is not None and panel.trial == of_candidate
        reference = panel.reference is None and panel.after is not None and panel.after == after
        return (candidate or reference) and self._lineup.ack().error is None

    async def _step(self, panel: Panel, source: RowSource) -> float:
        """One portion. Whoever is in the line-up when it has come scores it. For how many seconds the next one can wait."""
        portion = await intake.read(self._client, source, panel.tags, self._book.cursor_ms)
        now, came = self._panel(), asyncio.get_running_loop().time()
        if now is None or now.tags != panel.tags or portion.next_ms == self._book.cursor_ms:
            return 0
        if portion.lost:
            log.warning("the collector no longer had rows=%d after cursor_ms=%d", portion.lost, self._book.cursor_ms)
        labelled = await self._labels(source, now)
        scored = await self._in_thread(lambda: self._book.take(portion, now, labelled))
        self._count(portion, now, scored)
        await self._outputs.tell()
        return 0 if len(portion.rows) == intake.LIMIT else max(0, came + PACE - asyncio.get_running_loop().time())

    async def _labels(self, source: RowSource, panel: Panel) -> Labels | None:
        """What has arrived since; without it rows go on."""
        if source.labels is None:
            return None
        try:
            found = await labels.read(self._client, source.labels, source.every, self._book.labels_cursor)
        except CollectorError as error:
            self._say("labels", str(error))
            return None
        if panel.profile.target not in {None, found.tag}:
            version, target = panel.stable.slot.version, panel.profile.target
            self._say("labels", f"they are of {found.tag}, version {version} predicts {target}: it is judged without labels")
            return replace(found, values={})
        self._say("labels", "")
        return found

    def _count(self, portion: Portion, panel: Panel, scored: Scored) -> None:
        tally, complete = self._metrics.rows, int(scored.answers.complete.sum())
        for slot, loaded in panel.slots().items():
            failures = scored.answers.failures(slot)
            loaded.record.rows += complete
            loaded.record.failed_rows += failures
            self._metrics.fallbacks += failures if slot != "reference" else 0
        tally.unscored += len(portion.rows) - complete
        tally.labels += scored.learned
        tally.cursor = portion.next_ms / 1000
        tally.findings = scored.findings

    async def predictions(self, after: int, limit: int, *, shadow: bool = False) -> tuple[list[tuple[int, Prediction]], int]:
        """What consumers got, numbered, oldest first, and the newest number that there is.

        shadow: what the other slots answered, too. Raises sqlite3.Error.
        """
        journal = self._book.journal
        return await self._in_thread(lambda: (journal.after(after, limit, shadow=shadow), journal.newest()))

    async def why(self, time_ms: int) -> dict[str, Any] | None:
        """What consumers got of a row and why, JSON; None when that is not kept. Raises sqlite3.Error."""
        panel = self._panel()
        return await self._in_thread(lambda: self._book.why(time_ms, panel))

    async def report(self) -> dict[str, Any]:
        """All that the evidence knows."""
        return await self._in_thread(self._book.report)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _say(self, what: str, trouble: str) -> None:
        """Once when it begins and once when it is over."""
        if trouble != self._trouble.get(what, ""):
            log.log(logging.WARNING if trouble else logging.INFO, "%s: %s", what, trouble or "they come again")
        self._trouble[what] = trouble

    def close(self) -> None:
        """Let the portion under way be committed, then let go of the file."""
        self._thread.shutdown(wait=True)
        self._book.close()


async def _first(news: asyncio.Event, timeout: float | None) -> None:
    """Wait until something changed, or so many seconds."""
    try:
        await asyncio.wait_for(news.wait(), timeout)
    except TimeoutError:
        return

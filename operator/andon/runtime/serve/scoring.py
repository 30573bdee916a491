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

import aiohttp

from andon.api.slots import RowSource
from andon.api.types import seconds
from andon.runtime.serve import labels, rows
from andon.runtime.serve.book import Book, Scored
from andon.runtime.serve.collector import CollectorError
from andon.runtime.serve.labels import Labels
from andon.runtime.serve.lineup import Lineup
from andon.runtime.serve.metrics import Finding, Metrics
from andon.runtime.serve.panel import Panel
from andon.runtime.serve.rows import Portion
from andon.runtime.serve.store import Prediction
from andon.stats.ledger import Trial

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_RETRY: Final = 0.5
LAST_RETRY: Final = 10.0
PATIENCE: Final = 30.0
"""Seconds for which a restarted server waits for the candidate of a trial under way before it scores rows without it."""


class Scoring:
    """The loop, and the thread that alone touches the book."""

    def __init__(self, lineup: Lineup, metrics: Metrics, session: aiohttp.ClientSession, path: Path) -> None:
        self._lineup = lineup
        self._metrics = metrics
        self._session = session
        self._book = Book(path)
        self._metrics.cursor = self._book.cursor_ms / 1000
        self._thread = ThreadPoolExecutor(1, "scoring")
        self._trouble: dict[str, str] = {}

    async def run(self) -> None:
        """Score rows, for ever."""
        news, wait = self._lineup.news(), FIRST_RETRY
        patient_until = asyncio.get_running_loop().time() + PATIENCE
        while True:
            news.clear()
            panel, source = self._panel(), self._source()
            waiting = panel is not None and self._awaits_candidate(panel) and asyncio.get_running_loop().time() < patient_until
            if panel is None or source is None or waiting:
                await _first(news, PATIENCE if waiting else None)
                continue
            try:
                await self._step(panel, source)
                wait = FIRST_RETRY
                self._say("rows", "")
            except (CollectorError, sqlite3.Error) as error:
                self._say("rows", str(error))
                await asyncio.sleep(wait)
                wait = min(2 * wait, LAST_RETRY)

    def _source(self) -> RowSource | None:
        return self._lineup.wanted.inputs if self._lineup.wanted else None

    def _panel(self) -> Panel | None:
        """Who scores now; nobody without a stable that has a profile."""
        stable, candidate, wanted = self._lineup.stable, self._lineup.candidate, self._lineup.wanted
        if stable is None or stable.profile is None or wanted is None or wanted.inputs is None:
            return None
        judged = wanted.candidate
        trial = Trial(stable.slot.digest, judged.digest if judged else None, wanted.evidence.margin)
        return Panel(stable, stable.profile, candidate, seconds(wanted.inputs.max_age), trial, wanted.inputs.labels)

    def _awaits_candidate(self, panel: Panel) -> bool:
        """A trial goes on after a restart, and its candidate is not loaded again yet: its rows can wait in the ring."""
        under_way = panel.trial.candidate is not None and panel.trial == self._book.trial
        return under_way and panel.candidate is None and self._lineup.ack().error is None

    async def _step(self, panel: Panel, source: RowSource) -> None:
        """One portion. Whoever is in the line-up when it has come scores it."""
        portion = await rows.read(self._session, source, panel.tags, self._book.cursor_ms)
        now = self._panel()
        if now is None or now.tags != panel.tags or portion.next_ms == self._book.cursor_ms:
            return
        if portion.lost:
            log.warning("the collector no longer had rows=%d after cursor_ms=%d", portion.lost, self._book.cursor_ms)
        labelled = await self._labels(source, now)
        scored = await self._in_thread(lambda: self._book.take(portion, now, labelled))
        self._count(portion, now, scored)

    async def _labels(self, source: RowSource, panel: Panel) -> Labels | None:
        """What has arrived since; without it rows go on."""
        if source.labels is None:
            return None
        try:
            found = await labels.read(self._session, source.labels, source.every, self._book.labels_cursor)
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
        complete = int(scored.answers.complete.sum())
        for slot in panel.slots():
            self._metrics.scored[slot] += complete
        self._metrics.unscored += len(portion.rows) - complete
        self._metrics.fallbacks += scored.answers.failures()
        self._metrics.labels += scored.learned
        self._metrics.cursor = portion.next_ms / 1000
        self._metrics.finding = Finding(panel.stable, panel.candidate, scored.evidence)

    async def predictions(self, after: int, limit: int) -> list[tuple[int, Prediction]]:
        """The newest predictions, numbered, oldest first."""
        return await self._in_thread(lambda: self._book.predictions(after, limit))

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

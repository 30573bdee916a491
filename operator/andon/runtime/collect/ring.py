"""What has been collected and is not lost: a durable local log, bounded by bytes.

A record is kept once its transaction is on disk. When the log is full the oldest records go first, and are counted. Consumers
read with named cursors. Everything here runs in one thread (see ``keeper``), so that what was read is what was there.

Rows must be final, so each record also gets the time from which it counts in rows (``counts_from``): normally its source time;
later when it came so late that rows without it were final already. For a tag that time only grows, therefore a row never changes.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from andon.runtime.collect.records import Record
from andon.runtime.collect.tables import Change, Held, Placed, Progress, Signal, Tables
from andon.stats.align import Millis

_EVICT_SHARE = 0.02  # of the records, at once: eviction stays rare and its cost per record small
_LOOKED_AT = 100_000  # records at most for one question about labels: bounds its time, the cursor goes on
_FULL_SHARE = 0.25  # of the ring: so much waiting for a consumer is a stretch, however short its time


@dataclass(frozen=True, slots=True)
class Stretch:
    """Records a consumer reads as one: those after `done` up to `until`, under a name given when it was planned."""

    done: int
    until: int
    name: str


def counts_from(source_us: int, now_ms: int, settle_ms: int, newest: Held | None) -> int:
    """From which row time on (ms) a record counts. newest: the tag's record before it.

    Its source time, rounded up as training does, so that no row knows a value before it was. But a clock that runs ahead does
    not make a value count later than it came, rows older than the settle time are final, and a tag's records never overtake
    each other: a sensor that comes back with an old source time speaks of now.
    """
    source_ms = -(-source_us // 1000)
    return max(min(source_ms, now_ms), now_ms - settle_ms + 1, newest.at_ms + 1 if newest else 0)


def wall_clock_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


class Ring:
    """The log of one collector.

    path: its file. signals: the tags, each once. max_bytes: size at which the oldest records go. settle_ms: age at which a row
    is final although a tag is missing. regime: the tag whose changes are kept beyond its records, so that how long a regime has
    held is known after any eviction. clock_ms: Unix time.
    Safe to look at from any thread: used_bytes, evicted (records, ever), newest_source_us, landed (tag -> Good records that
    have landed).
    """

    def __init__(
        self,
        path: Path,
        signals: Sequence[Signal],
        max_bytes: int,
        settle_ms: int,
        *,
        regime: str | None = None,
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._tables = Tables(path)
        self._max_bytes = max_bytes
        self._clock_ms = clock_ms
        self._now_ms = clock_ms()
        self.settle_ms = settle_ms
        self._ids = {signal.tag: self._tables.signal_id(signal) for signal in signals}
        self._regime = self._ids[regime] if regime else None
        self._tables.forget_changes(but=self._regime)
        self._newest = {tag: newest for tag, id_ in self._ids.items() if (newest := self._tables.newest(id_))}
        self.newest_source_us = max((newest.source_us for newest in self._newest.values()), default=None)
        self.evicted = self._tables.fact("evicted") or 0
        self.began_ms = self._tables.fact("began")
        self.horizon_ms = self._tables.fact("horizon")
        self._look()

    def close(self) -> None:
        """Close the file; nothing committed depends on it."""
        self._tables.close()

    def append(self, records: Iterable[Record]) -> int:
        """Commit records, in order of arrival; how many were news. A repeat of a tag's newest record is none."""
        now_ms = self.now_ms()
        news = [placed for record in records if (placed := self._place(record, now_ms))]
        with self._tables.transaction():
            self._tables.insert(news)
            self._note_changes(news)
            if news and self.began_ms is None:
                self._tables.put_fact("began", now_ms)
                self.began_ms = now_ms
        while self._tables.used_bytes() > self._max_bytes and (span := self._tables.span()):
            self._evict(*span)
        self._look()
        return len(news)

    def now_ms(self) -> int:
        """The wall clock, except that it never goes back while this process lives."""
        self._now_ms = max(self._now_ms, self._clock_ms())
        return self._now_ms

    def final_until(self, tags: Iterable[str]) -> int:
        """Rows of these tags up to this time (ms) never change again: every tag is beyond it, or it has settled."""
        settled = self.now_ms() - self.settle_ms
        newest = [self._newest.get(tag) for tag in tags]
        return max(settled, min((held.at_ms if held else settled for held in newest), default=settled))

    def history(self, tag: str, first_ms: int, last_ms: int) -> list[Held]:
        """What a tag's rows hold at first_ms, then what follows up to last_ms."""
        return self._tables.history(self._ids[tag], first_ms, last_ms)

    def regime_changes(self, first_ms: int, last_ms: int) -> tuple[Millis, NDArray[np.float64]]:
        """From when the regime's tag had which value: the one at first_ms, then those up to last_ms. NaN: it was not Good."""
        changes = self._tables.changes(self._regime, first_ms, last_ms) if self._regime else []
        at_ms, values = zip(*changes, strict=True) if changes else ((), ())
        return np.array(at_ms, dtype=np.int64), np.array(values, dtype=np.float64)

    def labels(self, tag: str, after: int, limit: int) -> tuple[list[tuple[int, float]], int]:
        """Source time (µs) and value of a tag's Good records after a sequence number, in order of arrival, and where to go on.

        A number that this ring has not reached is another ring's, which is lost: all that is here comes after it.
        """
        oldest, newest = self._tables.span() or (1, 0)
        after = after if after <= newest else oldest - 1
        until = min(newest, max(after, oldest - 1) + _LOOKED_AT)
        found = self._tables.labels(self._ids[tag], after, until, limit)
        return [(source_us, value) for _, source_us, value in found], found[-1][0] if len(found) == limit else max(until, after)

    def newest_number(self) -> int:
        """The sequence number of the newest record, 0 before the first."""
        return (self._tables.span() or (0, 0))[1]

    def stretch(self, consumer: str, rotate_ms: int, name: Callable[[int, int], str]) -> Stretch | None:
        """What this consumer should read now, None while the present stretch still fills.

        A stretch ends at a multiple of rotate_ms of received time, or when a quarter of the ring waits. It is written down with
        its name before anybody reads it: after a crash the same records are read under the same name.
        name: of the first and last received time (ms).
        """
        done, until, planned = self._tables.progress(consumer)
        if until is not None and planned is not None:
            return Stretch(done, until, planned)
        until = self._end_of_stretch(done, rotate_ms)
        if until is None:
            return None
        first_us, last_us = self._tables.received_span(done, until)
        stretch = Stretch(done, until, name(first_us // 1000, last_us // 1000))
        self._tables.put_progress(consumer, Progress(done, until, stretch.name))
        return stretch

    def read(self, after: int, until: int, limit: int) -> list[tuple[int, Signal, Placed]]:
        """Up to `limit` records after one sequence number, up to another: sequence number, signal, record."""
        return self._tables.read(after, until, limit)

    def finish(self, consumer: str, stretch: Stretch) -> None:
        """This consumer has this stretch in safety."""
        with self._tables.transaction():
            self._tables.count_landed(stretch.done, stretch.until)
            self._tables.put_progress(consumer, Progress(stretch.until, None, None))
        self._look()

    def _place(self, record: Record, now_ms: int) -> Placed | None:
        newest = self._newest.get(record.tag)
        if newest is not None and newest[1:] == (record.source_us, record.value, record.status):
            return None
        at_ms = counts_from(record.source_us, now_ms, self.settle_ms, newest)
        self._newest[record.tag] = Held(at_ms, record.source_us, record.value, record.status)
        self.newest_source_us = max(self.newest_source_us or 0, record.source_us)
        return Placed(self._ids[record.tag], at_ms, *record[1:])

    def _note_changes(self, news: Iterable[Placed]) -> None:
        """Write down where the regime's tag has another value than before, or is no longer or again Good."""
        if self._regime is None:
            return
        before = self._tables.newest_change(self._regime)
        changes: list[Change] = [] if before is None else [before]
        for placed in news:
            if placed.signal == self._regime and (not changes or changes[-1].value != placed.value):
                changes.append(Change(placed.at_ms, placed.value))
        self._tables.add_changes(self._regime, changes[1:] if before else changes)

    def _end_of_stretch(self, done: int, rotate_ms: int) -> int | None:
        first_us, span = self._tables.received_after(done), self._tables.span()
        if first_us is None or span is None:
            return None
        oldest, newest = span
        waiting_bytes = self.used_bytes * (newest - done) / (newest - oldest + 1)
        if waiting_bytes > self._max_bytes * _FULL_SHARE:
            return newest
        end_ms = (first_us // 1000 // rotate_ms + 1) * rotate_ms
        return self._tables.newest_received_before(done, end_ms * 1000) if self.now_ms() >= end_ms else None

    def _evict(self, oldest: int, newest: int) -> None:
        share = 1 - self._max_bytes / self._tables.used_bytes() + _EVICT_SHARE
        gone = max(1, round((newest - oldest + 1) * min(share, 1.0)))
        with self._tables.transaction():
            self.horizon_ms = max(self.horizon_ms or 0, self._tables.evict(oldest + gone - 1))
            self.evicted += gone
            self._tables.put_fact("evicted", self.evicted)
            self._tables.put_fact("horizon", self.horizon_ms)

    def _look(self) -> None:
        counts = self._tables.landed()
        self.landed = {tag: counts[id_] for tag, id_ in self._ids.items()}
        self.used_bytes = self._tables.used_bytes()

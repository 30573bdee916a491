"""A ring whose clock stands until it is moved, and records in few words."""

from pathlib import Path

from andon.runtime.collect.records import Record
from andon.runtime.collect.ring import Ring
from andon.runtime.collect.tables import Signal

NOON = 1_763_800_000_000  # ms, a multiple of 200 and of 10,000
SETTLE = 1000


class Clock:
    def __init__(self, ms=NOON):
        self.ms = ms

    def __call__(self):
        return self.ms


def ring_at(folder: Path, clock: Clock, tags=("a", "b"), max_bytes=1 << 28, units=None, regime=None) -> Ring:
    signals = [Signal("reactor-1", tag, (units or {}).get(tag, "kPa")) for tag in tags]
    return Ring(folder / "ring.sqlite", signals, max_bytes=max_bytes, settle_ms=SETTLE, regime=regime, clock_ms=clock)


def said(tag, at_ms, value, status=0, received_ms=None):
    received = received_ms if received_ms is not None else at_ms
    return Record(tag, at_ms * 1000, at_ms * 1000, received * 1000, value, status)

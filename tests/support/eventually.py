"""Waiting on a condition, with a deadline and a last word."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], until: Callable[[T], object] = bool, *, within: float) -> T:
    """What ``look`` returned once ``until`` holds of it; fails after ``within`` seconds, printing what it last saw."""
    deadline = time.monotonic() + within
    while True:
        seen = look()
        if until(seen):
            return seen
        assert time.monotonic() < deadline, f"not so within {within} s; last seen: {seen!r}"
        time.sleep(0.05)

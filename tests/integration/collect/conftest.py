"""A machine to collect from, and a collector to do it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from integration.collect.machine import Collector, Machine


@pytest.fixture
async def machine() -> AsyncIterator[Machine]:
    """Not yet started: a test says with which variables."""
    machine = Machine()
    yield machine
    await machine.stop()


@pytest.fixture
async def collector(tmp_path: Path) -> AsyncIterator[Callable[[dict[str, Any]], Collector]]:
    """Makes a collector of a spec, not yet started."""
    made: list[Collector] = []

    def make(spec: dict[str, Any]) -> Collector:
        made.append(Collector(tmp_path, spec))
        return made[-1]

    yield make
    for each in made:
        if each.process is not None and each.process.poll() is None:
            each.kill()

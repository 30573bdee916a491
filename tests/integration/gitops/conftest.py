"""The operator on the real API server, with evidence, versions and servers as tests/integration/operator has them."""

from collections.abc import Callable, Iterator

import pytest

from integration.gitops.syncers import HOWS, Syncer
from integration.operator.conftest import (  # noqa: F401 - fixtures
    listener,
    namespace,
    plant,
    prometheus,
    registry,
    sighted,
    start,
    start_operator,
)
from integration.operator.plant import Plant

Sync = Callable[[str], Syncer]


@pytest.fixture
def sync(plant: Plant) -> Iterator[Sync]:  # noqa: F811 - the fixture
    """Starts a syncer of one of the ways in HOWS; it goes on until the test ends."""
    running: list[Syncer] = []

    def begin(how: str) -> Syncer:
        running.append(Syncer(plant.cluster, HOWS[how]))
        return running[-1]

    yield begin
    for syncer in running:
        syncer.stop()

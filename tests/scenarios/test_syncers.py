"""The ways in which Argo CD applies; Flux's is tried in tests/integration."""

import pytest

from integration.gitops.conftest import (  # noqa: F401 - fixtures
    Sync,
    listener,
    namespace,
    plant,
    prometheus,
    registry,
    sighted,
    start,
    start_operator,
    sync,
)
from integration.gitops.test_syncers import stands
from integration.operator.plant import Plant

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(120)]


@pytest.mark.parametrize("how", ["argo-server-side", "argo-client-side", "argo-replace"])
def test_a_rollback_stands_and_nobody_fights(plant: Plant, sync: Sync, how: str):  # noqa: F811 - the fixtures
    stands(plant, sync(how))

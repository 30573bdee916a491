"""The same as for an operator that sleeps, for one that is no more."""

import pytest

from integration.leader.conftest import TAKEOVER, Operator, acts, cluster, folder, pair, takes_turns
from integration.operator.cluster import Cluster

__all__ = ["cluster", "folder", "pair"]

pytestmark = pytest.mark.scenario


def test_a_killed_operator_is_replaced_within_15_s(pair: tuple[Operator, Operator], cluster: Cluster):
    first, second = pair
    first.process.kill()
    acts(cluster, within=TAKEOVER)
    assert takes_turns(first, second)

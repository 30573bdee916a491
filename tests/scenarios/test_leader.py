"""Of two operators one acts. The other takes over when the first is no more, or is cut off, and never before."""

import pytest

from integration.leader.conftest import TAKEOVER, Operator, acts, cluster, folder, pair, takes_turns
from integration.operator.cluster import Cluster

__all__ = ["cluster", "folder", "pair"]

pytestmark = pytest.mark.scenario

DEADLINE = 7.0


def test_a_killed_operator_is_replaced_within_15_s(pair: tuple[Operator, Operator], cluster: Cluster):
    first, second = pair
    first.process.kill()
    acts(cluster, within=TAKEOVER)
    assert takes_turns(first, second)


def test_an_operator_that_is_cut_off_ends_before_another_begins(pair: tuple[Operator, Operator], cluster: Cluster):
    first, second = pair
    first.relay.cut()
    assert first.process.wait(DEADLINE + 2) == 75
    assert first.said().count("the Lease was not renewed for 7.") == 1
    assert "this operator begins" not in second.said()
    acts(cluster, within=TAKEOVER)
    assert takes_turns(first, second)

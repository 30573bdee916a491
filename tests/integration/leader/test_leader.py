"""Of two operators one acts. The other takes over when the first stops or sleeps, and never before."""

import signal
import time
from datetime import UTC, datetime

import pytest

from integration.leader.conftest import TAKEOVER, Operator, acts, takes_turns
from integration.operator.cluster import Cluster
from integration.operator.test_weather import SOURCE
from support.eventually import eventually


def test_a_stopped_operator_hands_over_at_once(pair: tuple[Operator, Operator], cluster: Cluster):
    first, second = pair
    first.process.terminate()
    assert first.process.wait(10) == 0
    eventually(second.said, lambda said: "this operator begins" in said, within=3)
    acts(cluster, within=10)
    assert takes_turns(first, second)


@pytest.mark.scenario
def test_an_operator_that_was_paused_wakes_up_and_writes_nothing(pair: tuple[Operator, Operator], cluster: Cluster):
    first, second = pair
    first.process.send_signal(signal.SIGSTOP)
    paused, asleep = datetime.now(UTC), time.monotonic()
    acts(cluster, within=TAKEOVER)
    cluster.apply("DataSource", "another", SOURCE)
    cluster.kubectl("wait", "--for=create", "statefulset/reactor-collect", "--timeout=10s")
    cluster.kubectl("delete", "statefulset", "reactor-collect")  # who wakes up finds something to do
    time.sleep(max(0.0, 20 - (time.monotonic() - asleep)))
    first.process.send_signal(signal.SIGCONT)
    assert first.process.wait(5) == 75
    assert first.said().count("this process ends (exit code 75)") == 1
    assert first.writes(paused) == []
    assert takes_turns(first, second)

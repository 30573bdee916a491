"""An operator that is killed loses nothing: what it knew is in the cluster."""

import subprocess
from collections.abc import Callable

from integration.operator.cluster import Cluster
from integration.operator.test_children import children
from integration.operator.test_weather import SOURCE
from support.eventually import eventually


def test_a_killed_operator_goes_on_where_it_was(namespace: Cluster, start_operator: Callable[[], subprocess.Popen[bytes]]):
    first = start_operator()
    first.kill()
    first.wait(10)
    namespace.apply("DataSource", "reactor", SOURCE)
    second = start_operator()
    try:
        eventually(lambda: children(namespace), lambda c: len(c) == 4, within=20)
        namespace.says("datasource", "reactor", "CollectorStarting")
    finally:
        second.terminate()
        assert second.wait(15) == 0

"""What an operator at work says of itself."""

import urllib.request

from andon.api.kinds import KINDS
from integration.operator.cluster import Cluster
from integration.operator.test_weather import DEPLOYMENT
from support.eventually import eventually

CHILDREN = 11


def told(cluster: Cluster, path: str) -> str:
    with urllib.request.urlopen(f"http://{cluster.plane.network.control}:8081{path}", timeout=5) as answer:
        return answer.read().decode()


def test_liveness_hears_every_watch(cluster: Cluster):
    eventually(lambda: told(cluster, "/healthz"), lambda said: said == f"ok, {len(KINDS) + CHILDREN} watches\n", within=20)


def test_reconciles_and_queues_are_told_per_kind(cluster: Cluster):
    cluster.apply("ModelDeployment", "d", DEPLOYMENT)
    cluster.says("modeldeployment", "d", "Unreachable")
    metrics = told(cluster, "/metrics").splitlines()
    assert [m for m in metrics if m.startswith('andon_queue_depth{kind="ModelDeployment"}')]
    seconds = next(m for m in metrics if m.startswith('andon_reconcile_seconds_count{kind="ModelDeployment"}'))
    assert float(seconds.split()[1]) > 0

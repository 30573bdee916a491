"""What Kubernetes says of the servers: as many as are wanted, and whose processes run."""

from typing import Any

import pytest

from andon.api.deployment import ModelDeploymentSpec
from andon.controllers.deployment import workload


def pod(name: str, phase: str, *, ready: bool = False) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {"kind": "Pod", "metadata": {"name": name}, "status": {"phase": phase, "conditions": conditions}}


def servers(available: int, *pods: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"kind": "Deployment", "status": {"replicas": len(pods), "availableReplicas": available}}, *pods]


def wanted(replicas: int) -> ModelDeploymentSpec:
    return ModelDeploymentSpec.model_validate({"model": {"mlflow": {"name": "m", "version": "1"}}, "replicas": replicas})


@pytest.mark.parametrize(
    ("available", "replicas", "enough"), [(1, 1, True), (1, 3, False), (3, 3, True), (4, 3, True), (0, 0, False)]
)
def test_available_means_as_many_as_are_wanted(available: int, replicas: int, enough: bool):
    assert workload(servers(available), wanted(replicas)).available is enough


def test_who_is_not_ready_is_named_and_who_runs_is_known():
    children = servers(1, pod("a", "Running", ready=True), pod("b", "Running"), pod("c", "Pending"), pod("d", "Failed"))
    said = workload(children, wanted(3))
    assert (said.running, said.replicas) == (frozenset({"a", "b"}), 4)
    assert said.message == "pod b is Running and not ready"

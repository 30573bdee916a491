"""The operator as a process of its own, under its ServiceAccount's rights, on the real API server, with nobody else there.

Prometheus, MLflow and git are addresses where nobody listens: what the operator says and does then is what is tested here.
The whole loop with all of them is the demo.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from andon.lab.controlplane import ControlPlane
from integration.operator.cluster import Cluster, ready
from integration.operator.plant import Listener, Plant, Prometheus, Registry, Start
from support.chart import NAMESPACE, rendered
from support.eventually import eventually

ACCOUNT = "system:serviceaccount:andon-system:andon"


@pytest.fixture(scope="session")
def start_operator(
    control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., subprocess.Popen[bytes]]:
    """Starts an operator and waits until it is ready. Nobody listens where it looks, but for what it is given."""
    folder = tmp_path_factory.mktemp("operator")
    install_rights(control_plane, folder)
    nobody = f"http://{control_plane.network.control}:1"
    alone = {"prometheus": {"url": nobody}, "mlflow": {"url": nobody, "timeout": "1s"}, "cacheDir": str(folder / "cache")}
    config = folder / "andon.yaml"
    listen = f"{control_plane.network.control}:8081"
    environment = {**os.environ, "KUBECONFIG": str(control_plane.identity("operator", ACCOUNT, "system:serviceaccounts"))}

    def start(**given: Any) -> subprocess.Popen[bytes]:
        config.write_text(yaml.safe_dump(alone | given))
        command = [sys.executable, "-m", "andon.cli", "operator", "--config", str(config), "--listen", listen]
        with (folder / "operator.log").open("ab") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        eventually(lambda: ready(f"http://{listen}/readyz"), within=30)
        return process

    return start


@pytest.fixture(scope="module")
def operator(start_operator: Callable[..., subprocess.Popen[bytes]]) -> Iterator[subprocess.Popen[bytes]]:
    process = start_operator()
    yield process
    process.terminate()
    assert process.wait(15) == 0


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[Cluster]:
    """A namespace of the test's own."""
    name = f"test-{secrets.token_hex(4)}"
    control_plane.kubectl("create", "namespace", name)
    yield Cluster(control_plane, name)
    control_plane.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def cluster(namespace: Cluster, operator: subprocess.Popen[bytes]) -> Cluster:
    """The same, with an operator that runs."""
    assert operator.poll() is None
    return namespace


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def prometheus(control_plane: ControlPlane, listener: Listener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    server = Prometheus(tmp_path_factory.mktemp("prometheus"), control_plane.network.control, listener)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def registry(mlflow_uri: str) -> Registry:
    return Registry(mlflow_uri)


@pytest.fixture(scope="module")
def start(
    start_operator: Callable[..., subprocess.Popen[bytes]], listener: Listener, prometheus: Prometheus, registry: Registry
) -> Iterator[Start]:
    """Starts an operator that sees all that there is; the one before must be gone."""
    running: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        running.append(
            start_operator(
                prometheus={"url": prometheus.url},
                mlflow={"url": registry.url},
                notifications={"webhook": f"{listener.url}/hooks/s3cret"},
            )
        )
        return running[-1]

    yield begin
    for process in running:
        process.terminate()
    for process in running:
        process.wait(20)


@pytest.fixture(scope="module")
def sighted(start: Start) -> dict[str, subprocess.Popen[bytes]]:
    """The operator that runs now; a test that kills it puts another in its place."""
    return {"operator": start()}


@pytest.fixture
def plant(
    namespace: Cluster,
    sighted: dict[str, subprocess.Popen[bytes]],
    registry: Registry,
    listener: Listener,
    prometheus: Prometheus,
) -> Plant:
    assert sighted["operator"].poll() is None
    eventually(lambda: namespace.get("serviceaccount", "default"), within=20)
    return Plant(namespace, registry, listener, prometheus)


def install_rights(plane: ControlPlane, folder: Path) -> None:
    """CRDs, ServiceAccount, ClusterRole and binding from the chart; the operator itself is started by the test."""
    documents = rendered(folder, "CustomResourceDefinition", "ServiceAccount", "ClusterRole", "ClusterRoleBinding")
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.safe_dump_all([namespace, *documents]))
    plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")

"""The operator as a process of its own, under its ServiceAccount's rights, on the real API server, with nobody else there.

Prometheus, MLflow and git are addresses where nobody listens: what the operator says and does then is what is tested here.
The whole loop with all of them is the demo.
"""

import json
import os
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from andon.lab.controlplane import ControlPlane
from andon.lab.toolchain import binary
from support.eventually import eventually

CHART = Path(__file__).resolve().parents[3] / "charts" / "andon"
ACCOUNT = "system:serviceaccount:andon-system:andon"


@dataclass
class Cluster:
    """The cluster as a user of one namespace sees it."""

    plane: ControlPlane
    namespace: str

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self.plane.kubectl("-n", self.namespace, *arguments, stdin=stdin)

    def apply(self, kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> None:
        self.kubectl("apply", "-f", "-", stdin=json.dumps(manifest(kind, name, spec, **metadata)))

    def get(self, kind: str, name: str) -> dict[str, Any]:
        return json.loads(self.kubectl("get", kind, name, "-o", "json", "--ignore-not-found") or "{}")

    def condition(self, kind: str, name: str, type_: str = "Ready") -> dict[str, Any]:
        conditions = self.get(kind, name).get("status", {}).get("conditions", ())
        return next((c for c in conditions if c["type"] == type_), {})

    def says(self, kind: str, name: str, reason: str, *, type_: str = "Ready", within: float = 20) -> dict[str, Any]:
        """The condition, once its reason is this one."""
        return eventually(lambda: self.condition(kind, name, type_), lambda c: c.get("reason") == reason, within=within)


def manifest(kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "andon.dev/v1alpha1", "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


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


def ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - an address of this test
            return bool(answer.status == 200)
    except OSError:
        return False


def install_rights(plane: ControlPlane, folder: Path) -> None:
    """CRDs, ServiceAccount, ClusterRole and binding from the chart; the operator itself is started by the test."""
    helm = [
        str(binary("helm")),
        "template",
        "andon",
        str(CHART),
        "-n",
        "andon-system",
        "-f",
        str(CHART / "ci" / "lab-values.yaml"),
    ]
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    rendered = subprocess.run(helm, env=environment, capture_output=True, text=True, check=True, timeout=30).stdout
    wanted = {"CustomResourceDefinition", "ServiceAccount", "ClusterRole", "ClusterRoleBinding"}
    documents = [d for d in yaml.safe_load_all(rendered) if d and d["kind"] in wanted]
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "andon-system"}}
    plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.safe_dump_all([namespace, *documents]))
    plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")

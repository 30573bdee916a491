"""Two operators on the real API server, each with an identity of its own in the audit log."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from andon.lab.audit import Write, writes
from andon.lab.controlplane import ControlPlane
from integration.operator.cluster import Cluster
from integration.operator.test_weather import SOURCE
from support.chart import NAMESPACE, rendered
from support.eventually import eventually
from support.relay import Relay

TAKEOVER = 15.0


@dataclass
class Operator:
    """A process that would like to act."""

    user: str
    process: subprocess.Popen[bytes]
    log: Path
    plane: ControlPlane
    relay: Relay
    """Between it and the API server."""
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))

    def said(self) -> str:
        return self.log.read_text()

    def writes(self, since: datetime | None = None) -> list[Write]:
        """What it has written, and the API server has taken."""
        found = writes(self.plane.audit_log, since or self.begun, datetime.now(UTC))
        return [write for write in found if write.identity == self.user and write.code < 300]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(20)


@pytest.fixture(scope="module")
def folder(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With CRDs and the operator's roles in the cluster."""
    home = tmp_path_factory.mktemp("leader")
    own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    kinds = ("CustomResourceDefinition", "ClusterRole", "Role")
    wanted = yaml.safe_dump_all([own, *rendered(home, *kinds)])
    control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=wanted)
    control_plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")
    return home


@pytest.fixture
def pair(control_plane: ControlPlane, folder: Path) -> Iterator[tuple[Operator, Operator]]:
    """One that acts, and one that stands by."""
    with Relay(control_plane.network.control, 6443) as one, Relay(control_plane.network.control, 6443) as other:
        operators = [operator(control_plane, folder, relay) for relay in (one, other)]
        acting = eventually(lambda: next((o for o in operators if "this operator begins" in o.said()), None), within=30)
        waiting = next(o for o in operators if o is not acting)
        eventually(waiting.said, lambda said: "this operator stands by" in said, within=20)
        yield acting, waiting
        for one_of_them in operators:
            one_of_them.stop()


@pytest.fixture
def cluster(control_plane: ControlPlane) -> Iterator[Cluster]:
    name = f"test-{secrets.token_hex(4)}"
    control_plane.kubectl("create", "namespace", name)
    yield Cluster(control_plane, name)
    control_plane.kubectl("delete", "namespace", name, "--wait=false")


def acts(cluster: Cluster, within: float) -> None:
    """Whether an operator does what people ask for."""
    cluster.apply("DataSource", "reactor", SOURCE)
    cluster.says("datasource", "reactor", "CollectorStarting", within=within)


def takes_turns(first: Operator, second: Operator) -> bool:
    """Whether the last that the first wrote came before the first that the second wrote, renewals included."""
    one, other = first.writes(), second.writes()
    return bool(one and other) and max(w.at for w in one) < min(w.at for w in other)


def operator(plane: ControlPlane, folder: Path, relay: Relay) -> Operator:
    """One more, with the rights that the chart gives it."""
    user = f"operator-{secrets.token_hex(4)}"
    plane.kubectl("create", "clusterrolebinding", user, "--clusterrole=andon", f"--user={user}")
    plane.kubectl("-n", NAMESPACE, "create", "rolebinding", user, "--role=andon-lease", f"--user={user}")
    kubeconfig, nobody = plane.identity(user, user), f"http://{plane.network.control}:1"
    kubeconfig.write_text(kubeconfig.read_text().replace(":6443", f":{relay.port}"))
    file, log = folder / f"{user}.yaml", folder / f"{user}.log"
    config = {"prometheus": {"url": nobody}, "mlflow": {"url": nobody, "timeout": "1s"}, "cacheDir": str(folder / user)}
    file.write_text(yaml.safe_dump(config | {"leaderElection": {"enabled": True}}))
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "ANDON_NAMESPACE": NAMESPACE}
    listen = f"{plane.network.control}:0"
    command = [sys.executable, "-m", "andon.cli", "operator", "--config", str(file), "--listen", listen]
    with log.open("wb") as sink:
        return Operator(user, subprocess.Popen(command, env=environment, stdout=sink, stderr=sink), log, plane, relay)

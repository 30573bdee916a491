"""Which components a lab has. A component more is one entry in ``Lab.components``.

`with Lab(Options(), folder) as lab: lab.start()` runs a whole lab inside the calling process; `andon lab up` does the same in a
process of its own (``daemon``).
"""

import re
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import yaml

from andon.api.types import DURATION_PATTERN
from andon.lab.broker import Broker
from andon.lab.controlplane import ControlPlane
from andon.lab.crew import Component, Crew, LabError, Member
from andon.lab.gitserver import GitServer
from andon.lab.network import Claim
from andon.lab.processes import Command
from andon.lab.prometheus import Prometheus
from andon.lab.registry import Registry
from andon.lab.signing import KEY, SigningKey
from andon.lab.signing import NAMESPACE as OPERATOR_NAMESPACE
from andon.lab.specs import WRITTEN_FOR, at_speed
from andon.lab.toolchain import binary

CLONE: Final = Path(__file__).parents[3]
NODES: Final = ("edge", "cloud")
SPECS: Final = CLONE / "specs"
PLANT_NAMESPACE: Final = "plant-a"
_SAMPLE: Final = 180.0  # seconds between two rows of the Tennessee Eastman process


@dataclass(frozen=True, slots=True)
class Options:
    """What a lab may differ in.

    nodes: a tier (``edge``, ``cloud``) each. specs: the folder that becomes the plant's repository. scrape: Prometheus' interval.
    speed: how many times faster than the real plant rows come; 900 is one every 200 ms. images: a file of more images that
    pods may name, and their commands (``node.images``).
    """

    name: str = "andon"
    nodes: tuple[str, ...] = NODES
    specs: Path = SPECS
    scrape: str = "2s"
    speed: float = WRITTEN_FOR
    images: Path | None = None

    def __post_init__(self) -> None:
        """Raises LabError naming the option that cannot be used."""
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?", self.name):
            raise LabError(f"--name {self.name}: write lower-case letters, digits and dashes")
        if not set(self.nodes) <= set(NODES) or not 1 <= len(self.nodes) <= 8:
            raise LabError(f"--node {' '.join(self.nodes)}: one to eight nodes, each edge or cloud")
        if not re.fullmatch(DURATION_PATTERN, self.scrape):
            raise LabError(f"--prometheus-scrape {self.scrape}: write for example 500ms or 2s")
        if not self.specs.is_dir():
            raise LabError(f"--specs {self.specs}: not a folder")
        if self.images is not None and not self.images.is_file():
            raise LabError(f"--images {self.images}: not a file")


class Lab:
    """One lab: its addresses, and the processes behind them. Everything it writes is in one folder."""

    def __init__(self, options: Options, folder: Path) -> None:
        """Claims a network and prepares files; starts nothing. Raises NoNetworkError."""
        folder.mkdir(parents=True, exist_ok=True)
        self.options, self.folder = options, folder
        self._claim = Claim.take()
        self.network = self._claim.network
        self.plane = ControlPlane(folder, self.network)
        self.prometheus = Prometheus(self.plane, options.scrape)
        self.registry = Registry(folder, self.network)
        self.git = GitServer(folder, self.network)
        self.signing = SigningKey(folder)
        self.broker = Broker(self.plane, PLANT_NAMESPACE)
        self.plant = f"opc.tcp://{self.network.plant}:4840"
        self.plant_control = f"{self.network.control}:4841"
        self.synced = folder / "syncer" / "status.json"
        self.crew = Crew(self.components(), folder)

    def components(self) -> tuple[Component, ...]:
        """Everything that runs, each after what it needs; without a ready question it is a step that ends. Writes nothing."""
        nodes = [self._node(index, name, tier) for index, (name, tier) in enumerate(self._nodes())]
        return (
            self.registry.component(),
            self.git.component(),
            *self.plane.components(),
            self.prometheus.component(),
            self.broker.component(),
            Component("plant", self._plant_command, self._plant_ready, needs=("kube-apiserver",)),
            Component("forwarder", self._forwarder_command, lambda: True, needs=("kube-apiserver",)),
            *nodes,
            Component("operator", self._operator_command, None, needs=("kube-apiserver",), limit=120.0),
            Component("syncer", self._syncer_command, self.synced.exists, needs=("git", "kube-apiserver")),
        )

    def start(self, on_change: Callable[[Member], None] = lambda _: None) -> None:
        """Start all of it and wait until it is ready. Raises LabError naming what is not."""
        self.git.create(PLANT_NAMESPACE, at_speed(self.options.specs, self.folder / "specs", self.options.speed))
        self.crew.start(on_change)

    def stop(self) -> None:
        """End all of it, and let another lab have the network."""
        self.crew.stop()
        self._claim.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _nodes(self) -> list[tuple[str, str]]:
        """Name and tier of each node: the second of a tier is ``edge-2``."""
        tiers = self.options.nodes
        return [(f"{tier}-{tiers[: index + 1].count(tier)}", tier) for index, tier in enumerate(tiers)]

    def _node(self, index: int, name: str, tier: str) -> Component:
        command, ready = partial(self._node_command, index, name, tier), partial(self._node_ready, name)
        return Component(f"node-{name}", command, ready, needs=("kube-apiserver",), patience=20.0)

    def _node_command(self, index: int, name: str, tier: str) -> Command:
        options: dict[str, object] = {
            "name": name,
            "tier": tier,
            "kubeconfig": self.plane.identity(name, f"system:node:{name}", "system:nodes"),
            "network": self.network.prefix,
            "pod-range": self.network.pod_range(index),
            "state": self.folder / "nodes" / name,
        }
        if self.options.images is not None:
            options["images"] = self.options.images.absolute()
        return _python("andon.lab.node", options, f"{self.network.prefix}.{self.network.pod_range(index)}.x")

    def _node_ready(self, name: str) -> bool:
        conditions = self.plane.read(f"/api/v1/nodes/{name}")["status"].get("conditions", [])
        return any((condition["type"], condition["status"]) == ("Ready", "True") for condition in conditions)

    def _forwarder_command(self) -> Command:
        kubeconfig = self.plane.identity("forwarder", "lab-forwarder", "system:masters")
        options = {"kubeconfig": kubeconfig, "volumes": self.folder / "volumes"}
        return _python("andon.lab.node.shared", options, self.network.services)

    def _plant_command(self) -> Command:
        """The plant listens on its Service's own address, so that `plant.plant-a.svc` leads to it although it is no pod."""
        namespace = f"/api/v1/namespaces/{PLANT_NAMESPACE}"
        service = {"clusterIP": self.network.plant, "ports": [{"name": "opcua", "port": 4840}]}
        self.plane.apply(namespace, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PLANT_NAMESPACE}})
        self.plane.apply(
            f"{namespace}/services/plant",
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "plant", "namespace": PLANT_NAMESPACE}, "spec": service},
        )
        period = f"{_SAMPLE / self.options.speed * 1000:.0f}ms"
        state = self.folder / "plant"
        options = {"endpoint": self.plant, "control": self.plant_control, "state": state, "period": period}
        return _python("andon.lab.plant", options, self.plant)

    def _plant_ready(self) -> bool:
        with socket.create_connection((self.network.plant, 4840), timeout=1.0):
            return True

    def _operator_command(self) -> Command:
        """The shipped chart, as a platform team would install it; done when the Deployment is available."""
        self._prepare_signing()
        values = self.folder / "values.yaml"
        values.write_text(yaml.safe_dump(self._values(), sort_keys=False))
        argv = (binary("helm"), "upgrade", "--install", "andon", CLONE / "charts/andon", "--namespace", OPERATOR_NAMESPACE)
        waiting = ("--create-namespace", "--values", values, "--wait", "--timeout", "110s")
        # A home of its own: what helm learns of the cluster before the CRDs are there must not be kubectl's knowledge of it.
        return Command((*argv, *waiting), {"KUBECONFIG": str(self.plane.kubeconfig), "HOME": str(self.folder / "helm")})

    def _prepare_signing(self) -> None:
        """What a platform team does before it installs the chart: its own namespace, and the key that commits are signed with."""
        if self.signing.possible:
            namespace = f"/api/v1/namespaces/{OPERATOR_NAMESPACE}"
            self.plane.apply(namespace, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OPERATOR_NAMESPACE}})
            self.plane.apply(f"{namespace}/secrets/{KEY}", self.signing.secret())

    def _values(self) -> dict[str, Any]:
        repository = {
            "name": PLANT_NAMESPACE,
            "url": self.git.url(PLANT_NAMESPACE),
            "path": PLANT_NAMESPACE,
            "namespaces": [PLANT_NAMESPACE],
            **({"signingKey": KEY} if self.signing.possible else {}),
        }
        config = {"prometheus": {"url": self.prometheus.url}, "mlflow": {"url": self.registry.url}, "repositories": [repository]}
        # One machine is one place to be lost: a second operator would stand by for nothing.
        return {"config": config, "replicas": 1, "nodeSelector": {"andon.dev/tier": "cloud"}}

    def _syncer_command(self) -> Command:
        kubeconfig = self.plane.identity("syncer", "lab-syncer", "system:masters")
        options = {"kubeconfig": kubeconfig, "url": self.git.url(PLANT_NAMESPACE), "folder": self.synced.parent}
        return _python("andon.lab.syncer", options, self.git.url(PLANT_NAMESPACE))


def _python(module: str, options: Mapping[str, object], address: str) -> Command:
    """A part of this package as a process of its own."""
    return Command((sys.executable, "-m", module, *(f"--{key}={value}" for key, value in options.items())), address=address)

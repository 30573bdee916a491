"""One process node and what nodes share, as processes, beside the control plane of the session."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from andon.lab.controlplane import ControlPlane
from andon.lab.node.logs import log_of
from support.eventually import eventually


@dataclass
class Machine:
    """A lab of one node. name: of the node."""

    plane: ControlPlane
    folder: Path
    name: str = "edge-1"
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.folder / "node"

    def start(self) -> None:
        self.start_node()
        access = self.plane.identity("shared", "andon-lab:shared", "system:masters")
        self._start("shared", "andon.lab.node.shared", "--kubeconfig", access, "--volumes", self.folder / "volumes")

    def start_node(self) -> None:
        access = self.plane.identity(self.name, f"system:node:{self.name}", "system:nodes")
        images = self.folder / "images.json"
        images.write_text(json.dumps({"python": [sys.executable]}))
        network = ["--network", self.plane.network.prefix, "--pod-range", "1"]
        options = ["--state", self.state, "--images", images, "--restart-base", "1", "--service-wait", "4"]
        self._start("node", "andon.lab.node", "--name", self.name, "--tier", "edge", "--kubeconfig", access, *network, *options)

    def kill_node(self) -> None:
        node = self.running.pop("node")
        node.kill()
        node.wait(10)

    def stop(self) -> None:
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            process.wait(15)

    def apply(self, *objects: dict[str, Any]) -> None:
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self.plane.kubectl("apply", "-f", "-", stdin=text)

    def get(self, *what: str) -> dict[str, Any]:
        return dict(json.loads(self.plane.kubectl("get", *what, "-o", "json")))

    def pod(self, name: str) -> dict[str, Any]:
        return self.get("pod", name)

    def container(self, pod: str) -> dict[str, Any]:
        return dict((self.pod(pod)["status"].get("containerStatuses") or [{}])[0])

    def waiting(self, pod: str) -> dict[str, str]:
        return dict(self.container(pod).get("state", {}).get("waiting", {}))

    def log(self, pod: str) -> str:
        """What the pod's container wrote; nothing before it has started."""
        try:
            return log_of(self.state, "default", pod).read_text()
        except LookupError:
            return ""

    def pid(self, pod: str) -> int:
        return int(self.container(pod)["containerID"].removeprefix("process://"))

    def _start(self, name: str, module: str, *arguments: object) -> None:
        command = [sys.executable, "-m", module, *map(str, arguments)]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "SECRET_OF_THE_LAB": "1"})


@pytest.fixture(scope="module")
def machine(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    machine = Machine(control_plane, tmp_path_factory.mktemp("machine"))
    machine.start()
    try:
        eventually(lambda: control_plane.kubectl("get", "nodes"), lambda text: " Ready " in text, within=20)
        control_plane.kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=20s")
        eventually(lambda: machine.get("node", machine.name)["spec"].get("taints"), lambda taints: not taints, within=20)
        yield machine
    finally:
        machine.stop()
        control_plane.kubectl("delete", "node", machine.name)  # nobody else's pods are to wait for it


def pod(name: str, script: str, **spec: Any) -> dict[str, Any]:
    """A pod that runs this Python text; keywords replace fields of its spec, `container` those of its container."""
    container = {"name": "main", "image": "python", "command": ["-c", script]} | spec.pop("container", {})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [container], "restartPolicy": "Never", "terminationGracePeriodSeconds": 2} | spec,
    }


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

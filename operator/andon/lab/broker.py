"""The line's message broker: where predictions arrive that a ModelDeployment sends to MQTT.

It stands outside the cluster, as in a plant; what pods need to reach it is the Secret `line`, which a platform team would make.
"""

import socket
from typing import Final

from andon.lab.controlplane import ControlPlane
from andon.lab.crew import Component
from andon.lab.processes import Command
from andon.lab.toolchain import binary

ADDRESS: Final = "line"
"""The Secret that says where it is."""
PORT: Final = 1883


class Broker:
    """An MQTT broker that lets everybody in, and the Secret that says where it is. namespace: whose Secret that is."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self._plane, self._namespace, self._host = plane, namespace, plane.network.control
        self.url = f"mqtt://{self._host}:{PORT}"

    def component(self) -> Component:
        """Ready when it accepts connections."""
        return Component("mqtt-broker", self._command, self._ready, needs=("kube-apiserver",))

    def _ready(self) -> bool:
        with socket.create_connection((self._host, PORT), timeout=1.0):
            return True

    def _command(self) -> Command:
        namespace = f"/api/v1/namespaces/{self._namespace}"
        self._plane.apply(namespace, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self._namespace}})
        metadata = {"name": ADDRESS, "namespace": self._namespace}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"url": self.url}}
        self._plane.apply(f"{namespace}/secrets/{ADDRESS}", secret)
        # Its web listeners have addresses of no use here: ports of their own, so that two labs do not meet.
        listening = (f"-tcp={self._host}:{PORT}", f"-ws={self._host}:1882", f"-info={self._host}:1881")
        return Command((binary("mqtt-broker"), *listening), address=self.url)

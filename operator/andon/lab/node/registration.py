"""The node's own objects: the Node with its labels and Ready condition, and the Lease that says it lives."""

import asyncio
import logging
import os
import platform
from datetime import UTC, datetime
from typing import Any, Final

from andon.lab.node.api import WEATHER, Api, ApiError
from andon.lab.node.status import rfc3339

Json = dict[str, Any]

RENEWAL: Final = 10.0
"""Seconds between Lease renewals; the control plane gives a node up after about 50."""
MANAGER: Final = "andon-node"
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}

log = logging.getLogger(__name__)


class Registration:
    """Registers the node, then keeps its Lease, and heals its Ready condition after a gap."""

    def __init__(self, api: Api, name: str, tier: str, address: str) -> None:
        self._api, self._name, self._tier, self._address = api, name, tier, address
        self._node = f"/api/v1/nodes/{name}"

    async def run(self) -> None:
        """For ever: every ten seconds, sooner when the API server was away."""
        while True:
            try:
                await self._heal()
                await self._renew()
            except (ApiError, *WEATHER) as error:
                log.warning("node %s: %r", self._name, error)
                await asyncio.sleep(1)
            else:
                await asyncio.sleep(RENEWAL)

    async def _heal(self) -> None:
        try:
            node = await self._api.get(self._node)
        except ApiError as error:
            if error.status != 404:
                raise
            node = await self._api.apply(self._node, self._identity(), manager=MANAGER)
        ready = next((c["status"] for c in node.get("status", {}).get("conditions", ()) if c["type"] == "Ready"), None)
        if ready != "True":
            await self._api.apply(f"{self._node}/status", self._identity() | {"status": self._status()}, manager=MANAGER)

    async def _renew(self) -> None:
        path = f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{self._name}"
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": self._name, "leaseDurationSeconds": 40, "renewTime": now}
        metadata = {"name": self._name, "namespace": "kube-node-lease"}
        body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
        await self._api.apply(path, body, manager=MANAGER)

    def _identity(self) -> Json:
        labels = {
            "kubernetes.io/hostname": self._name,
            "kubernetes.io/os": platform.system().lower(),
            "kubernetes.io/arch": _ARCHITECTURES.get(platform.machine(), platform.machine()),
            "andon.dev/tier": self._tier,
        }
        return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self._name, "labels": labels}}

    def _status(self) -> Json:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024
        capacity = {"cpu": str(os.cpu_count() or 1), "memory": f"{memory}Ki", "pods": "110"}
        now = rfc3339(datetime.now(UTC))
        ready = {"type": "Ready", "status": "True", "reason": "ProcessNodeReady", "message": "runs pods as local processes"}
        return {
            "capacity": capacity,
            "allocatable": capacity,
            "conditions": [ready | {"lastHeartbeatTime": now, "lastTransitionTime": now}],
            "addresses": [{"type": "InternalIP", "address": self._address}, {"type": "Hostname", "address": self._name}],
        }

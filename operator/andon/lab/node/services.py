"""Which address does a Service have? There is no DNS, so a node knows them all."""

import asyncio
from collections.abc import Callable, Collection, Mapping

from andon.lab.node.api import Api, Watch
from andon.lab.node.handover import Service


class Services:
    """The cluster addresses of all Services of the cluster; headless ones have none."""

    def __init__(self, api: Api) -> None:
        self.addresses: Mapping[Service, str] = {}
        self._watch = Watch(api, "/api/v1/services")
        self._moved = asyncio.Condition()

    async def run(self, changed: Callable[[], None]) -> None:
        """Keeps `addresses` up to date, for ever; calls back after each change of one."""
        async for _ in self._watch.changes():
            addresses = {
                (service["metadata"]["namespace"], service["metadata"]["name"]): service["spec"]["clusterIP"]
                for service in self._watch.objects.values()
                if service["spec"].get("clusterIP", "None") != "None"
            }
            if addresses != self.addresses:
                self.addresses = addresses
                changed()
                async with self._moved:
                    self._moved.notify_all()

    def unknown(self, names: Collection[Service]) -> list[str]:
        """Those that have no address (yet), as people write them."""
        return [f"{name}.{namespace}.svc" for namespace, name in sorted(set(names) - self.addresses.keys())]

    async def known(self, names: Collection[Service]) -> None:
        """Waits until all of them have an address."""
        async with self._moved:
            await self._moved.wait_for(lambda: not self.unknown(names))

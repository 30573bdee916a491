"""The node as a whole: the pods that are bound to it, each with a life of its own."""

import asyncio
import logging
import shutil
from typing import Any

from andon.lab.node import logs
from andon.lab.node.api import Watch
from andon.lab.node.pod import Host, Pod
from andon.lab.node.registration import Registration

Json = dict[str, Any]

log = logging.getLogger(__name__)


class Node:
    """Follows the pods of one node name; cancelled, it ends them all."""

    def __init__(self, name: str, host: Host, registration: Registration) -> None:
        self._host, self._registration = host, registration
        self._watch = Watch(host.api, "/api/v1/pods", fieldSelector=f"spec.nodeName={name}")
        self._pods: dict[str, Pod] = {}

    async def run(self) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._registration.run())
            tasks.create_task(self._host.services.run(self._services_moved))
            tasks.create_task(self._tidy())
            tasks.create_task(self._follow(tasks))

    async def _follow(self, tasks: asyncio.TaskGroup) -> None:
        async for change in self._watch.changes():
            uid = change.object["metadata"]["uid"]
            if uid in self._pods:
                self._pods[uid].vanished() if change.gone else self._pods[uid].observe(change.object)
            elif not change.gone:
                self._pods[uid] = Pod(self._host, change.object)
                tasks.create_task(self._live(uid))

    async def _live(self, uid: str) -> None:
        try:
            await self._pods[uid].run()
        finally:
            del self._pods[uid]

    def _services_moved(self) -> None:
        for pod in self._pods.values():
            pod.services_moved()

    async def _tidy(self) -> None:
        await self._watch.listed.wait()
        for folder in (self._host.state / "pods").glob("*_*_*"):
            if folder.name.rpartition("_")[2] not in self._watch.objects:
                shutil.rmtree(folder)
        while True:
            logs.trim(self._host.state)
            await asyncio.sleep(60)

"""The life of one pod on this node: volumes, containers, status, deletion."""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from andon.lab.node.addresses import Addresses
from andon.lab.node.api import WEATHER, Api, ApiError
from andon.lab.node.container import Container, Surroundings
from andon.lab.node.guard import Guard
from andon.lab.node.handover import Handover, services_in
from andon.lab.node.images import Images
from andon.lab.node.launching import Launching, folders_of, texts_of
from andon.lab.node.logs import folder_of
from andon.lab.node.process import Launch
from andon.lab.node.restarts import BackOff
from andon.lab.node.services import Services
from andon.lab.node.status import PodFacts, covers, pod_status, refusal, resumed
from andon.lab.node.volumes import Volumes, Volumist
from andon.lab.node.waiting import NotYet

Json = dict[str, Any]

MANAGER: Final = "andon-node"
SHUTDOWN_GRACE: Final = 3.0
"""Seconds that a process has to end when the whole node stops."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Host:
    """What all pods of a node share. restart_base, service_wait: seconds."""

    api: Api
    images: Images
    state: Path
    addresses: Addresses
    services: Services
    guard: Guard
    restart_base: float
    service_wait: float


class Pod:
    """One pod, from the moment it is bound to this node until it is gone."""

    def __init__(self, host: Host, pod: Json) -> None:
        metadata, spec = pod["metadata"], pod["spec"]
        self._host, self._object, self._uid = host, pod, metadata["uid"]
        self._path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        self._folder = folder_of(host.state, metadata["namespace"], metadata["name"], self._uid)
        self._address = host.addresses.take(self._uid, pod["status"].get("podIP"))
        view = pod | {"status": {"podIP": self._address, "hostIP": host.addresses.node}}
        self._volumist = Volumist(host.api, view, self._folder / "volumes", self._render)
        self._launching = Launching(host.api, host.images, view, self._folder)
        self._folders: Mapping[str, Path] = {}
        self._changed, self._leaving, self._gone = asyncio.Event(), asyncio.Event(), False
        grace = spec.get("terminationGracePeriodSeconds", 30)
        around = Surroundings(
            self._folder, self._address, spec["restartPolicy"], grace, host.guard, self._launch, self._changed.set
        )
        self._containers = [
            Container(container, around, BackOff(host.restart_base), resumed(container, pod["status"]))
            for container in spec["containers"]
        ]
        self._note_deletion()

    def observe(self, pod: Json) -> None:
        """A newer form from the API server; the answer to our own write may come first."""
        if int(pod["metadata"]["resourceVersion"]) > int(self._object["metadata"]["resourceVersion"]):
            self._object = pod
            self._note_deletion()
            self._changed.set()

    def vanished(self) -> None:
        """It was deleted over our head."""
        self._gone = True
        self._leaving.set()

    def services_moved(self) -> None:
        """Mounted ConfigMaps may name a Service."""
        self._volumist.render_again()

    async def run(self) -> None:
        """Returns when the pod is gone from the API server; when cancelled, leaves it there but ends its processes."""
        working, reporting = asyncio.create_task(self._work()), asyncio.create_task(self._report())
        working.add_done_callback(_log_failure)
        grace = SHUTDOWN_GRACE
        try:
            await self._leaving.wait()
            grace = self._object["metadata"].get("deletionGracePeriodSeconds", 0)
        finally:
            for container in self._containers:
                container.grace = min(container.grace, grace)
            await _cancelled(working)
            await _cancelled(reporting)
        await self._persist(self._take_leave)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._host.addresses.release(self._uid)

    async def _work(self) -> None:
        if self._leaving.is_set() or self._finished or "initContainers" in self._object["spec"]:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it will hold Secrets and tokens
        (self._folder / "tmp").mkdir(exist_ok=True)
        volumes = await self._laid_out()
        self._folders = volumes.folders
        feeds = [asyncio.create_task(feed) for feed in volumes.feeds]
        for feed in feeds:
            feed.add_done_callback(_log_failure)
        try:
            await self._filled(volumes)
            await self._introduced()
            async with asyncio.TaskGroup() as running:
                for container in self._containers:
                    running.create_task(container.run())
        finally:
            for feed in feeds:
                await _cancelled(feed)

    async def _laid_out(self) -> Volumes:
        while True:
            try:
                return await self._volumist.lay_out()
            except NotYet as why:
                self._all_wait_for(why.reason, why.message)
                await asyncio.sleep(1)

    async def _filled(self, volumes: Volumes) -> None:
        for files in volumes.files:
            while not files.complete.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(files.complete.wait(), 2)
                if missing := volumes.missing():
                    self._all_wait_for("ContainerCreating", missing)

    async def _introduced(self) -> None:
        texts = [text for container in self._object["spec"]["containers"] for text in texts_of(container)]
        names = services_in([*texts, *self._volumist.texts])
        if unknown := self._host.services.unknown(names):
            wait = self._host.service_wait
            self._all_wait_for(
                "ServiceNotFound", f"no Service {', '.join(unknown)}; after {wait:.0f} s the pod starts without an address for it"
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._host.services.known(names), wait)
            self._volumist.render_again()

    def _render(self, text: str) -> str:
        containers = self._object["spec"]["containers"]
        folders = {path: real for c in containers for path, real in folders_of(c, self._folder, self._folders).items()}
        return Handover(folders, self._host.services.addresses)(text)

    async def _launch(self, container: Mapping[str, Any]) -> Launch:
        return await self._launching.launch(container, self._folders, self._host.services.addresses)

    def _all_wait_for(self, reason: str, message: str) -> None:
        for container in self._containers:
            container.wait_for(reason, message)

    async def _report(self) -> None:
        self._changed.set()
        while not self._finished:
            await self._changed.wait()
            self._changed.clear()
            await self._persist(self._publish)

    async def _persist(self, attempt: Callable[[], Awaitable[None]]) -> None:
        while not self._gone:
            try:
                return await attempt()
            except ApiError as error:
                if error.status in {404, 409}:  # gone, or another pod has this name now: the watch will say so
                    return None
                log.warning("%s: %s", self._path, error)
            except WEATHER as error:
                log.warning("%s: %r", self._path, error)
            await asyncio.sleep(1)
        return None

    async def _publish(self, *, stopping: bool = False) -> None:
        status = self._status(stopping)
        if covers(self._object["status"], status):
            return
        metadata = {key: self._object["metadata"][key] for key in ("name", "namespace", "uid")}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}
        self.observe(await self._host.api.apply(f"{self._path}/status", body, manager=MANAGER))

    async def _take_leave(self) -> None:
        if not self._finished:
            await self._publish(stopping=True)
        await self._host.api.delete(self._path, uid=self._uid, grace=0)

    def _status(self, stopping: bool) -> Json:
        spec = self._object["spec"]
        if "initContainers" in spec:
            return refusal(
                "InitContainersUnsupported", "a process node runs no init containers; do their work in the container itself"
            )
        states = [container.state for container in self._containers]
        facts = PodFacts(
            spec["restartPolicy"], states, self._address, self._host.addresses.node, self._object["status"], stopping
        )
        return pod_status(facts, datetime.now(UTC))

    @property
    def _finished(self) -> bool:
        return self._object["status"].get("phase") in {"Succeeded", "Failed"}

    def _note_deletion(self) -> None:
        if "deletionTimestamp" in self._object["metadata"]:
            self._leaving.set()


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("a pod's task failed; this is a defect of the process node", exc_info=error)

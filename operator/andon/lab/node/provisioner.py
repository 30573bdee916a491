"""Where do PersistentVolumes come from? For each claim a folder and a hostPath volume that only it can have: one per lab.

The controller manager does the binding; no StorageClass is needed, and one that is named is taken as it is. All access
modes work, for all nodes are this machine. When a claim goes, its volume and its folder go too.
"""

import asyncio
import logging
import shutil
from pathlib import Path
from typing import Any, Final

from andon.lab.node.api import WEATHER, Api, ApiError, Watch

Json = dict[str, Any]

MANAGER: Final = "andon-provisioner"
LABEL: Final = "andon.dev/lab-volume"

log = logging.getLogger(__name__)


class Provisioner:
    """All claims of the cluster. folder: where their folders are made."""

    def __init__(self, api: Api, folder: Path) -> None:
        self._api, self._folder = api, folder
        self._claims = Watch(api, "/api/v1/persistentvolumeclaims")
        self._volumes = Watch(api, "/api/v1/persistentvolumes", labelSelector=LABEL)

    async def run(self) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._provide())
            tasks.create_task(self._reclaim())

    async def _provide(self) -> None:
        async for change in self._claims.changes():
            if not change.gone and not change.object["spec"].get("volumeName"):
                await self._persist("PATCH", volume_for(change.object, self._folder))

    async def _reclaim(self) -> None:
        async for change in self._volumes.changes():
            if not change.gone and change.object.get("status", {}).get("phase") == "Released":
                await self._persist("DELETE", change.object)
                shutil.rmtree(change.object["spec"]["hostPath"]["path"], ignore_errors=True)

    async def _persist(self, verb: str, volume: Json) -> None:
        path = f"/api/v1/persistentvolumes/{volume['metadata']['name']}"
        while True:
            try:
                if verb == "DELETE":
                    return await self._api.delete(path)
                await self._api.apply(path, volume, manager=MANAGER)
            except ApiError as error:
                log.error("%s %s: %s", verb, path, error)  # noqa: TRY400  refused, and would be again
            except WEATHER as error:
                log.warning("%s %s: %r", verb, path, error)
                await asyncio.sleep(1)
                continue
            return None


def volume_for(claim: Json, folder: Path) -> Json:
    """The volume that fits this claim and no other."""
    metadata, spec = claim["metadata"], claim["spec"]
    path = folder / f"{metadata['namespace']}_{metadata['name']}_{metadata['uid']}"
    owner = {key: metadata[key] for key in ("namespace", "name", "uid")}
    volume: Json = {
        "accessModes": spec["accessModes"],
        "capacity": {"storage": spec["resources"]["requests"]["storage"]},
        "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim"} | owner,
        "hostPath": {"path": str(path), "type": "DirectoryOrCreate"},
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": spec.get("storageClassName", ""),
    }
    named = {"name": f"pvc-{metadata['uid']}", "labels": {LABEL: "true"}}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": named, "spec": volume}

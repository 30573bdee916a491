"""Where are a pod's volumes, and what keeps them up to date?"""

import asyncio
import base64
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from andon.lab.node.api import WEATHER, Api, ApiError, Watch
from andon.lab.node.environment import field
from andon.lab.node.files import Contents, Files
from andon.lab.node.waiting import NotYet

Json = dict[str, Any]
Render = Callable[[str], str]
"""What is done to each text of a ConfigMap before it is written."""

REFRESH: Final = 0.8
"""The share of a token's life after which the next one is asked for, as the kubelet does."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Volumes:
    """A folder per volume; feeds run for as long as the pod does."""

    folders: Mapping[str, Path]
    files: tuple[Files, ...]
    feeds: tuple[Coroutine[Any, Any, None], ...]

    def missing(self) -> str:
        """What is still waited for, or nothing."""
        return "; ".join(text for files in self.files for text in files.missing.values())


class Volumist:
    """Lays out one pod's volumes under one folder, and asks the API server on the pod's behalf."""

    def __init__(self, api: Api, pod: Json, root: Path, render: Render) -> None:
        self._api, self._pod, self._root, self._render = api, pod, root, render
        self._configs: dict[tuple[Files, int], tuple[Json, Json]] = {}
        self._space = f"/api/v1/namespaces/{pod['metadata']['namespace']}"

    async def lay_out(self) -> Volumes:
        """Raises NotYet for a claim that is not bound and for a kind of volume that a process node does not know."""
        folders: dict[str, Path] = {}
        files: list[Files] = []
        feeds: list[Coroutine[Any, Any, None]] = []
        for volume in self._pod["spec"].get("volumes", ()):
            sources = _sources(volume)
            if sources is None:
                folders[volume["name"]] = await self._folder(volume)
                continue
            folder = folders[volume["name"]] = self._root / volume["name"]
            files.append(Files(folder, len(sources), _mode(volume)))
            feeds.extend(self._feed(source, files[-1], part) for part, source in enumerate(sources))
        return Volumes(folders, tuple(files), tuple(feeds))

    @property
    def texts(self) -> list[str]:
        """The texts of all mounted ConfigMaps, as they are in the API server."""
        return [text for holder, _ in self._configs.values() for text in (holder.get("data") or {}).values()]

    def render_again(self) -> None:
        """Writes mounted ConfigMaps anew where their rendering has changed."""
        for (files, part), (holder, source) in self._configs.items():
            self._take(holder, source, files, part)

    async def _folder(self, volume: Json) -> Path:
        if "emptyDir" in volume:
            return _made(self._root / volume["name"])
        if "persistentVolumeClaim" in volume:
            return _made(await self._claimed(volume["persistentVolumeClaim"]["claimName"]))
        if "hostPath" in volume:
            path = Path(volume["hostPath"]["path"])
            return _made(path) if volume["hostPath"].get("type", "") in {"", "DirectoryOrCreate"} else path
        kind = next((key for key in volume if key != "name"), "nothing")
        raise NotYet("CreateContainerConfigError", f"volume {volume['name']}: {kind} is not supported by a process node")

    async def _claimed(self, claim: str) -> Path:
        bound = (await self._get(f"{self._space}/persistentvolumeclaims/{claim}"))["spec"].get("volumeName")
        if not bound:
            raise NotYet("ContainerCreating", f"persistentvolumeclaim {claim} is not bound yet")
        volume = await self._get(f"/api/v1/persistentvolumes/{bound}")
        if "hostPath" not in volume["spec"]:
            raise NotYet("ContainerCreating", f"persistentvolume {bound} is no hostPath volume; a process node knows no other")
        return Path(volume["spec"]["hostPath"]["path"])

    async def _get(self, path: str) -> Json:
        try:
            return await self._api.get(path)
        except (ApiError, *WEATHER) as error:
            raise NotYet("ContainerCreating", f"{path}: {error}") from error

    async def _feed(self, source: Json, files: Files, part: int) -> None:
        if "configMap" in source:
            await self._follow("configmaps", source["configMap"], files, part)
        elif "secret" in source:
            await self._follow("secrets", source["secret"], files, part)
        elif "downwardAPI" in source:
            items = source["downwardAPI"].get("items", ())
            files.set(part, {item["path"]: field(self._pod, item["fieldRef"]["fieldPath"]).encode() for item in items})
        else:
            await self._renew(source["serviceAccountToken"], files, part)

    async def _follow(self, plural: str, source: Json, files: Files, part: int) -> None:
        name = source.get("name") or source["secretName"]
        watch = Watch(self._api, f"{self._space}/{plural}", fieldSelector=f"metadata.name={name}")
        files.missing[part] = f"{plural} {name} not found"
        async with asyncio.TaskGroup() as tasks:
            if source.get("optional"):
                tasks.create_task(_do_without(watch, files, part))
            async for change in watch.changes():
                if change.gone:  # a running pod keeps the files of an object that was deleted
                    continue
                if plural == "configmaps":
                    self._configs[files, part] = change.object, source
                self._take(change.object, source, files, part)

    def _take(self, holder: Json, source: Json, files: Files, part: int) -> None:
        contents = self._contents(holder)
        items = source.get("items") or [{"key": key, "path": key} for key in contents]
        items = [item for item in items if item["key"] in contents or not source.get("optional")]
        if absent := [item["key"] for item in items if item["key"] not in contents]:
            files.missing[part] = f"{holder['metadata']['name']} has no key {', '.join(absent)}"
        else:
            files.set(part, {item["path"]: contents[item["key"]] for item in items})

    def _contents(self, holder: Json) -> Contents:
        if holder["kind"] == "Secret":
            return {key: base64.b64decode(value) for key, value in (holder.get("data") or {}).items()}
        text = {key: self._render(value).encode() for key, value in (holder.get("data") or {}).items()}
        return text | {key: base64.b64decode(value) for key, value in (holder.get("binaryData") or {}).items()}

    async def _renew(self, source: Json, files: Files, part: int) -> None:
        while True:
            try:
                status = await self._token(source)
            except (ApiError, *WEATHER) as error:
                files.missing.setdefault(part, f"no token: {error}")
                log.warning("%s: no token: %s", self._pod["metadata"]["name"], error)
                await asyncio.sleep(2)
                continue
            files.set(part, {source["path"]: status["token"].encode()})
            life = datetime.fromisoformat(status["expirationTimestamp"].replace("Z", "+00:00")) - datetime.now(UTC)
            await asyncio.sleep(max(life.total_seconds() * REFRESH, 1))

    async def _token(self, source: Json) -> Json:
        metadata = self._pod["metadata"]
        request: Json = {
            "expirationSeconds": source.get("expirationSeconds", 3600),
            "audiences": [source["audience"]] if "audience" in source else [],
            "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]},
        }
        account = f"{self._space}/serviceaccounts/{self._pod['spec']['serviceAccountName']}"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": request}
        return dict((await self._api.create(f"{account}/token", body))["status"])


async def _do_without(watch: Watch, files: Files, part: int) -> None:
    """Only a list that lacks the object says that it is absent; before that a pod would start without what is there."""
    await watch.listed.wait()
    if part in files.missing:
        files.set(part, {})


def _sources(volume: Json) -> list[Json] | None:
    """A volume of files as its sources; None for one that is a folder."""
    if "projected" in volume:
        return list(volume["projected"].get("sources", ()))
    return [volume] if volume.keys() & {"configMap", "secret", "downwardAPI"} else None


def _mode(volume: Json) -> int:
    """What Kubernetes gives the files of a volume."""
    return next((int(kind["defaultMode"]) for key, kind in volume.items() if key != "name" and "defaultMode" in kind), 0o644)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder

"""How does a container become a command line and an environment?"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from andon.lab.node import kubeconfig
from andon.lab.node.api import WEATHER, Api, ApiError
from andon.lab.node.environment import Reference, base, composed, references
from andon.lab.node.handover import Handover, Service, expanded
from andon.lab.node.images import Images, find
from andon.lab.node.process import Launch
from andon.lab.node.waiting import NotYet

Json = Mapping[str, Any]

ACCOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where a container expects its service account; with one mounted there a process gets a KUBECONFIG."""
TERMINATION_LOG: Final = "/dev/termination-log"


class Launching:
    """Hands one pod's folders, the Services' addresses and what its environment refers to over to its containers."""

    def __init__(self, api: Api, images: Images, pod: Json, folder: Path) -> None:
        self._api, self._images, self._pod, self._folder = api, images, pod, folder

    async def launch(self, container: Json, volumes: Mapping[str, Path], addresses: Mapping[Service, str]) -> Launch:
        """What to start now. Raises NotYet for what is missing, and for an image that this node does not have."""
        image = find(self._images, container["image"])
        own = composed(container, self._pod, {reference: await self._held(reference) for reference in references(container)})
        folders = folders_of(container, self._folder, volumes)
        for mount in container.get("volumeMounts", ()):
            _exists(Path(folders[mount["mountPath"].rstrip("/")]))
        folders |= _holding(own.values(), folders, self._folder)
        given = base(self._folder, self._pod) | self._account(folders)
        given |= {
            "TMPDIR": folders.get("/tmp", given["TMPDIR"]),  # noqa: S108  a volume mounted there
            "ANDON_TERMINATION_LOG": str(termination_log(self._folder, container["name"])),
        }
        hand = Handover(folders, addresses)
        # The executable is this machine's own, even where it lies below something that a pod mounts, such as /tmp.
        said = (hand(expanded(word, own)) for word in image.arguments_of(container))
        return Launch([*image.executable, *said], given | {name: hand(value) for name, value in own.items()}, self._folder)

    def _account(self, folders: Mapping[str, str]) -> dict[str, str]:
        if ACCOUNT not in folders:
            return {}
        file = self._folder / "kubeconfig"
        kubeconfig.write(file, self._api.access, Path(folders[ACCOUNT]) / "token", self._pod["metadata"]["namespace"])
        return {"KUBECONFIG": str(file)}

    async def _held(self, reference: Reference) -> Mapping[str, str] | None:
        plural, name = reference
        try:
            held = await self._api.get(f"/api/v1/namespaces/{self._pod['metadata']['namespace']}/{plural}/{name}")
        except ApiError as error:
            if error.status == 404:
                return None
            raise NotYet("CreateContainerConfigError", f"{plural} {name}: {error}") from error
        except WEATHER as error:
            raise NotYet("CreateContainerConfigError", f"{plural} {name}: no answer from the API server") from error
        data = held.get("data") or {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()} if plural == "secrets" else data


def termination_log(folder: Path, container: str) -> Path:
    """What stands for a container's terminationMessagePath."""
    return folder / f"{container}.termination"


def folders_of(container: Json, pod: Path, volumes: Mapping[str, Path]) -> dict[str, str]:
    """What stands for each mount path of a container, and for its termination log. pod: the pod's folder."""
    folders = {container.get("terminationMessagePath", TERMINATION_LOG): str(termination_log(pod, container["name"]))}
    for mount in container.get("volumeMounts", ()):
        folders[mount["mountPath"].rstrip("/")] = str(volumes[mount["name"]] / mount.get("subPath", ""))
    return folders


def _holding(values: Iterable[str], folders: Mapping[str, str], pod: Path) -> dict[str, str]:
    """What stands for a folder that a variable names and that is no mount, but has mounts below it: links to these."""
    found = {}
    for value in {value.rstrip("/") for value in values if value.startswith("/")} - folders.keys():
        below = {path: folder for path, folder in folders.items() if path.startswith(f"{value}/")}
        for path, folder in below.items():
            link = pod / "mounts" / path.lstrip("/")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(folder)
            found[value] = str(pod / "mounts" / value.lstrip("/"))
    return found


def texts_of(container: Json) -> Iterator[str]:
    """What the container says itself, to be searched for names of Services."""
    yield from (variable.get("value", "") for variable in container.get("env", ()))
    yield from container.get("command", ())
    yield from container.get("args", ())


def _exists(folder: Path) -> None:
    if not folder.exists():  # a subPath may also be a file of a ConfigMap
        folder.mkdir(parents=True)

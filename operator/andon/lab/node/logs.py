"""Where is the output of a container, and how is it kept from filling the disk?"""

import shutil
from pathlib import Path
from typing import Final

LARGEST: Final = 16 * 2**20
"""Bytes after which a log starts anew; the text before is kept once, as `CONTAINER.log.1`."""


def folder_of(state: Path, namespace: str, pod: str, uid: str) -> Path:
    """The folder of a pod: no name of a Kubernetes object has an underscore."""
    return state / "pods" / f"{namespace}_{pod}_{uid}"


def log_of(state: Path, namespace: str, pod: str, container: str | None = None) -> Path:
    """The log of a pod's container (default: the only one, or the first by name), of the newest pod with this name.

    state: the node's --state folder. Raises LookupError saying what there is instead.
    """
    found = list((state / "pods").glob(f"{namespace}_{pod}_*/{container or '*'}.log"))
    if not found:
        known = sorted("/".join(folder.name.split("_")[:2]) for folder in (state / "pods").glob("*_*_*"))
        wanted = f"{namespace}/{pod}" + (f", container {container}" if container else "")
        raise LookupError(f"no log of {wanted} in {state}; pods on this node: {', '.join(known) or 'none'}")
    newest = max(found, key=lambda log: log.stat().st_mtime).parent
    return min(log for log in found if log.parent == newest)


def trim(state: Path) -> None:
    """Starts every log anew that has grown too large. Writers append, so emptying the file under them is safe."""
    for log in (state / "pods").glob("*/*.log"):
        if log.stat().st_size > LARGEST:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            with log.open("r+b") as file:
                file.truncate()

"""Which local command stands for an image?

An image has an executable and arguments, as ENTRYPOINT and CMD. A container's `command` replaces the image's arguments,
never its executable; its `args` are appended to either. So `command: [train]` on `andon/collect` runs `andon train`, and a
program that is not in the table cannot be run at all.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from andon.lab.node.waiting import NotYet


@dataclass(frozen=True, slots=True)
class Image:
    """What the executable is, and what it is told if the container says nothing."""

    executable: tuple[str, ...]
    arguments: tuple[str, ...] = ()

    def arguments_of(self, container: Mapping[str, Any]) -> list[str]:
        """What the executable is told for this container, before anything in it is handed over."""
        return [*(container.get("command") or self.arguments), *(container.get("args") or ())]


Images = Mapping[str, Image]

ANDON: Final = (sys.executable, "-m", "andon.cli")
DEFAULTS: Final[Images] = {f"andon/{part}:0.1.0": Image(ANDON, (part,)) for part in ("collect", "serve", "train", "operator")}


def load(path: Path) -> Images:
    """The defaults and what this YAML or JSON file adds: `name: [executable, …]`, or `name: {executable: […], arguments: […]}`.

    Raises ValueError naming the file and the image.
    """
    table = yaml.safe_load(path.read_text()) or {}
    if not isinstance(table, dict):
        raise ValueError(f"{path}: expected a table from image name to command, found {type(table).__name__}")
    return dict(DEFAULTS) | {name: _image(path, name, entry) for name, entry in table.items()}


def find(images: Images, name: str) -> Image:
    """The entry of this image. Raises NotYet as for an image that cannot be pulled."""
    if name in images:
        return images[name]
    raise NotYet(
        "ErrImagePull",
        f'image "{name}" has no command on this node (known: {", ".join(sorted(images))}); '
        "correct the image of the container, or add it to the file given as --images and restart the node",
        later="ImagePullBackOff",
    )


def _image(path: Path, name: str, entry: object) -> Image:
    parts = entry if isinstance(entry, dict) else {"executable": entry}
    executable, arguments = _words(parts.get("executable")), _words(parts.get("arguments", []))
    if not executable or arguments is None:
        raise ValueError(f"{path}: {name}: expected a list of words, or {{executable: [...], arguments: [...]}}, found {entry!r}")
    return Image(executable, arguments)


def _words(value: object) -> tuple[str, ...] | None:
    return tuple(value) if isinstance(value, list) and all(isinstance(word, str) for word in value) else None

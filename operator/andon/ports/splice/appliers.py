"""What do Flux and Argo CD themselves change in what they apply? Their objects may carry patches, in block strings."""

from collections.abc import Iterator
from contextlib import suppress
from posixpath import dirname, normpath
from typing import Final

from andon.ports.splice.refusal import Refusal
from andon.ports.splice.syntax import Node
from andon.ports.splice.tree import Tree, mentions
from andon.ports.splice.walk import below, items, text

_GROUPS: Final = ("kustomize.toolkit.fluxcd.io", "argoproj.io")

Entry = tuple[str, Node]


def patches(data: bytes) -> bool:
    """Whether the file may hold such an object."""
    return mentions(data, "patches") and any(mentions(data, group) for group in _GROUPS)


def entries(tree: Tree, applied: str) -> Iterator[Entry]:
    """The patches of whoever applies this file: where each stands, in the shape that Kustomize's own have."""
    for file, data in sorted(tree.files.items()):
        if patches(data):
            with suppress(Refusal):  # an unreadable file elsewhere is in nobody's way
                for _, root in tree.documents(file, lambda text: "patches" in text):
                    yield from _of(file, root, applied)


def _of(file: str, root: Node, applied: str) -> Iterator[Entry]:
    spec = below(file, root, "spec")
    for source in (spec, below(file, spec, "source"), *items(below(file, spec, "sources"))):
        if _applies(text(below(file, source, "path")), applied):
            for entry in items(below(file, source, "patches")) + items(below(file, source, "kustomize", "patches")):
                yield file, entry


def _applies(path: str | None, applied: str) -> bool:
    """Whether the file stands below this folder of the repository; below its top, where none is named."""
    folder, top = dirname(applied), normpath((path or ".").lstrip("/") or ".")
    return top in {".", folder} or folder.startswith(f"{top}/")

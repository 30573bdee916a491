"""Through which Kustomizations does a file reach the cluster, and what do they make of an object's name and namespace?"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import dirname
from typing import Final

from andon.ports.splice.refusal import Refusal
from andon.ports.splice.syntax import Node
from andon.ports.splice.tree import Tree, beside, is_kustomization
from andon.ports.splice.walk import below, child, items, mappings, text

_PATCHES: Final = ("patchesStrategicMerge", "patches", "patchesJson6902")
_DEEP: Final = 50
_ALTOGETHER: Final = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One kustomization file, or component."""

    file: str
    root: Node

    @property
    def folder(self) -> str:
        """Where it stands; of this others speak when they include it. Empty for the top."""
        return dirname(self.file)

    def entries(self, key: str) -> list[Node]:
        """Of a list, in order."""
        return items(below(self.file, self.root, key))

    def word(self, key: str) -> str:
        """A value, empty where there is none."""
        return text(below(self.file, self.root, key)) or ""

    def paths(self, key: str) -> list[str]:
        """Of a list of paths, as they are called in the tree."""
        return [beside(self.file, said) for node in self.entries(key) if (said := text(node)) and "\n" not in said]


Chain = tuple[Layer, ...]


class Kustomizations:
    """All of a tree, and who includes what."""

    def __init__(self, tree: Tree) -> None:
        self.unreadable: list[Refusal] = []
        self.layers = [layer for file in sorted(tree.files) if is_kustomization(file) and (layer := self._layer(tree, file))]
        self._patches = frozenset(self._patch_files())
        self._by_folder = {layer.folder or ".": layer for layer in self.layers}
        self._users: dict[str, list[Layer]] = defaultdict(list)
        for layer in self.layers:
            for key in ("resources", "bases", "components"):
                for path in layer.paths(key):
                    self._users[path].append(layer)

    def chains(self, file: str) -> list[Chain]:
        """Every way by which the file is applied, the innermost layer first; one empty way when none includes it.

        Raises Refusal where diamonds of them make more ways than anybody has clusters.
        """
        found, open_, layers = list[Chain](), list[tuple[str, Chain]]([(file, ())]), 0
        while open_:
            inner, way = open_.pop()
            outer = [layer for layer in self._users.get(inner, []) if layer not in way]
            open_ += [(layer.folder or ".", (*way, layer)) for layer in reversed(outer)]
            if not outer:
                found.append(way)
                layers += len(way)
            if layers > _ALTOGETHER or len(way) > _DEEP:
                raise Refusal("Ambiguous", "too many Kustomizations lead here, in too many ways; include it in fewer", file)
        return found

    def only_patches(self, file: str) -> bool:
        """Whether the file declares nothing by itself."""
        return file in self._patches and file not in self._users

    def applied(self, layer: Layer) -> list[Layer]:
        """Itself, and the components whose patches apply to all that it includes: last applied, first named, each once."""
        found, open_ = dict[Layer, None](), [layer]
        while open_:
            inner = open_.pop()
            if inner not in found:
                found[inner] = None
                open_ += [self._by_folder[path] for path in inner.paths("components") if path in self._by_folder]
        return list(found)

    def names(self, name: str) -> set[str]:
        """What the object may be called in its file, before prefixes and suffixes."""
        prefixes = {layer.word("namePrefix") for layer in self.layers} - {""}
        suffixes = {layer.word("nameSuffix") for layer in self.layers} - {""}
        found, open_ = {name}, [name]
        while open_:
            known = open_.pop()
            shorter = {known.removeprefix(p) for p in prefixes} | {known.removesuffix(s) for s in suffixes}
            open_ += shorter - found - {""}
            found |= shorter - {""}
        return found

    def _layer(self, tree: Tree, file: str) -> Layer | None:
        """What cannot be read is no layer, and not forgotten."""
        try:
            root = next((root for _, root in tree.documents(file)), None)
            for mapping in mappings(root) if root else ():
                for key, _ in mapping.entries():
                    child(file, mapping, text(key) or "")
        except Refusal as refusal:
            self.unreadable.append(refusal)
            return None
        return Layer(file, root) if root else None

    def _patch_files(self) -> Iterator[str]:
        for layer in self.layers:
            for key in _PATCHES:
                yield from layer.paths(key)
                for node in layer.entries(key):
                    if path := text(below(layer.file, node, "path")):
                        yield beside(layer.file, path)


def applied_name(name: str, chain: Chain) -> str:
    """What the object is called in the cluster."""
    for layer in chain:
        name = f"{layer.word('namePrefix')}{name}{layer.word('nameSuffix')}"
    return name


def applied_namespace(namespace: str | None, chain: Chain) -> str | None:
    """Where the object is in the cluster: the outermost layer that says so wins. None where nobody says."""
    return next((said for layer in reversed(chain) if (said := layer.word("namespace"))), namespace)

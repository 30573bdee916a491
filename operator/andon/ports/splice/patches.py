"""Which of a Kustomization's patches sets a field last, and can a line of it be edited?

A strategic-merge patch in a file of its own can. What stands in a block string, is a JSON patch or is copied by a replacement
can not: it is said where it stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from andon.ports.splice.aim import Aim
from andon.ports.splice.appliers import entries
from andon.ports.splice.kustomize import Chain, Kustomizations, Layer, applied_name, applied_namespace
from andon.ports.splice.objects import Declared
from andon.ports.splice.path import Path, written
from andon.ports.splice.refusal import Refusal, at
from andon.ports.splice.syntax import List, Node, Section, sections
from andon.ports.splice.tree import Tree, beside, first, mentions
from andon.ports.splice.walk import below, child, holds, items, mappings, text


@dataclass(frozen=True, slots=True)
class Setting:
    """An object in a document, that says what the field is to be. way: to it from the root, where that is a list."""

    section: Section
    root: Node
    way: Path
    node: Node

    @property
    def at(self) -> str:
        """`plant.yaml:14`."""
        return at(self.section.file, self.node.line)


@dataclass(frozen=True, slots=True)
class Declaration:
    """An object in a file, on one of its ways to the cluster."""

    setting: Setting
    declared: Declared
    chain: Chain

    @property
    def namespace(self) -> str | None:
        """In the cluster; None where nobody says."""
        return applied_namespace(self.declared.namespace, self.chain)

    @property
    def name(self) -> str:
        """In the cluster."""
        return applied_name(self.declared.name or "", self.chain)

    @property
    def applied_by(self) -> str:
        """The outermost file through which it reaches the cluster."""
        return self.chain[-1].file if self.chain else self.setting.section.file

    def aim(self, path: Path, layers: int) -> Aim:
        """What speaks of this field of it, at this many layers from within."""
        inner = [self.chain[:end] for end in range(layers + 1)]
        names = frozenset(applied_name(self.declared.name or "", way) for way in inner)
        return Aim(self.declared, names, frozenset(applied_namespace(self.declared.namespace, way) for way in inner), path)


def last_word(tree: Tree, kustomizations: Kustomizations, of: Declaration, path: Path) -> Setting | Refusal:
    """The patch that sets the field last, else the object itself; or why no line of what sets it can be edited."""
    outside = _Search(tree, kustomizations, of.aim(path, len(of.chain)))
    for file, entry in entries(tree, of.applied_by):
        if (found := next(outside.patch(file, entry), None)) is not None:
            return found
    for depth in range(len(of.chain), 0, -1):
        search = _Search(tree, kustomizations, of.aim(path, depth))
        if (found := next(search.layer(of.chain[depth - 1]), None)) is not None:
            return found
    return of.setting


@dataclass(frozen=True, slots=True)
class _Search:
    """What sets the field in one layer: last applied, first found."""

    tree: Tree
    kustomizations: Kustomizations
    aim: Aim

    def layer(self, layer: Layer) -> Iterator[Setting | Refusal]:
        for each in self.kustomizations.applied(layer):
            yield from self._own(each)

    def _own(self, layer: Layer) -> Iterator[Setting | Refusal]:
        yield from self._configurations(layer)
        yield from self._replacements(layer)
        yield from self._transformers(layer)
        for key in ("patchesJson6902", "patches", "patchesStrategicMerge"):
            for entry in reversed(layer.entries(key)):
                yield from self.patch(layer.file, entry)

    def patch(self, file: str, entry: Node) -> Iterator[Setting | Refusal]:
        """An entry of `patches`, or of its two forerunners."""
        inline = text(below(file, entry, "patch"))
        path = text(below(file, entry, "path")) or (text(entry) if inline is None else None)
        if path and "\n" in path:
            inline, path = path, None
        target = below(file, entry, "target")
        if inline is not None:
            said = ((s, root) for s in sections(file, inline) for root in s.roots())
            if any(self._sets(section.file, root, target) for section, root in said):
                yield self._generated("an inline patch", file, entry.line, "give it a file of its own, or edit it there")
        elif path and beside(file, path) not in self.tree.files:
            if self._may_set(file, target):
                message = f"the patch {path} may set {written(self.aim.path)}, and cannot be read here; make it a YAML file"
                yield Refusal("Generated", message, file, entry.line)
        elif path:
            for section, root in reversed(list(self.tree.documents(beside(file, path)))):
                if self._sets(section.file, root, target):
                    yield self._by_file(file, section, root, target)

    def _by_file(self, file: str, section: Section, root: Node, target: Node | None) -> Setting | Refusal:
        if isinstance(root, List):
            return self._generated("a JSON patch", section.file, root.line, "edit it there")
        if target is not None and self.aim.met_by_target(file, target) != "alone":
            message = f"the patch {section.file} is for all that this target matches; name kind and name of one object"
            return Refusal("Shared", message, file, target.line)
        return Setting(section, root, (), root)

    def _may_set(self, file: str, target: Node | None) -> bool:
        """What is no file of ours to read, such as JSON or what stands elsewhere, where its target does not rule it out."""
        return target is None or self.aim.met_by_target(file, target) != "not"

    def _sets(self, file: str, root: Node, target: Node | None) -> bool:
        if target is not None and self.aim.met_by_target(file, target) == "not":
            return False
        if isinstance(root, List):
            operations = [(text(below(file, o, "op")), text(below(file, o, "path"))) for o in items(root)]
            return any(op != "test" and self.aim.at_pointer(path or "/") for op, path in operations)
        is_meant = target is not None or self.aim.met_by_patch(Declared.of(file, root))
        return is_meant and holds(file, root, self.aim.path)

    def _replacements(self, layer: Layer) -> Iterator[Refusal]:
        for entry in layer.entries("replacements"):
            path = text(below(layer.file, entry, "path"))
            file = beside(layer.file, path) if path else layer.file
            root = first(self.tree, file) if path else entry
            for replacement in items(root) if isinstance(root, List) else [root]:
                for target in items(below(file, replacement, "targets")):
                    if self._replaced(file, target):
                        yield self._generated("a replacement", file, target.line, "edit its source")

    def _replaced(self, file: str, target: Node) -> bool:
        if self.aim.met_by_target(file, below(file, target, "select")) == "not":
            return False
        return any(self.aim.at_field(text(field) or "") for field in items(below(file, target, "fieldPaths")))

    def _transformers(self, layer: Layer) -> Iterator[Refusal]:
        """`images` and `replicas` have the last word on two fields that many kinds have. So may a transformer of its own, where
        it names the kind or cannot be read; one that matches without naming it is not seen.
        """
        for entry in layer.entries("transformers"):
            said = text(entry) or ""
            content = said.encode() if "\n" in said else self.tree.files.get(beside(layer.file, said), b"")
            if not content or mentions(content, self.aim.declared.kind or ""):
                yield self._generated("a transformer perhaps", layer.file, entry.line, "make it a patch in a file of its own")
        for key, field in (("images", "image"), ("replicas", "replicas")):
            if layer.entries(key) and self.aim.path[-1] == field:
                yield self._generated(f"what is named under {key}", layer.file, layer.entries(key)[0].line, "edit it there")

    def _configurations(self, layer: Layer) -> Iterator[Refusal]:
        for file in layer.paths("configurations"):
            root = first(self.tree, file)
            for spec in mappings(root) if root is not None else ():
                path, kind = text(child(file, spec, "path")), text(child(file, spec, "kind"))
                if path and kind in {None, self.aim.declared.kind} and self.aim.at_pointer(path):
                    yield self._generated("a transformer's configuration", file, spec.line, "edit what it fills in")

    def _generated(self, what: str, file: str, line: int, instead: str) -> Refusal:
        return Refusal("Generated", f"{what} sets {written(self.aim.path)}; {instead}", file, line)

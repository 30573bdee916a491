"""Which line of which file says what a field of an object is to be?"""

import re
from collections.abc import Iterator, Mapping
from posixpath import basename, dirname

from andon.api.errors import nearest
from andon.ports.splice import appliers, owners, ytt
from andon.ports.splice.kustomize import Kustomizations
from andon.ports.splice.objects import Declared, ObjectRef, objects
from andon.ports.splice.patches import Declaration, Setting, last_word
from andon.ports.splice.path import Path, written
from andon.ports.splice.place import Place
from andon.ports.splice.refusal import Reason, Refusal
from andon.ports.splice.tree import Tree, is_chart, is_kustomization, is_template, loosely, mentions
from andon.ports.splice.walk import lines_to, node_at


def find(files: Mapping[str, bytes], ref: ObjectRef, path: Path) -> Place:
    """The scalar at `path` of the only document that declares the object, or of the patch that sets it last.

    files: all that `matters` of a folder, by path with `/`. Raises Refusal when unclear or not editable.
    """
    return _Finding(Tree(files), ref, path).place()


def concerns(file: str, data: bytes, ref: ObjectRef) -> bool:
    """Whether `find` could say something else without this file, where no Kustomization is among the files."""
    return is_chart(file) or mentions(data, ref.kind) or owners.follows_images(file, data) or appliers.patches(data)


class _Finding:
    """One search. What could not be read is told only when nothing is found."""

    def __init__(self, tree: Tree, ref: ObjectRef, path: Path) -> None:
        self._tree = tree
        self._ref = ref
        self._path = path
        self._kustomizations = Kustomizations(tree)
        self._names = self._kustomizations.names(ref.name)
        self._a_name = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, sorted(self._names)))})(?![\w.-])")
        self._charts = tree.charts()
        self._unreadable: Refusal | None = None

    def place(self) -> Place:
        declarations = list(self._declarations())
        mine = self._mine(declarations)
        if not mine:
            raise self._unreadable or self._not_found(declarations)
        setting = self._last_word(mine[0])
        self._check_alone(mine, setting)
        if isinstance(setting, Refusal):
            raise setting
        self._check_unshared(mine[0], declarations, setting)
        self._check_kustomizations(mine[0].setting.section.file)
        return self._editable(setting)

    def _declarations(self) -> Iterator[Declaration]:
        for file, data in sorted(self._tree.files.items()):
            if not mentions(data, self._ref.kind) or not any(mentions(data, name) for name in self._names):
                continue
            if is_kustomization(file) or self._kustomizations.only_patches(file):
                continue
            try:
                if rendered := self._rendered(file):
                    raise rendered
                if self._is_rendered(file):
                    continue
                yield from self._declared_by(file)
            except Refusal as refusal:
                self._unreadable = self._unreadable or refusal

    def _declared_by(self, file: str) -> Iterator[Declaration]:
        for section, root in self._tree.documents(file, self._is_worth_reading):
            for way, node in objects(file, root):
                declared = Declared.of(file, node)
                if self._is_of_kind(declared) and declared.name in self._names:
                    for chain in self._kustomizations.chains(file):
                        yield Declaration(Setting(section, root, way, node), declared, chain)

    def _is_worth_reading(self, text: str) -> bool:
        return self._ref.kind in text and self._a_name.search(text) is not None

    def _is_of_kind(self, declared: Declared) -> bool:
        return declared.kind == self._ref.kind and self._ref.api_version in {"", declared.api_version}

    def _mine(self, declarations: list[Declaration]) -> list[Declaration]:
        """Those that are the object; one that names no namespace only where none names the right one."""
        named = [d for d in declarations if d.name == self._ref.name]
        if not self._ref.namespace:
            return named
        return [d for d in named if d.namespace == self._ref.namespace] or [d for d in named if d.namespace is None]

    def _check_alone(self, mine: list[Declaration], setting: Setting | Refusal) -> None:
        if len({d.setting for d in mine}) > 1:
            places = ", ".join(sorted({d.setting.at for d in mine}))
            raise Refusal("Ambiguous", f"{self._ref} is declared more than once: {places}; name its namespace, or leave one")
        if any(self._last_word(other) != setting for other in mine[1:]):
            ways = ", ".join(sorted({d.applied_by for d in mine}))
            raise Refusal("Ambiguous", f"{self._ref} is made in more than one way: {ways}; look below one of them")

    def _check_unshared(self, mine: Declaration, declarations: list[Declaration], setting: Setting) -> None:
        others = {d.applied_by for d in declarations if d.chain != mine.chain and self._last_word(d) == setting}
        if others:
            where = ", ".join(sorted(others))
            message = f"{where} would change, too; set {written(self._path)} in a patch of {mine.applied_by} instead"
            raise Refusal("Shared", message, setting.section.file, setting.node.line)

    def _last_word(self, of: Declaration) -> Setting | Refusal:
        try:
            return last_word(self._tree, self._kustomizations, of, self._path)
        except Refusal as refusal:
            return refusal

    def _check_kustomizations(self, file: str) -> None:
        """One that cannot be read, and that names the file or its folder, might have the last word."""
        for refusal in self._kustomizations.unreadable:
            names = basename(file), basename(dirname(file)) or file
            if refusal.file and any(mentions(self._tree.files[refusal.file], name) for name in names):
                raise refusal

    def _editable(self, setting: Setting) -> Place:
        text, section, way = self._tree.text(setting.section.file), setting.section, (*setting.way, *self._path)
        try:
            node = node_at(section.file, setting.root, way)
        except Refusal as refusal:
            owners.refuse_template(section, refusal.line)
            raise
        owners.refuse_template(section, node.line)
        ytt.refuse(section.file, text, lines_to(section.file, setting.root, way))
        owners.refuse_marked(text, section, node)
        owners.refuse_annotated(section.file, setting.node)
        owners.refuse_sealed(section.file, setting.root)
        place = Place.of(text, section, node, self._path)
        owners.refuse_followed_image(self._tree, place)
        return place

    def _rendered(self, file: str) -> Refusal | None:
        """What is a template by its name or its folder is no file of ours, and may be what makes the object."""
        if not self._is_rendered(file) or not owners.may_make(loosely(self._tree.files[file]), self._ref.kind, self._names):
            return None
        if is_template(file):
            return self._made_here("Templated", file, "a template")
        return self._made_here("Generated", file, "a Helm chart")

    def _is_rendered(self, file: str) -> bool:
        return is_template(file) or any(file.startswith(chart) for chart in self._charts)

    def _named_later(self, file: str) -> Refusal | None:
        """It may declare the object under a name that is filled in."""
        named_later = not self._is_rendered(file) and owners.names_by_template(loosely(self._tree.files[file]))
        return self._made_here("Templated", file, "a template") if named_later else None

    def _made_here(self, reason: Reason, file: str, what: str) -> Refusal:
        before, _, _ = loosely(self._tree.files[file]).partition(self._ref.kind)
        message = f"{self._ref} may be made here, by {what}; edit the values that fill it in"
        return Refusal(reason, message, file, before.count("\n") + 1)

    def _not_found(self, declarations: list[Declaration]) -> Refusal:
        """Why nothing is there: elsewhere, or under a name that only a template knows."""
        for file, data in sorted(self._tree.files.items()):
            is_candidate = mentions(data, self._ref.kind) and not is_kustomization(file)
            if is_candidate and (made := self._rendered(file) or self._named_later(file)):
                return made
        self._check_readable()
        near = sorted({f"{d.setting.at} ({'/'.join(filter(None, (d.namespace, d.name)))})" for d in declarations})
        said = f"; there is {', '.join(near)}" if near else self._near()
        return Refusal("NotFound", f"no YAML file declares {self._ref}{said}; check kind, name and namespace, and where to look")

    def _check_readable(self) -> None:
        """Of one file that was named, rather than found in a folder, it is said that nobody can read it."""
        files = [file for file in self._tree.files if not is_chart(file)]
        if len(files) == 1 and not self._is_rendered(files[0]):
            list(self._tree.documents(files[0]))

    def _near(self) -> str:
        """What a message ends with, for who has mistyped the name."""
        names = {name for file, data in self._tree.files.items() if mentions(data, self._ref.kind) for name in self._named(file)}
        return nearest(self._ref.name, names) if names else ""

    def _named(self, file: str) -> set[str]:
        """All of the kind that the file declares; none of a file that cannot be read."""
        try:
            nodes = [node for _, root in self._tree.documents(file) for _, node in objects(file, root)]
            declared = [Declared.of(file, node) for node in nodes]
        except Refusal:
            return set()
        return {one.name for one in declared if one.name and self._is_of_kind(one)}

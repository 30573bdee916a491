"""What do the files of a folder hold? Read once, and only those that are asked for."""

from collections.abc import Callable, Iterator, Mapping
from posixpath import basename, dirname, join, normpath
from typing import Final

from andon.ports.splice.refusal import Refusal
from andon.ports.splice.syntax import Node, Section, decoded, other_encoding, sections

_SUFFIXES: Final = (".yaml", ".yml")
_TEMPLATES: Final = (".j2", ".jinja", ".jinja2", ".tpl", ".tmpl", ".gotmpl")
_KUSTOMIZATIONS: Final = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})


def matters(file: str) -> bool:
    """Whether `find` wants to see it: YAML, a template of YAML, or a Kustomization without a suffix."""
    return file.endswith(_SUFFIXES) or is_kustomization(file) or (is_template(file) and _untemplated(file).endswith(_SUFFIXES))


def is_kustomization(file: str) -> bool:
    """Whether Kustomize begins to read here."""
    return basename(file) in _KUSTOMIZATIONS


def is_chart(file: str) -> bool:
    """Whether Helm renders what stands beside it."""
    return basename(file) == "Chart.yaml"


def is_template(file: str) -> bool:
    """Whether something fills it in before it is YAML."""
    return file.endswith(_TEMPLATES)


def _untemplated(file: str) -> str:
    return file.rpartition(".")[0]


def beside(file: str, relative: str) -> str:
    """A path that a file of Kustomize's names."""
    return normpath(join(dirname(file), relative))


class Tree:
    """Files by path, with `/`. What was read stays, for as long as one search takes."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self._texts: dict[str, str] = {}
        self._sections: dict[str, list[Section]] = {}
        self._roots: dict[tuple[str, int], list[Node]] = {}

    def text(self, file: str) -> str:
        """Raises Refusal."""
        if file not in self._texts:
            self._texts[file] = decoded(file, self.files[file])
        return self._texts[file]

    def documents(self, file: str, worth: Callable[[str], bool] = bool) -> Iterator[tuple[Section, Node]]:
        """Those of the file whose text is worth reading. Raises Refusal."""
        if file not in self._sections:
            self._sections[file] = sections(file, self.text(file))
        for section in self._sections[file]:
            if worth(section.text):
                for root in self._nodes(section):
                    yield section, root

    def _nodes(self, section: Section) -> list[Node]:
        key = (section.file, section.start)
        if key not in self._roots:
            self._roots[key] = section.roots()
        return self._roots[key]

    def charts(self) -> frozenset[str]:
        """Folders that Helm renders from."""
        return frozenset(f"{beside(file, 'templates')}/" for file in self.files if is_chart(file))


def mentions(data: bytes, *words: str) -> bool:
    """Whether it is worth reading at all, be it only to say that it is not UTF-8."""
    if other_encoding(data):
        text = loosely(data)
        return all(word in text for word in words)
    return all(word.encode() in data for word in words)


def loosely(data: bytes) -> str:
    """The text, in whichever encoding and however broken: to look at, not to edit."""
    return data.decode(other_encoding(data) or "utf-8", errors="replace")


def first(tree: Tree, file: str) -> Node | None:
    """The only document of a file that is to have one; None where there is none to read."""
    try:
        return next((root for _, root in tree.documents(file)), None) if file in tree.files else None
    except Refusal:
        return None

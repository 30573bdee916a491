"""Which documents do files hold, and where does each of their values stand?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Step = str | int
Mark = tuple[int, int]
"""Line and column, from 1."""

_TAG: Final = "tag:yaml.org,2002:"
_TRUE: Final = frozenset({"true", "yes", "on"})
_FALSE: Final = frozenset({"false", "no", "off"})


class SourceError(Exception):
    """A file is no YAML that kubectl would take."""

    def __init__(self, rule: str, message: str, mark: Mark = (1, 1)) -> None:
        super().__init__(message)
        self.rule = rule
        self.mark = mark


@dataclass(frozen=True, slots=True)
class Document:
    """One document, or one item of a List. marks: where each value stands, by its path: one that is several lines, where its key
    does. keys: where the key of each does.
    """

    file: str
    value: Any
    marks: dict[tuple[Step, ...], Mark] = field(default_factory=dict)
    keys: dict[tuple[Step, ...], Mark] = field(default_factory=dict)

    def at(self, *path: Step) -> Mark:
        """Where it stands, or what it would stand in."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks[path]

    def key_at(self, *path: Step) -> Mark:
        """Where its key stands; where it stands itself, in a list."""
        return self.keys.get(path) or self.at(*path)


def documents(file: str, text: str) -> Iterator[Document]:
    """Those that are not empty; items of a List each by itself. Raises SourceError."""
    try:
        roots = list(YAML(typ="safe", pure=True).compose_all(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        templated = "; it is a template: lint what it renders" if "{{" in text or "{%" in text else ""
        raise SourceError("Syntax", f"{error.problem or 'this is no YAML'}{templated}", where) from error
    except YAMLError as error:
        raise SourceError("Syntax", " ".join(str(error).split())) from error
    for root in roots:
        for node in _items(root):
            reading = _Reading(Document(file, None))
            value = reading.read(node, ())
            if value is not None:
                yield Document(file, value, reading.into.marks, reading.into.keys)


def _items(root: Node | None) -> Sequence[Node]:
    """What a List holds, or the document itself."""
    if not isinstance(root, MappingNode):
        return [root] if root is not None else []
    fields = {key.value: value for key, value in root.value}
    kind, items = fields.get("kind"), fields.get("items")
    if kind is None or kind.value != "List" or not isinstance(items, SequenceNode):
        return [root]
    return list(items.value)


@dataclass(slots=True)
class _Reading:
    """Nodes to values, as kubectl reads them: yes and no are booleans, dates are text, and no key stands twice."""

    into: Document
    above: list[Node] = field(default_factory=list)

    def read(self, node: Node, path: tuple[Step, ...]) -> Any:
        block = isinstance(node, MappingNode | SequenceNode) and not node.flow_style
        self.into.marks[path] = self.into.key_at(*path) if block and path in self.into.keys else _mark(node)
        if any(node is outer for outer in self.above):
            raise SourceError("Syntax", "this value holds itself", _mark(node))
        self.above.append(node)
        try:
            if isinstance(node, MappingNode):
                return self._mapping(node, path)
            if isinstance(node, SequenceNode):
                return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
            return _scalar(str(node.tag), node.value, plain=isinstance(node, ScalarNode) and node.style is None)
        finally:
            self.above.pop()

    def _mapping(self, node: MappingNode, path: tuple[Step, ...]) -> dict[str, Any]:
        merged, own = dict[str, Any](), dict[str, Any]()
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                for source in value.value if isinstance(value, SequenceNode) else [value]:
                    merged = {**self._merged(source, path), **merged}
                continue
            name = str(key.value)
            if name in own:
                raise SourceError("DuplicateKey", f"{name} stands here a second time; keep one of them", _mark(key))
            self.into.keys[(*path, name)] = _mark(key)
            own[name] = self.read(value, (*path, name))
        return {**merged, **own}

    def _merged(self, node: Node, path: tuple[Step, ...]) -> dict[str, Any]:
        if not isinstance(node, MappingNode):
            raise SourceError("Syntax", "<< takes a mapping, or a list of them", _mark(node))
        return self._mapping(node, path)


def _mark(node: Node) -> Mark:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _scalar(tag: str, text: str, *, plain: bool) -> Any:
    match tag.removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() in _TRUE
        case "int":
            return _whole(text.replace("_", ""))
        case "float":
            return float(text.replace("_", ""))
    return text.lower() in _TRUE if plain and text.lower() in _TRUE | _FALSE else text


def _whole(text: str) -> int:
    return int(text, 0) if text.lstrip("+-")[:2].lower() in {"0x", "0o", "0b"} else int(text)

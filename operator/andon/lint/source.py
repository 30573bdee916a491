"""Which documents do files hold, and where does each of their values stand?"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Step = str | int
Mark = tuple[int, int]
"""Line and column, from 1."""

_TAG: Final = "tag:yaml.org,2002:"
_TRUE: Final = frozenset({"true", "yes", "on"})
_FALSE: Final = frozenset({"false", "no", "off"})
_SHARED: Final = 100_000


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


def documents(file: str, data: bytes) -> Iterator[Document]:
    """Those that are not empty; items of a List each by itself. Raises SourceError."""
    text = _decoded(data)
    budget = iter(range(len(text) + _SHARED))  # as many values as characters: only aliases make more of them
    try:
        for node in [item for root in _roots(text) for item in _items(root)]:
            reading = _Reading(Document(file, None), budget)
            value = reading.read(node, ())
            if value is not None:
                yield Document(file, value, reading.into.marks, reading.into.keys)
    except RecursionError as error:
        raise SourceError("Syntax", "values nest deeper than kubectl reads; write it flatter") from error


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        mark = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise SourceError("NotUtf8", "the file is not UTF-8; save it as such", mark) from error


def _roots(text: str) -> list[Node]:
    templated = "; it is a template: lint what it renders" if "{{" in text or "{%" in text else ""
    try:
        return [root for root in YAML(typ="safe", pure=True).compose_all(text) if root is not None]
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise SourceError("Syntax", f"{error.problem or 'this is no YAML'}{templated}", where) from error
    except (YAMLError, ValueError, OverflowError) as error:  # the last two of an escape beyond Unicode
        raise SourceError("Syntax", " ".join(str(error).split())) from error


def _items(root: Node) -> Sequence[Node]:
    """What a List holds, or the document itself."""
    if not isinstance(root, MappingNode):
        return [root]
    fields = {key.value: value for key, value in root.value if isinstance(key, ScalarNode)}
    kind, items = fields.get("kind"), fields.get("items")
    if kind is None or kind.value != "List" or not isinstance(items, SequenceNode):
        return [root]
    return list(items.value)


@dataclass(slots=True)
class _Reading:
    """Nodes to values, as kubectl reads them: yes and no are booleans, dates are text, and no key stands twice."""

    into: Document
    budget: Iterator[int]
    above: list[Node] = field(default_factory=list)

    def read(self, node: Node, path: tuple[Step, ...]) -> Any:
        self._count(node)
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
            return _scalar(cast(ScalarNode, node))
        finally:
            self.above.pop()

    def _mapping(self, node: MappingNode, path: tuple[Step, ...]) -> dict[str, Any]:
        merged, own = dict[str, Any](), dict[str, Any]()
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                for source in value.value if isinstance(value, SequenceNode) else [value]:
                    merged = {**self._merged(source, path), **merged}
                continue
            if not isinstance(key, ScalarNode):
                raise SourceError("Syntax", "a key is one value; quote {{ }}, or lint what the template renders", _mark(key))
            name = str(key.value)
            if name in own:
                raise SourceError("DuplicateKey", f"{name} stands here a second time; keep one of them", _mark(key))
            self.into.keys[(*path, name)] = _mark(key)
            own[name] = self.read(value, (*path, name))
        return {**merged, **own}

    def _merged(self, node: Node, path: tuple[Step, ...]) -> dict[str, Any]:
        self._count(node)
        if not isinstance(node, MappingNode):
            raise SourceError("Syntax", "<< takes a mapping, or a list of them", _mark(node))
        return self._mapping(node, path)

    def _count(self, node: Node) -> None:
        if next(self.budget, None) is None:
            raise SourceError("Syntax", "aliases make too many values of this file; write out what is meant", _mark(node))


def _mark(node: Node) -> Mark:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _scalar(node: ScalarNode) -> Any:
    text = str(node.value)
    match str(node.tag).removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() in _TRUE
        case "int" | "float" as kind:
            return _number(kind, node)
    return text.lower() in _TRUE if node.style is None and text.lower() in _TRUE | _FALSE else text


def _number(kind: str, node: ScalarNode) -> float:
    text = node.value.replace("_", "")
    try:
        number = _whole(text) if kind == "int" else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise SourceError("Syntax", f"{node.value} is no number that JSON can hold; write it out, or quote it", _mark(node))
    return number


def _whole(text: str) -> int:
    return int(text, 0) if text.lstrip("+-")[:2].lower() in {"0x", "0o", "0b"} else int(text)

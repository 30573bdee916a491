"""Where in a person's YAML does one scalar stand, and what are the bytes with that scalar changed and nothing else?

Reading and writing back whole documents normalises indentation, drops blank lines and loses a comment before `---`. So the
parser only says where the scalar is; the bytes around it are never touched, and what cannot be changed that way is refused.
"""

import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_MERGE: Final = "tag:yaml.org,2002:merge"
_TEMPLATE: Final = re.compile(r"\{\{|\{%|<%|\$\{")
_KEEPER: Final = re.compile(r"\$imagepolicy|renovate:")
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


class Refusal(Exception):  # noqa: N818 - not an error: an edit that a person should make
    """This line is not ours to change. reason: one stable word. The message names file and line and the next step."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """The object that a document must declare. A document without a namespace counts when none names the right one."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """As people read it: `ModelDeployment plant-a/reactor`."""
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Place:
    """One scalar in one file. documents: all of the file, to prove afterwards that only the scalar changed."""

    file: str
    text: str
    documents: list[Node | None]
    scalar: ScalarNode

    @property
    def value(self) -> str:
        """What stands there now, without quotes."""
        return str(self.scalar.value)

    def changed_to(self, value: str) -> bytes:
        """The whole file with this value there: one line differs. Raises Refusal, and ValueError for what is no line."""
        if not value or not value.isprintable():
            raise ValueError(f"{value!r} is not one line of printable text")
        start, end = self.scalar.start_mark.index, self.scalar.end_mark.index
        text = self.text[:start] + _written(self.text[start:end], self.scalar.style, value) + self.text[end:]
        after = _documents(self.file, text)
        if not _Comparison(self.scalar, value).same(self.documents, after):
            raise Refusal(
                "Unverified", f"{_at(self.file, self.scalar)}: the edit would change more than this value; edit it by hand"
            )
        return text.encode()


def find(files: Mapping[str, bytes], ref: ObjectRef, path: tuple[str, ...]) -> Place:
    """The scalar at `path` of the only document that declares the object. Raises Refusal when unclear or not editable."""
    found, unreadable = _declaring(files, ref)
    if not found:
        raise unreadable or Refusal("NotFound", f"no YAML file declares {ref}; check the path of the repository's entry")
    if len(found) > 1:
        places = ", ".join(_at(file, document) for file, _, _, document in found)
        raise Refusal("Ambiguous", f"{ref} is declared more than once: {places}; leave one")
    file, text, documents, document = found[0]
    node = _node(file, document, path)
    _check_ours(file, text, node)
    return Place(file, text, documents, _one_line(file, text, node, path))


Declaration = tuple[str, str, list[Node | None], Node]


def _declaring(files: Mapping[str, bytes], ref: ObjectRef) -> tuple[list[Declaration], Refusal | None]:
    """Documents that declare the object, and the first file that mentions it but cannot be read."""
    found: dict[bool, list[Declaration]] = {True: [], False: []}
    unreadable: Refusal | None = None
    for file, data in sorted(files.items()):
        if ref.name.encode() not in data or ref.kind.encode() not in data:
            continue
        try:
            text = _decoded(file, data)
            documents = _documents(file, text)
            for document in documents:
                if document is not None and (namespace := _namespace(file, document, ref)) in {ref.namespace, None}:
                    found[namespace is not None].append((file, text, documents, document))
        except Refusal as refusal:
            unreadable = unreadable or refusal
    return found[True] or found[False], unreadable


def _namespace(file: str, document: Node, ref: ObjectRef) -> str | None:
    """The namespace under which the document declares the object, None if it names none; some other text if it does not."""

    def text(*path: str) -> str | None:
        node: Node | None = document
        for key in path:
            node = _child(file, node, key)
        return str(node.value) if isinstance(node, ScalarNode) else None

    if (text("apiVersion"), text("kind"), text("metadata", "name")) != (ref.api_version, ref.kind, ref.name):
        return ""
    return text("metadata", "namespace")


def _node(file: str, document: Node, path: tuple[str, ...]) -> Node:
    """Walks down; whatever is shared on the way is refused, because changing it here would change it elsewhere."""
    node = document
    for depth, key in enumerate(path):
        _refuse_shared(file, node, path[:depth])
        child = _child(file, node, key)
        if child is None:
            merged = isinstance(node, MappingNode) and any(k.tag == _MERGE for k, _ in node.value)
            reason, where = ("MergeKey", "comes from a merge (<<)") if merged else ("FieldNotFound", "is not there")
            raise Refusal(reason, f"{_at(file, node)}: {'.'.join(path[: depth + 1])} {where}; write it out")
        node = child
    _refuse_shared(file, node, path)
    return node


def _child(file: str, node: Node | None, key: str) -> Node | None:
    if not isinstance(node, MappingNode):
        return None
    values: list[Node] = [v for k, v in node.value if isinstance(k, ScalarNode) and k.value == key]
    if len(values) > 1:
        raise Refusal("DuplicateKey", f"{_at(file, values[1])}: {key} is written twice; leave one")
    return values[0] if values else None


def _refuse_shared(file: str, node: Node, path: tuple[str, ...]) -> None:
    # Every alias points to an anchored node, so that looking for anchors finds both ends.
    if node.anchor:
        what = ".".join(path) or "the document"
        raise Refusal(
            "Alias", f"{_at(file, node)}: {what} is shared by the anchor &{node.anchor}; edit it by hand, or write it out"
        )


def _check_ours(file: str, text: str, node: Node) -> None:
    line_start = text.rfind("\n", 0, node.start_mark.index) + 1
    line = text[line_start:].partition("\n")[0]
    line_before = text[:line_start].rstrip("\r\n").rpartition("\n")[2]
    if _TEMPLATE.search(line):
        raise Refusal("Templated", f"{_at(file, node)}: the line is filled in by a template; edit what fills it in")
    if _KEEPER.search(line) or (line_before.lstrip().startswith("#") and _KEEPER.search(line_before)):
        raise Refusal(
            "ManagedElsewhere", f"{_at(file, node)}: a marker gives this line to Flux or Renovate; remove it, or edit there"
        )


def _one_line(file: str, text: str, node: Node, path: tuple[str, ...]) -> ScalarNode:
    if not isinstance(node, ScalarNode):
        raise Refusal("FieldNotFound", f"{_at(file, node)}: {'.'.join(path)} is not one value; write one")
    lexeme = text[node.start_mark.index : node.end_mark.index]
    whole = {None: lexeme == node.value, "'": lexeme[:1] == lexeme[-1:] == "'", '"': lexeme[:1] == lexeme[-1:] == '"'}
    if len(lexeme.splitlines()) > 1 or not whole.get(node.style, False):
        raise Refusal(
            "NotOneLine", f"{_at(file, node)}: the value is tagged, a block or several lines; write it as one plain value"
        )
    return node


def _written(lexeme: str, style: str | None, value: str) -> str:
    """The value in the quotes that were there, or plain if every YAML reader then sees the type that was there."""
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    if style is None and _PLAIN.fullmatch(value) and _types(value) == _types(lexeme):
        return value
    return json.dumps(value, ensure_ascii=False)


def _types(plain: str) -> list[str]:
    """What YAML 1.1 and YAML 1.2 take an unquoted scalar for."""
    found = []
    for version in ((1, 1), (1, 2)):
        yaml = YAML(typ="safe", pure=True)
        yaml.version = version
        found.append(str(yaml.compose(plain).tag))
    return found


def _decoded(file: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Refusal("NotUtf8", f"{file}:{line}: the file is not UTF-8; save it as UTF-8") from error


def _documents(file: str, text: str) -> list[Node | None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a reused anchor is legal; it is refused where it matters
            return list(YAML(typ="safe", pure=True).compose_all(text))
    except (YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        reason = "Templated" if _TEMPLATE.search(text) else "Unreadable"
        problem = getattr(error, "problem", None) or type(error).__name__
        raise Refusal(reason, f"{file}:{line}: the file is not YAML as it stands ({problem}); edit it by hand") from error


def _at(file: str, node: Node) -> str:
    return f"{file}:{node.start_mark.line + 1}"


class _Comparison:
    """Whether two files mean the same but for one scalar. Shared nodes are visited once, so aliases cannot make it long."""

    def __init__(self, scalar: ScalarNode, value: str) -> None:
        self._scalar = scalar
        self._value = value
        self._seen: set[tuple[int, int]] = set()

    def same(self, before: Any, after: Any) -> bool:
        if isinstance(before, (list, tuple)):
            return len(before) == len(after) and all(self.same(a, b) for a, b in zip(before, after, strict=True))
        if before is None or after is None:
            return before is after
        if (id(before), id(after)) in self._seen:
            return True
        self._seen.add((id(before), id(after)))
        if before is self._scalar:
            return isinstance(after, ScalarNode) and after.value == self._value
        return type(before) is type(after) and before.tag == after.tag and self.same_value(before, after)

    def same_value(self, before: Node, after: Node) -> bool:
        if isinstance(before, (MappingNode, SequenceNode)):
            return self.same(before.value, after.value)
        return bool(before.value == after.value)

"""Where in a file does each YAML node stand?

libyaml reads here: what kubectl, Flux, Argo CD and Kustomize use is a port of it, so that what it accepts they accept. It is
also why five megabytes take a blink; only the document that is edited becomes objects of Python's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from json import detect_encoding
from typing import Final, cast

from yaml import CBaseLoader, MarkedYAMLError, YAMLError
from yaml.error import Mark
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from andon.ports.splice.refusal import Reason, Refusal

TEMPLATE: Final = re.compile(r"\{\{|\{%|<%|\$\{|\$\([A-Za-z_]|(?<!\S)#@|\(@-?=")
BREAK: Final = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")  # where libyaml begins a line
# At the start of a line `---` begins a document wherever it stands; its directives stand before it.
_BOUNDARY: Final = re.compile(r"^(?:%[^\n]*\n(?:[%#][^\n]*\n|[ \t\r]*\n)*)?---(?=[ \t\r\n]|\Z)", re.MULTILINE)


@dataclass(slots=True, eq=False)
class Node:
    """start: characters from the section's. line: of the file, from 1. uses: how many aliases share it."""

    start: int
    line: int
    anchor: str | None
    uses: int = field(default=0, init=False)


@dataclass(slots=True, eq=False)
class Scalar(Node):
    """value: without quotes. style: None for a plain one, else its quote, `|` or `>`."""

    end: int
    value: str
    style: str | None


@dataclass(slots=True, eq=False)
class Collection(Node):
    """children: of a mapping, key and value in turn."""

    children: list[Node] = field(default_factory=list, init=False)


@dataclass(slots=True, eq=False)
class Mapping(Collection):
    """Keys may repeat: a refusal must be able to name both."""

    def entries(self) -> Iterator[tuple[Node, Node]]:
        """Key and value."""
        return zip(self.children[::2], self.children[1::2], strict=True)


@dataclass(slots=True, eq=False)
class List(Collection):
    """A sequence."""


@dataclass(slots=True, eq=False)
class Alias(Node):
    """anchor: its name. of: the node that it shares."""

    of: Node


@dataclass(frozen=True, slots=True)
class Section:
    """What stands between two `---`. start: in characters of the file; line: of the file, how many stand before it."""

    file: str
    start: int
    line: int
    text: str

    def roots(self) -> list[Node]:
        """The documents in it: one at most, but where CR alone ends lines. Raises Refusal."""
        return list(_Composer(self).roots())

    def events(self) -> Iterator[Event]:
        """As they stand. Raises Refusal."""
        try:
            yield from iter(CBaseLoader(self.text).get_event, None)
        except YAMLError as error:
            raise unreadable(self.file, self.text, error, self.line) from error


def sections(file: str, text: str) -> list[Section]:
    """All of the file but its byte order mark, in pieces that can be read apart."""
    first = 1 if text.startswith("\ufeff") else 0
    cuts = [first, *(m.start() for m in _BOUNDARY.finditer(text, first) if m.start() > first), len(text)]
    found, line = [], 0
    for start, end in pairwise(cuts):
        found.append(Section(file, start, line, text[start:end]))
        line += text.count("\n", start, end)
    return found


def other_encoding(data: bytes) -> str | None:
    """UTF-16 or UTF-32 by the first four bytes, as readers of YAML tell them; None for all that may be UTF-8."""
    encoding = detect_encoding(data)
    return None if encoding in {"utf-8", "utf-8-sig"} else encoding


def decoded(file: str, data: bytes) -> str:
    """The text of the file. Raises Refusal."""
    if other_encoding(data):
        raise _not_utf8(file, 1)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(file, data.count(b"\n", 0, error.start) + 1) from error


def _not_utf8(file: str, line: int) -> Refusal:
    return Refusal("NotUtf8", "the file is not UTF-8; save it as UTF-8", file, line)


def count(file: str, text: str) -> int:
    """How many events all of the file has, in 20 ms per megabyte. Raises Refusal where it is not YAML from end to end."""
    try:
        return CBaseLoader(text).raw_parse()
    except YAMLError as error:
        raise unreadable(file, text, error) from error


def unreadable(file: str, text: str, error: YAMLError, lines_before: int = 0) -> Refusal:
    """What is wrong with the text, as a refusal: a template that is no YAML is called by its name."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    line = lines_before + (mark.line if mark else text.count("\n", 0, getattr(error, "position", 0))) + 1
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or type(error).__name__
    reason: Reason = "Templated" if TEMPLATE.search(text) else "Unreadable"
    return Refusal(reason, f"the file is not YAML as it stands ({problem}); edit it by hand", file, line)


def begin(event: Event) -> int:
    """At which character of the section."""
    return cast(Mark, event.start_mark).index


class _Composer:
    """Nodes from events, without recursion: however deep a file nests, it is read."""

    def __init__(self, section: Section) -> None:
        self._section = section
        self._open: list[Collection] = []
        self._anchors: dict[str, Node] = {}

    def roots(self) -> Iterator[Node]:
        for event in self._section.events():
            if isinstance(event, NodeEvent):
                node = self._node(event)
                if self._open:
                    self._open[-1].children.append(node)
                if isinstance(node, Collection):
                    self._open.append(node)
                    continue
            elif isinstance(event, CollectionEndEvent):
                node = self._open.pop()
            else:
                continue
            if not self._open:
                self._anchors.clear()
                yield node

    def _node(self, event: NodeEvent) -> Node:
        mark = cast(Mark, event.start_mark)
        start, line = mark.index, self._section.line + mark.line + 1
        if isinstance(event, AliasEvent):
            return self._alias(event, start, line)
        node = _made(event, start, line)
        if node.anchor:
            self._anchors[node.anchor] = node
        return node

    def _alias(self, event: AliasEvent, start: int, line: int) -> Alias:
        of = self._anchors.get(event.anchor or "")
        if of is None:
            problem = f"the file is not YAML as it stands (*{event.anchor} has no anchor before it); edit it by hand"
            raise Refusal("Unreadable", problem, self._section.file, line)
        of.uses += 1
        return Alias(start, line, event.anchor, of)


def _made(event: NodeEvent, start: int, line: int) -> Node:
    if isinstance(event, ScalarEvent):
        return Scalar(start, line, event.anchor, cast(Mark, event.end_mark).index, event.value, event.style or None)
    return Mapping(start, line, event.anchor) if isinstance(event, MappingStartEvent) else List(start, line, event.anchor)

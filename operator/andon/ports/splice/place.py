"""What are the bytes of a file with one scalar changed and nothing else?"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from operator import attrgetter
from typing import Final

from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from andon.ports.splice.path import Path, written
from andon.ports.splice.refusal import Refusal
from andon.ports.splice.scalar import UnclearTypeError, rewritten
from andon.ports.splice.syntax import Node, Scalar, Section, begin, count

_ANCHOR: Final = re.compile(r"&\S+[ \t]+")


@dataclass(frozen=True, slots=True)
class Place:
    """One scalar in one file. text: all of the file. section: the part of it in which the scalar stands. events: of all of it."""

    text: str
    section: Section
    scalar: Scalar
    path: Path
    events: int

    @classmethod
    def of(cls, text: str, section: Section, node: Node, path: Path) -> "Place":
        """Raises Refusal when no line holds this value alone, and when the file is not YAML from end to end."""
        if not isinstance(node, Scalar):
            raise Refusal("FieldNotFound", f"{written(path)} is not one value; write one", section.file, node.line)
        place = cls(text, section, node, path, count(section.file, text))
        place._check_one_line()
        return place

    @property
    def file(self) -> str:
        """As `find` was given it."""
        return self.section.file

    @property
    def line(self) -> int:
        """From 1."""
        return self.scalar.line

    @property
    def value(self) -> str:
        """What stands there now, without quotes."""
        return self.scalar.value

    def changed_to(self, value: str) -> bytes:
        """The whole file with this value there: one line differs. Raises Refusal, and ValueError for what is no line."""
        if not value.isprintable():
            raise ValueError(f"{value!r} is not one line of printable text")
        start, end = self._lexeme()
        part = self.section.text
        try:
            part = part[:start] + rewritten(part[start:end], self.scalar.style, value) + part[end:]
        except UnclearTypeError as error:
            raise Refusal("UnclearType", str(error), self.file, self.line) from error
        before = self.text[: self.section.start]
        whole = before + part + self.text[len(before) + len(self.section.text) :]
        if _is_json(self.text) and not _is_json(whole):
            raise Refusal("UnclearType", f"{value} is nothing that JSON knows; write it another way", self.file, self.line)
        self._verify(Section(self.file, len(before), self.section.line, part), whole, value)
        return whole.encode()

    def _check_one_line(self) -> None:
        start, end = self._lexeme()
        lexeme, style = self.section.text[start:end], self.scalar.style
        whole = lexeme == self.scalar.value if style is None else style in "'\"" and lexeme[:1] == lexeme[-1:] == style
        if not lexeme:
            raise Refusal("FieldNotFound", f"{written(self.path)} is empty; write one value", self.file, self.line)
        if len(lexeme.splitlines()) > 1 or not whole:
            problem = f"{written(self.path)} is tagged, a block or several lines; write it as one plain value"
            raise Refusal("NotOneLine", problem, self.file, self.line)

    def _lexeme(self) -> tuple[int, int]:
        """From where to where the value stands in the section, without its anchor."""
        anchor = _ANCHOR.match(self.section.text, self.scalar.start, self.scalar.end) if self.scalar.anchor else None
        return anchor.end() if anchor else self.scalar.start, self.scalar.end

    def _verify(self, after: Section, whole: str, value: str) -> None:
        """Both documents are parsed and compared; of the rest of the file every byte is what it was."""
        try:
            same = same_but(self.section, after, self.scalar, value) and count(self.file, whole) == self.events
        except Refusal as refusal:
            raise Refusal("Unverified", "the edit would break the file; edit it by hand", self.file, self.line) from refusal
        if not same:
            raise Refusal("Unverified", "the edit would change more than this value; edit it by hand", self.file, self.line)


def _is_json(text: str) -> bool:
    """Whether readers of JSON take it, too."""
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


# All that an event says but where it stands.
_SAID: Final[dict[type[Event], Callable[[Event], object]]] = {
    ScalarEvent: attrgetter("value", "anchor", "tag", "implicit", "style"),
    AliasEvent: attrgetter("anchor"),
    MappingStartEvent: attrgetter("anchor", "tag", "implicit", "flow_style"),
    SequenceStartEvent: attrgetter("anchor", "tag", "implicit", "flow_style"),
    DocumentStartEvent: attrgetter("explicit", "version", "tags"),
    DocumentEndEvent: attrgetter("explicit"),
}


def same_but(before: Section, after: Section, scalar: Scalar, value: str) -> bool:
    """Whether two texts say the same to a reader but for one scalar, which has this value in the second."""
    for old, new in zip_longest(before.events(), after.events()):
        if type(old) is not type(new):
            return False
        said = _SAID.get(type(old))
        if said and said(old) != said(new) and not _changed(old, new, scalar, value):
            return False
    return True


def _changed(old: Event, new: Event, scalar: Scalar, value: str) -> bool:
    """Whether it is the difference that was asked for."""
    if not (isinstance(old, ScalarEvent) and isinstance(new, ScalarEvent)) or begin(old) != scalar.start:
        return False
    return (new.value, new.anchor, new.tag) == (value, old.anchor, old.tag)

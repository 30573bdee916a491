"""What is one thing in a tree, and how does it say itself?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_jsonable_python

from andon.watch.standing import Mood


@dataclass(frozen=True, slots=True)
class Node:
    """One thing with what hangs on it, said twice: in words for a person, in details for a program.

    said: a few words. waits_for: a sentence or two, empty for nothing. details: JSON, or models of `andon.api`. Nothing in it
    moves by itself, so that two trees that differ are a change worth showing.
    """

    kind: str
    name: str
    mood: Mood
    said: str = ""
    waits_for: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    children: tuple["Node", ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For programs: details beside kind, name and state."""
        own: dict[str, Any] = {"kind": self.kind, "name": self.name, "state": self.mood.value}
        own |= to_jsonable_python(self.details, by_alias=True, exclude_none=True)
        own |= {"waitsFor": self.waits_for} if self.waits_for else {}
        return own | ({"children": [child.as_json() for child in self.children]} if self.children else {})

    def all(self) -> Iterator["Node"]:
        """This one and all below it."""
        yield self
        for child in self.children:
            yield from child.all()


@dataclass(frozen=True, slots=True)
class Told:
    """What a status says: a few words, the same for programs, and the parts that are no objects of their own."""

    said: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[Node, ...] = ()

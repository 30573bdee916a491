"""Does a patch, a replacement or a JSON pointer speak of this field of this object?"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from andon.ports.splice.objects import Declared
from andon.ports.splice.path import Path, Step
from andon.ports.splice.syntax import Node
from andon.ports.splice.walk import child, text

_SELECTORS: Final = ("labelSelector", "annotationSelector")
_FIELD: Final = re.compile(r"\.(?![^\[]*\])")
# What could take for ever to match: Kustomize matches in linear time, Python backtracks.
_REPEATS: Final = re.compile(r"[*+?{]")
_REPEATED_GROUP: Final = re.compile(r"\)[*+?{]")

Met = Literal["not", "alone", "among others"]


@dataclass(frozen=True, slots=True)
class Aim:
    """A field of an object, under every name and namespace that it has on its way through the layers."""

    declared: Declared
    names: frozenset[str]
    namespaces: frozenset[str | None]
    path: Path

    def met_by_patch(self, patch: Declared) -> bool:
        """Whether a strategic-merge patch without a target is for the object."""
        is_it = (patch.api_version, patch.kind) == (self.declared.api_version, self.declared.kind)
        return is_it and patch.name in self.names and (patch.namespace is None or patch.namespace in self.namespaces)

    def met_by_target(self, file: str, target: Node | None) -> Met:
        """Whether what Kustomize calls a target or `select` is for the object, and for no other."""
        group, _, version = (self.declared.api_version or "").rpartition("/")
        known: dict[str, set[str | None]] = {
            "group": {group},
            "version": {version},
            "kind": {self.declared.kind},
            "name": set(self.names),
            "namespace": set(self.namespaces),
        }
        said = {key: value for key in known if (value := text(child(file, target, key)))}
        if not all(_any(pattern, known[key]) for key, pattern in said.items()):
            return "not"
        selected = any(child(file, target, key) is not None for key in _SELECTORS)
        alone = said.get("kind") in known["kind"] and said.get("name") in known["name"] and not selected
        return "alone" if alone else "among others"

    def at_field(self, path: str) -> bool:
        """`spec.tags.[name=x].unit`: whether it is the field, or what holds it."""
        return self._reached(_FIELD.split(path))

    def at_pointer(self, pointer: str) -> bool:
        """`/spec/tags/0/unit`, or `spec/tags[]/unit`: whether it is the field, or what holds it."""
        steps = pointer.replace("[]", "/*").strip("/").split("/")
        return self._reached([step.replace("~1", "/").replace("~0", "~") for step in steps])

    def _reached(self, steps: list[str]) -> bool:
        return len(steps) <= len(self.path) and all(map(_same, self.path, steps))


def _any(pattern: str, values: set[str | None]) -> bool:
    """Kustomize's patterns match from end to end. One that cannot be read or is not simple, and a namespace that nobody named,
    may be meant.
    """
    if len(_REPEATS.findall(pattern)) > 2 or _REPEATED_GROUP.search(pattern):
        return True
    try:
        return any(value is None or re.fullmatch(pattern, value) for value in values)
    except re.error:
        return True


def _same(step: Step, said: str) -> bool:
    """A list's item may be said by number, field or `*`. What is said in another way than ours may be the same item."""
    if isinstance(step, str):
        return said == step
    exact = str(step) if isinstance(step, int) else f"[{step.field}={step.value}]"
    return said in {exact, "*"} or said.isdigit() is not exact.isdigit()

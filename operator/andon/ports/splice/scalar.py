"""How is a value written so that every YAML reader sees the type that it saw before?

`no` is a boolean to YAML 1.1, `1e3` a number to YAML 1.2 alone, `1_0` one to Go: what is a string to some reader only is
quoted, and what is a number to some reader only takes no number's place.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

import yaml
from ruamel.yaml import YAML, ScalarNode
from ruamel.yaml.resolver import VersionedResolver

_PLAIN: Final = re.compile(r"[+-]?\.?[A-Za-z0-9_][A-Za-z0-9._/+-]*")
# Of YAML 1.2 as it is written, not as it is read: readers are generous.
_CORE_NUMBER: Final = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|0x[0-9a-fA-F]+|[-+]?\.(inf|Inf|INF)", re.ASCII)
_GO_PREFIX: Final = re.compile(r"[-+]?0[XOB]")

Kind = Literal["text", "number", "flag", "nothing", "time"]
_KINDS: Final[dict[str, Kind]] = {"int": "number", "float": "number", "bool": "flag", "null": "nothing", "timestamp": "time"}


class UnclearTypeError(ValueError):
    """The old value was no string, and the new one would not be of its type, or not to all readers."""


def rewritten(lexeme: str, style: str | None, value: str) -> str:
    """The value in the quotes that were there, or plain where that changes no reader's type. Raises UnclearTypeError."""
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    if style is None:
        before = _Reading.of(lexeme)
        if _PLAIN.fullmatch(value) and _stays_plain(before, _Reading.of(value)):
            return value
        if before.kind in {"number", "flag"}:
            raise UnclearTypeError(
                f"{lexeme} is a {before.kind}, and {value!r} in its place would be text; write a {before.kind}"
            )
    return json.dumps(value, ensure_ascii=False)


def _stays_plain(before: "_Reading", after: "_Reading") -> bool:
    if after.kinds == before.kinds and (after.agreed or not before.agreed):
        return True
    if before.kind != "text" and before.kind in after.kinds:
        raise UnclearTypeError(f"{after.plain} is not the same {before.kind} to all readers of YAML; write it another way")
    return False


@dataclass(frozen=True, slots=True)
class _Reading:
    """What PyYAML, ruamel.yaml as YAML 1.1 and 1.2, and Go's reader take a plain scalar for."""

    plain: str
    kinds: tuple[Kind, ...]

    @classmethod
    def of(cls, plain: str) -> "_Reading":
        texts = ((_pyyaml(), plain), (_ruamel(1), plain), (_ruamel(2), plain), (_ruamel(2), _as_go_reads(plain)))
        return cls(plain, tuple(_kind(resolver, text) for resolver, text in texts))

    @property
    def kind(self) -> Kind:
        """What it is to all of them, else text."""
        return self.kinds[0] if len(set(self.kinds)) == 1 else "text"

    @property
    def agreed(self) -> bool:
        """Whether it is also the same number: 012 is ten to some, and YAML 1.2 proper knows neither 1_0 nor 0b1."""
        if self.kind != "number":
            return len(set(self.kinds)) == 1
        new = YAML(typ="safe", pure=True)
        return _CORE_NUMBER.fullmatch(self.plain) is not None and bool(yaml.safe_load(self.plain) == new.load(self.plain))


def _as_go_reads(plain: str) -> str:
    """`_` is nothing to Go in what begins as a number, and 0X, 0O and 0B are what they are in lower case."""
    text = plain.replace("_", "") if plain[:1] in "+-.0123456789" else plain
    return text.lower() if _GO_PREFIX.match(text) else text


def _kind(resolver: Any, plain: str) -> Kind:
    node = ScalarNode if isinstance(resolver, VersionedResolver) else yaml.ScalarNode
    tag = str(resolver.resolve(node, plain, (True, False)))
    return _KINDS.get(tag.rpartition(":")[2], "text")


@cache
def _pyyaml() -> yaml.resolver.Resolver:
    return yaml.resolver.Resolver()


@cache
def _ruamel(minor: int) -> VersionedResolver:
    return VersionedResolver(version=(1, minor))

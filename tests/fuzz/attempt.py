"""One input of the fuzzer: a file, and an edit of it. Whatever the file is, it is refused or one scalar changes.

The first line says which edit, `PATH<tab>VALUE`; the rest is the file, of which the object is `Thing it`. The judges are parsers
that the editor does not use: PyYAML's own in Python, and ruamel.yaml's.
"""

import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import yaml
from ruamel.yaml import YAML, ScalarNode
from ruamel.yaml.error import YAMLError
from ruamel.yaml.resolver import VersionedResolver

from andon.ports.splice import ObjectRef, Refusal, find, parsed

REF = ObjectRef("", "Thing", "", "it")
STRING = "tag:yaml.org,2002:str"
Said = list[tuple[str, ...]]


def attempt(data: bytes) -> bool:
    """Whether the file was edited. AssertionError: it was, and should not have been, or not so."""
    order, _, content = data.partition(b"\n")
    with suppress(Refusal, ValueError):
        path, _, value = order.decode().partition("\t")
        place = find({"x.yaml": content}, REF, parsed(path))
        after = place.changed_to(value)
        check_bytes(content, after, place.section.start + place.scalar.start, place.section.start + place.scalar.end)
        for reader in (by_1_1, by_1_2):
            check_meaning(reader, content.decode(), after.decode(), value)
        return True
    return False


def check_bytes(before: bytes, after: bytes, start: int, end: int) -> None:
    """All outside of the value is what it was."""
    old, new = before.decode(), after.decode()
    assert new[:start] == old[:start]
    assert new[len(new) - (len(old) - end) :] == old[end:]
    assert len(new.splitlines()) == len(old.splitlines())


def check_meaning(reader: Callable[[str], Said | None], before: str, after: str, value: str) -> None:
    """Who could read the file reads it still, and sees one scalar with another value, which is a string if it was one."""
    old = reader(before)
    if old is None:
        return
    new = reader(after)
    assert new is not None, f"{reader.__name__} reads no more"
    assert len(new) == len(old)
    changed = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    assert len(changed) <= 1, changed
    for was, now in changed:
        assert was[:2] == now[:2] == ("ScalarEvent", was[1])
        assert now[3] == value
        assert was[2] != STRING or now[2] == STRING


def by_1_1(text: str) -> Said | None:
    """What PyYAML hears; None where it cannot read."""
    resolver = yaml.resolver.Resolver()
    try:
        events = list(yaml.parse(text, Loader=yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError, ValueError, IndexError):
        return None
    return [said(event, resolver, yaml.ScalarNode) for event in events]


def by_1_2(text: str) -> Said | None:
    """What ruamel.yaml hears, as YAML 1.2 unless the file says otherwise; None where it cannot read."""
    resolver = VersionedResolver(version=(1, 2))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            events = list(YAML(typ="safe", pure=True).parse(text))
    except (YAMLError, RecursionError, ValueError, IndexError, AttributeError, TypeError, NotImplementedError):
        return None
    return [said(event, resolver, ScalarNode) for event in events]


def said(event: Any, resolver: Any, scalar: type) -> tuple[str, ...]:
    """Kind, anchor, tag as resolved, value."""
    value = getattr(event, "value", None)
    tag = getattr(event, "tag", None)
    if value is not None and tag is None:
        tag = resolver.resolve(scalar, value, event.implicit)
    return type(event).__name__, str(getattr(event, "anchor", None)), str(tag), str(value)

"""Is an object what its schema and the rules across its fields ask for?

The rules are those of the pydantic models; that the API server's CEL says the same is held by tests of `andon.api`.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from andon.api import API_VERSION, GROUP, crd
from andon.api.errors import nearest
from andon.api.kinds import KINDS, OBJECT_NAME, Kind
from andon.api.types import ApiModel
from andon.lint.finding import Finding, Severity
from andon.lint.metadata import described
from andon.lint.objects import Declared, refused, written
from andon.lint.source import Document, Step

_TOP: Final = ("apiVersion", "kind", "metadata", "spec", "status")
Found = Iterator[Finding | Declared[ApiModel]]


def is_ours(document: Document) -> bool:
    """Whether it is of Andon's group, whatever its version."""
    version = document.value.get("apiVersion") if isinstance(document.value, dict) else None
    return isinstance(version, str) and version.partition("/")[0] == GROUP


def shaped(document: Document) -> Found:
    """What is wrong with it; and the object itself, if its spec can be read."""
    value = document.value
    if value["apiVersion"] != API_VERSION:
        yield refused(document, "UnknownVersion", f"{value['apiVersion']!r} is not {API_VERSION}", ("apiVersion",))
        return
    kind = next((kind for kind in KINDS if kind.name == value.get("kind")), None)
    if kind is None:
        near = nearest(str(value.get("kind")), (kind.name for kind in KINDS))
        yield refused(document, "UnknownKind", f"{value.get('kind')!r} is none of Andon's kinds{near}", ("kind",))
        return
    yield from _object(document, kind)


def _object(document: Document, kind: Kind) -> Found:
    value = document.value
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    label = f"{kind.name} {name}"
    for key in value.keys() - set(_TOP):
        yield refused(document, "UnknownField", f"there is no field {key} here{nearest(key, _TOP)}", (key,), label, key=True)
    sound = name if isinstance(name, str) and OBJECT_NAME.holds(name) else None
    if sound is None:
        yield refused(document, "Rule", OBJECT_NAME.message, ("metadata", "name"), label)
    if isinstance(metadata, dict):
        yield from described(document, metadata, label)
    if "status" in value:
        line, column = document.key_at("status")
        message = "status is what controllers write, and is not applied; leave it out"
        yield Finding(document.file, line, column, Severity.WARNING, "StatusIgnored", message, label, "status")
    try:
        spec = kind.spec.model_validate(value.get("spec", {}))
    except ValidationError as error:
        yield from (_invalid(document, kind, label, said) for said in error.errors(include_url=False))
        return
    if sound is not None:
        namespace = metadata.get("namespace")
        yield Declared(kind, sound, str(namespace) if namespace else None, spec, document)


def _invalid(document: Document, kind: Kind, label: str, said: ErrorDetails) -> Finding:
    path: tuple[Step, ...] = ("spec", *said["loc"])
    match said["type"]:
        case "extra_forbidden":
            known = _fields(kind, path[:-1])
            message = f"{written(path)}: there is no such field{nearest(str(path[-1]), known)}"
            return refused(document, "UnknownField", message, path, label, key=True)
        case "rule" | "duplicate":
            return refused(document, "Rule", f"{written(path)}: {said['msg']}", path, label)
        case "missing":
            return refused(document, "Missing", f"{written(path)} is required", path, label)
    return refused(document, "Invalid", f"{written(path)}: {said['msg']}", path, label)


def _fields(kind: Kind, path: tuple[Step, ...]) -> list[str]:
    """The fields that the schema has at this place."""
    schema: Mapping[str, Any] = _schema(kind)
    for step in path:
        schema = schema.get("items", {}) if isinstance(step, int) else schema.get("properties", {}).get(step, {})
    return list(schema.get("properties", {}))


@cache
def _schema(kind: Kind) -> Mapping[str, Any]:
    return crd.schema(kind)

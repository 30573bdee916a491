"""Would the API server take an object's metadata? It refuses there what no schema of ours speaks of."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from andon.api.errors import nearest
from andon.api.types import LABEL_KEY_PATTERN, NAME_PATTERN
from andon.lint.finding import Finding
from andon.lint.objects import refused
from andon.lint.source import Document

_FIELDS: Final = frozenset(
    {"name", "generateName", "namespace", "labels", "annotations", "finalizers", "ownerReferences", "managedFields"}
    | {"uid", "resourceVersion", "generation", "selfLink"}
    | {"creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"}
)
_NAMESPACE: Final = re.compile(NAME_PATTERN.removesuffix("$"))
_KEY: Final = re.compile(LABEL_KEY_PATTERN.removesuffix("$"))
_VALUE: Final = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_LONGEST_PREFIX: Final = 253


def described(document: Document, metadata: Mapping[str, Any], label: str) -> Iterator[Finding]:
    """What is wrong beside the name. label: of the object."""
    for field in metadata.keys() - _FIELDS:
        message = f"metadata.{field}: there is no such field{nearest(field, _FIELDS)}"
        yield refused(document, "UnknownField", message, ("metadata", field), label, key=True)
    namespace = metadata.get("namespace")
    if namespace not in (None, "") and not (isinstance(namespace, str) and _NAMESPACE.fullmatch(namespace)):
        message = "metadata.namespace: write lower-case letters, digits and dashes, 63 at most, with none at the ends"
        yield refused(document, "Rule", message, ("metadata", "namespace"), label)
    for field in ("labels", "annotations"):
        yield from _texts(document, field, metadata.get(field), label)


def _texts(document: Document, field: str, said: Any, label: str) -> Iterator[Finding]:
    if said is not None and not isinstance(said, dict):
        message = f"metadata.{field}: write a mapping of names to text"
        yield refused(document, "Invalid", message, ("metadata", field), label)
        return
    for key, value in (said or {}).items():
        path = ("metadata", field, key)
        if not _is_key(key if field == "labels" else key.lower()):
            message = f"metadata.{field}: {key!r} is no key; write letters, digits, -, _ and ., as app or example.com/app"
            yield refused(document, "Rule", message, path, label, key=True)
        if not isinstance(value, str | None):
            yield refused(document, "Invalid", f"metadata.{field}.{key}: this is no text{_quoted(value)}", path, label)
        elif field == "labels" and value is not None and not _VALUE.fullmatch(value):
            message = f"metadata.{field}.{key}: {value!r} is no label; write letters, digits, -, _ and ., 63 at most"
            yield refused(document, "Rule", message, path, label)


def _is_key(key: str) -> bool:
    return _KEY.fullmatch(key) is not None and len(key.rpartition("/")[0]) <= _LONGEST_PREFIX


def _quoted(value: Any) -> str:
    return "" if isinstance(value, dict | list) else f'; quote it: "{json.dumps(value)}"'

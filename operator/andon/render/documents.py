"""How is a template turned into objects that are safe to apply?"""

import hashlib
import json
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from ruamel.yaml import YAML

Manifest = dict[str, Any]
RENDERED: Final = "andon.dev/rendered"
"""Annotation: hash of what was rendered, so that a field no longer rendered is noticed too."""

_YAML: Final = YAML(typ="safe", pure=True)


def _as_json(value: object) -> Markup:
    """Every value leaves as JSON, which is YAML; what a macro rendered is already that."""
    return value if isinstance(value, Markup) else Markup(json.dumps(value, ensure_ascii=False))  # noqa: S704 - JSON, never HTML


_LOADER: Final = PackageLoader("andon.render")
_OBJECTS: Final = Environment(
    loader=_LOADER, undefined=StrictUndefined, finalize=_as_json, autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_TEXTS: Final = Environment(
    loader=_LOADER, undefined=StrictUndefined, autoescape=select_autoescape(default=False), keep_trailing_newline=True
)


def objects(template: str, **values: object) -> tuple[Manifest, ...]:
    """The objects of a YAML template. Raises ValueError when a document is no Kubernetes object: a bug in the template."""
    text = _OBJECTS.get_template(template).render(**values)
    documents = tuple(d for d in _YAML.load_all(text) if d is not None)
    for document in documents:
        _check(template, document)
        document["metadata"].setdefault("annotations", {})[RENDERED] = fingerprint(document)
    return documents


def text(template: str, **values: object) -> str:
    """The text of a template that is no YAML, such as a commit message."""
    return _TEXTS.get_template(template).render(**values)


def fingerprint(document: Manifest) -> str:
    """Names one content of an object."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]


def _check(template: str, document: object) -> None:
    named = isinstance(document, dict) and {"apiVersion", "kind", "metadata"} <= document.keys()
    if not named or not isinstance(document, dict) or not {"name", "namespace"} <= document["metadata"].keys():
        raise ValueError(f"{template} renders a document without apiVersion, kind, metadata.name or metadata.namespace")

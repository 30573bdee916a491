"""Which policy is tried? The first DriftPolicy of a YAML file, or a bare spec: nothing in it has to exist."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError

from andon.api import API_VERSION
from andon.api.errors import UserError, invalid
from andon.api.policy import DriftPolicySpec
from andon.api.signals import Signal
from andon.api.types import Name, StatusModel
from andon.replay.models import read_bytes

PLAYED: Final = "replayed"
"""Name of what has none, because it is only played."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as it can be replayed. unasked: its own signals, taken out of the spec, since no file answers them."""

    namespace: str
    name: str
    spec: DriftPolicySpec
    unasked: tuple[Signal, ...] = ()


class _Metadata(StatusModel):
    """Who the policy is, where it says so."""

    name: Name = PLAYED
    namespace: Name = "default"


class _Document(StatusModel):
    metadata: _Metadata = _Metadata()
    spec: DriftPolicySpec


class _TextForTimes(SafeConstructor):
    """Times stay text, as they do on their way to the API server."""


_TextForTimes.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def read(path: Path) -> Policy:
    """Raises UserError naming the file and the field."""
    document = _first_policy(path)
    if (version := document.get("apiVersion", API_VERSION)) != API_VERSION:
        raise UserError(f"{path}: apiVersion is {version}, and this is {API_VERSION}; write the policy in that version")
    parts = {name: _fields(path, name, document.get(name)) for name in ("metadata", "spec")}
    parts["spec"] = {"targetRef": {"name": PLAYED}} | parts["spec"]
    try:
        found = _Document.model_validate(document | parts)
    except ValidationError as error:
        raise invalid(str(path), error) from None
    replayed = found.spec.model_copy(update={"signals": []})
    return Policy(found.metadata.namespace, found.metadata.name, replayed, tuple(found.spec.signals))


def _fields(path: Path, name: str, given: object) -> dict[str, Any]:
    """What a part holds; nothing is no fields."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise UserError(f"{path}: {name} is {given!r:.40}, not fields; write for example `{name}: {{}}`")
    return given


def _first_policy(path: Path) -> dict[str, Any]:
    found = [d for d in _documents(path) if isinstance(d, dict) and ("spec" in d or "kind" in d)]
    policy = next((d for d in found if d.get("kind", "DriftPolicy") == "DriftPolicy"), None)
    if policy is None:
        kinds = f"; it has {', '.join(str(d['kind']) for d in found)}" if found else ""
        raise UserError(f"{path} holds no DriftPolicy{kinds}; the smallest is the one line `spec: {{}}`")
    return policy


def _documents(path: Path) -> list[Any]:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _TextForTimes
    try:
        return list(yaml.load_all(read_bytes(path)))
    except (YAMLError, UnicodeDecodeError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise UserError(f"{path}{where} is not YAML: {what}") from None

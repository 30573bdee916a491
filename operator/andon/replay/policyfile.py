"""Which policy is tried? The first DriftPolicy of a YAML file, or a bare spec: nothing in it has to exist."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError

from andon.api.errors import UserError, invalid
from andon.api.policy import DriftPolicySpec
from andon.replay.models import read_bytes

TARGET: Final = "replayed"
"""Name of the deployment that is played where the policy names none."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as it was read."""

    namespace: str
    name: str
    spec: DriftPolicySpec


class _TextForTimes(SafeConstructor):
    """Times stay text, as they do on their way to the API server."""


_TextForTimes.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def read(path: Path) -> Policy:
    """Raises UserError naming the file and the field."""
    document = _first_policy(path)
    spec = document.get("spec")
    spec = {} if spec is None else spec
    if isinstance(spec, dict):
        spec = {"targetRef": {"name": TARGET}} | spec
    metadata = document.get("metadata") or {}
    try:
        return Policy(
            str(metadata.get("namespace", "default")),
            str(metadata.get("name", path.stem)),
            DriftPolicySpec.model_validate(spec),
        )
    except ValidationError as error:
        raise invalid(f"{path}: spec", error) from None


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

"""What does the registry know of a version: which pipeline made it, from which data?

Asked over HTTP, as MLflow's own client would: importing that takes longer than the answer.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from andon.api.missing import Missing
from andon.explain.fetch import content, fetched

_ARTIFACTS: Final = "/api/2.0/mlflow-artifacts/artifacts/"
_FILE: Final = re.compile(rf'"(?P<base>https?://[^"]+?){_ARTIFACTS}')
_SOURCE: Final = re.compile(r"mlflow-artifacts:(?://[^/]*)?/(?P<folder>[^?#]+)")


@dataclass(frozen=True, slots=True)
class Registered:
    """One version; a field is None where nobody told. manifest: sha256 of the manifest of its data. rows: it was fitted to."""

    pipeline: str | None = None
    spec: str | None = None
    manifest: str | None = None
    rows: int | None = None
    files: int | None = None
    first: str | None = None
    last: str | None = None
    decision: str | None = None


def address_in(orders: str) -> str | None:
    """Where MLflow is, as the operator told a server: its files are below the registry's own address. orders: `slots.json`."""
    found = _FILE.search(orders)
    return found["base"] if found else None


def registered(mlflow: str, model: str, version: str) -> Registered | Missing:
    """What there is about a version, or why nothing."""
    url = f"{mlflow.rstrip('/')}/api/2.0/mlflow/model-versions/get"
    answer = fetched(url, {"name": model, "version": version})
    if isinstance(answer, Missing):
        return answer
    try:
        found = answer["model_version"]
        tags = {tag["key"]: tag["value"] for tag in found.get("tags", ())}
        folder = _SOURCE.fullmatch(found.get("source", ""))
    except (KeyError, TypeError, AttributeError):
        return Missing("Malformed", f"{url} did not answer as MLflow does. Next: check the address.")
    manifest = content(f"{mlflow.rstrip('/')}{_ARTIFACTS}{folder['folder'].rstrip('/')}/manifest.json") if folder else None
    told = _told(manifest) if isinstance(manifest, bytes) else {}
    return Registered(pipeline=tags.get("andon.pipeline"), spec=tags.get("andon.spec"), **told)


def _told(manifest: bytes) -> Mapping[str, Any]:
    """From a manifest as training writes it; of another's only that it is there."""
    known = {"manifest": f"sha256:{hashlib.sha256(manifest).hexdigest()}"}
    try:
        document = json.loads(manifest)
        time, fit = document["time"], document["split"]["fit"]
        more = {"rows": fit["rows"], "files": len(document["data"]["files"]), "first": time["first"], "last": time["last"]}
        return known | more | {"decision": document.get("decision")}
    except (ValueError, KeyError, TypeError):
        return known

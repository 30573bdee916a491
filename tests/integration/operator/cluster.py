"""The cluster as a user of one namespace sees it."""

import json
import urllib.request
from dataclasses import dataclass
from typing import Any

from andon.lab.controlplane import ControlPlane
from support.eventually import eventually


@dataclass
class Cluster:
    """The cluster as a user of one namespace sees it."""

    plane: ControlPlane
    namespace: str

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self.plane.kubectl("-n", self.namespace, *arguments, stdin=stdin)

    def apply(self, kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> None:
        self.kubectl("apply", "-f", "-", stdin=json.dumps(manifest(kind, name, spec, **metadata)))

    def get(self, kind: str, name: str) -> dict[str, Any]:
        return json.loads(self.kubectl("get", kind, name, "-o", "json", "--ignore-not-found") or "{}")

    def condition(self, kind: str, name: str, type_: str = "Ready") -> dict[str, Any]:
        conditions = self.get(kind, name).get("status", {}).get("conditions", ())
        return next((c for c in conditions if c["type"] == type_), {})

    def says(self, kind: str, name: str, reason: str, *, type_: str = "Ready", within: float = 20) -> dict[str, Any]:
        """The condition, once its reason is this one."""
        return eventually(lambda: self.condition(kind, name, type_), lambda c: c.get("reason") == reason, within=within)


def manifest(kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "andon.dev/v1alpha1", "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - an address of this test
            return bool(answer.status == 200)
    except OSError:
        return False

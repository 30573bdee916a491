"""GitOps tools as the API server sees them: what they send, how often, under whose name, with which labels of their own."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from andon.lab.crew import LabError
from integration.operator.cluster import Cluster, manifest
from integration.operator.plant import MODEL
from support.eventually import eventually

EVERY = 0.4
"""Seconds between two rounds: far more often than any of them does, so that a race has many chances."""


@dataclass(frozen=True)
class How:
    """One way to bring manifests to the cluster. command: of kubectl, which sends what the tool sends."""

    command: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    diff: tuple[str, ...] = ("diff",)


def _server_side(manager: str) -> tuple[str, ...]:
    return ("--server-side", "--force-conflicts", f"--field-manager={manager}")


_FLUX = {"kustomize.toolkit.fluxcd.io/name": "plant", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
_TRACKED = {
    "argocd.argoproj.io/tracking-id": "plant:andon.dev/ModelDeployment:plant-a/product-e",
    "argocd.argoproj.io/sync-wave": "3",
}

HOWS: Mapping[str, How] = {
    "flux": How(("apply", *_server_side("kustomize-controller")), _FLUX, diff=("diff", *_server_side("kustomize-controller"))),
    "argo-server-side": How(
        ("apply", *_server_side("argocd-controller")), annotations=_TRACKED, diff=("diff", *_server_side("argocd-controller"))
    ),
    "argo-client-side": How(("apply",), {"app.kubernetes.io/instance": "plant"}, _TRACKED),
    "argo-replace": How(("replace",), {"app.kubernetes.io/instance": "plant"}, _TRACKED),
}


class Syncer:
    """Sends its manifests round after round, whatever became of them; the newest commit counts."""

    def __init__(self, cluster: Cluster, how: How) -> None:
        self._cluster, self.how = cluster, how
        self._manifests: dict[str, Any] = {}
        self._over, self._changed = threading.Event(), threading.Lock()
        self._trouble = ""
        self.rounds = 0
        self._thread = threading.Thread(target=self._work, daemon=True)

    def commit(self, version: str, **spec: Any) -> None:
        """git says so from now on, and this much is in the cluster when it returns."""
        document = self._document(version, spec)
        with self._changed:
            if not self._manifests:
                verb = "create" if self.how.command[0] == "replace" else "apply"
                self._cluster.kubectl(verb, *self.how.command[1:], "-f", "-", stdin=json.dumps(document))
            self._manifests = document
        if not self._thread.is_alive():
            self._thread.start()
        self.goes_on(1)

    def goes_on(self, rounds: int) -> None:
        """Until it has synced so often again. A round that fails, as a replace that meets another writer may, is tried again."""
        until = self.rounds + rounds
        eventually(lambda: (self.rounds, self._trouble), lambda seen: seen[0] >= until, within=30)

    def diff(self) -> str:
        """What it would change now: nothing, if nobody fights. kubectl ends with 1 where there is a difference, which raises."""
        with self._changed:
            return self._cluster.kubectl(*self.how.diff, "-f", "-", stdin=json.dumps(self._manifests))

    def stop(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(20)

    def _document(self, version: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        whole = {"model": {"mlflow": {"name": MODEL, "version": version}}} | spec
        named = {"labels": dict(self.how.labels), "annotations": dict(self.how.annotations)}
        return manifest("ModelDeployment", MODEL, whole, namespace=self._cluster.namespace, **named)

    def _work(self) -> None:
        while not self._over.wait(EVERY):
            with self._changed:
                try:
                    self._cluster.kubectl(*self.how.command, "-f", "-", stdin=json.dumps(self._manifests))
                    self.rounds += 1
                except LabError as error:
                    self._trouble = str(error)

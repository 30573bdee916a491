"""Flagger 1.44.0 on the same cluster: built from source, run as a process, given canaries to judge, and watched.

Its Gateway API provider writes the canary's share into an HTTPRoute; nothing routes by it here. A row counts as the canary's from
the moment the route gives it a share, as with a gateway that takes no time at all.
"""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from andon.lab.gobuild import Module, Tool
from andon.lab.toolchain import binary

PEER: Final = Module(
    Path(__file__).parents[1] / "peers" / "flagger",
    (Tool("flagger", "github.com/fluxcd/flagger/cmd/flagger", 240),),
    ("-trimpath", "-ldflags=-s -w"),
    room=3 * 10**9,
    build="make bench-rollout",
)
IMAGE: Final = "bench/model:1"
NAMESPACE: Final = "bench-flagger"
_ROUTES: Final = "gateway.networking.k8s.io"
_FLAGGER: Final = "flagger.app"
_LOOK: Final = 0.1
_LIMIT: Final = 1.1
"""What Andon's margin is, too."""

# All that Flagger needs of the Gateway API; its own CRDs come from its module.
_HTTP_ROUTE: Final[dict[str, Any]] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"httproutes.{_ROUTES}", "annotations": {"api-approved.kubernetes.io": "unapproved, for a benchmark"}},
    "spec": {
        "group": _ROUTES,
        "names": {"kind": "HTTPRoute", "listKind": "HTTPRouteList", "plural": "httproutes", "singular": "httproute"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A canary at a moment. at: seconds since the epoch. share: per cent of the rows that the route gives it."""

    at: float
    phase: str
    share: int


@dataclass
class Canary:
    """One of Flagger's, and how it went: a line for every change. interval: as its spec has it once it is initialised."""

    setting: str
    scene: str
    number: int
    interval: str
    step: int
    seen: list[Seen] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of all its objects, and of its path to Prometheus."""
        return f"{self.setting}-{self.scene}" + (f"-{self.number}" if self.number else "")

    @property
    def now(self) -> Seen:
        """As it was seen last."""
        return self.at(time.time())

    def at(self, moment: float) -> Seen:
        """As it was then."""
        return next((seen for seen in reversed(self.seen) if seen.at <= moment), Seen(0.0, "", 0))

    def note(self, phase: str, share: int) -> None:
        """It is so now."""
        if (phase, share) != (self.now.phase, self.now.share):
            self.seen.append(Seen(time.time(), phase, share))


class Flagger:
    """The controller and its canaries."""

    def __init__(self, kubeconfig: str, log: Path) -> None:
        from kubernetes import config
        from kubernetes.client import CustomObjectsApi

        self._kubeconfig, self._log = kubeconfig, log
        self._objects = CustomObjectsApi(config.new_client_from_config(kubeconfig))
        self.canaries: dict[str, Canary] = {}

    @contextmanager
    def running(self, prometheus: str, port: int) -> Iterator[None]:
        """With its kinds in the cluster, until the block ends."""
        crds = PEER.source("github.com/fluxcd/flagger") / "artifacts" / "flagger" / "crd.yaml"
        self._kubectl("apply", "--server-side", "-f", str(crds))
        self.apply(_HTTP_ROUTE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        self._kubectl("wait", "--for=condition=Established", "crd", f"canaries.{_FLAGGER}", f"httproutes.{_ROUTES}")
        options = (f"-kubeconfig={self._kubeconfig}", "-mesh-provider=gatewayapi:v1", f"-metrics-server={prometheus}")
        over = threading.Event()
        watching = threading.Thread(target=self._watch, args=(over,), name="flagger", daemon=True)
        with self._log.open("wb") as output:
            command = [str(PEER.binary("flagger")), *options, f"-port={port}", "-log-level=info"]
            child = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            watching.start()
            yield
        finally:
            over.set()
            child.terminate()
            child.wait(timeout=20)

    def apply(self, *documents: dict[str, Any]) -> None:
        """As an engineer would. Raises CalledProcessError with what kubectl said."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)})
        self._kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=text)

    def add(self, canary: Canary, prometheus: str) -> None:
        """A Deployment of the first version, and a canary that takes 10 s between its looks until it is initialised."""
        self.canaries[canary.name] = canary
        self.apply(_deployment(canary.name, "1", 1.0), _template(canary.name, prometheus), _canary(canary, "10s"))

    def set_interval(self, canary: Canary) -> None:
        """From now on its own."""
        self.apply(_canary(canary, canary.interval))

    def release(self, canary: Canary, version: str, error_ratio: float) -> None:
        """A new version of what it looks after. error_ratio: its error in the first version's, true from its first second."""
        self.apply(_deployment(canary.name, version, error_ratio))

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(_LOOK):
            routes = {route["metadata"]["name"]: _share(route) for route in self._list(_ROUTES, "v1", "httproutes")}
            for found in self._list(_FLAGGER, "v1beta1", "canaries"):
                name = found["metadata"]["name"]
                if name in self.canaries:
                    self.canaries[name].note(found.get("status", {}).get("phase", ""), routes.get(name, 0))

    def _list(self, group: str, version: str, plural: str) -> list[dict[str, Any]]:
        found: dict[str, Any] = self._objects.list_namespaced_custom_object(group, version, NAMESPACE, plural)
        return list(found["items"])

    def _kubectl(self, *arguments: str, given: str | None = None) -> None:
        command = [str(binary("kubectl")), f"--kubeconfig={self._kubeconfig}", *arguments]
        ran = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=False)
        if ran.returncode != 0:
            raise RuntimeError(f"kubectl {arguments[0]}: {ran.stderr.strip()}")


def _share(route: dict[str, Any]) -> int:
    """The canary's, of one HTTPRoute."""
    backends = [backend for rule in route["spec"]["rules"] for backend in rule.get("backendRefs", ())]
    return sum(int(backend.get("weight", 0)) for backend in backends if backend["name"].endswith("-canary"))


def _deployment(name: str, version: str, error_ratio: float) -> dict[str, Any]:
    container = {
        "name": "model",
        "image": IMAGE,
        "env": [
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "VERSION", "value": version},
            {"name": "ERROR_RATIO", "value": str(error_ratio)},
        ],
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
    }
    scraped = {"prometheus.io/scrape": "true", "prometheus.io/port": "8080", "prometheus.io/path": "/metrics"}
    template = {"metadata": {"labels": {"app": name}, "annotations": scraped}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"app": name}},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
    }


def _template(name: str, prometheus: str) -> dict[str, Any]:
    """The pods of the canary and of no other revision, as Flagger's documentation writes it."""
    query = 'bench_error_ratio{namespace="{{ namespace }}", pod=~"{{ target }}-[0-9a-zA-Z]+-[0-9a-zA-Z]+"}'
    return {
        "apiVersion": f"{_FLAGGER}/v1beta1",
        "kind": "MetricTemplate",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"provider": {"type": "prometheus", "address": prometheus}, "query": query},
    }


def _canary(canary: Canary, interval: str) -> dict[str, Any]:
    metric = {"name": "error-ratio", "templateRef": {"name": canary.name}, "thresholdRange": {"max": _LIMIT}, "interval": "1m"}
    analysis = {"interval": interval, "threshold": 1, "maxWeight": 100, "stepWeight": canary.step, "metrics": [metric]}
    service = {"port": 8080, "gatewayRefs": [{"name": "gateway", "namespace": NAMESPACE}]}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": canary.name}
    return {
        "apiVersion": f"{_FLAGGER}/v1beta1",
        "kind": "Canary",
        "metadata": {"name": canary.name, "namespace": NAMESPACE},
        "spec": {"targetRef": target, "service": service, "analysis": analysis},
    }

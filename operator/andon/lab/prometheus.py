"""Prometheus, finding pods by the annotations ``prometheus.io/scrape``, ``/port`` and ``/path``."""

from pathlib import Path
from typing import Any, Final

import yaml

from andon.lab.controlplane import ControlPlane, answers
from andon.lab.crew import Component
from andon.lab.processes import Command
from andon.lab.toolchain import binary

_USER: Final = "lab-prometheus"
_ANNOTATION: Final = "__meta_kubernetes_pod_annotation_prometheus_io_"

# What every Prometheus in a cluster may do, and no more.
_RBAC: Final = "rbac.authorization.k8s.io"
_ROLE: Final[dict[str, Any]] = {
    "apiVersion": f"{_RBAC}/v1",
    "kind": "ClusterRole",
    "metadata": {"name": _USER},
    "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}],
}
_BINDING: Final[dict[str, Any]] = {
    "apiVersion": f"{_RBAC}/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": _USER},
    "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": _USER},
    "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": _USER}],
}


class Prometheus:
    """The metrics of one lab. scrape: how often, as Prometheus writes it (``2s``, ``500ms``)."""

    def __init__(self, plane: ControlPlane, scrape: str = "2s") -> None:
        self._plane = plane
        self._folder = plane.folder / "prometheus"
        self._scrape = scrape
        self.url = f"http://{plane.network.control}:9090"

    def component(self) -> Component:
        """Ready when it answers queries; targets follow as pods appear."""
        return Component("prometheus", self._command, lambda: answers(f"{self.url}/-/ready"), needs=("kube-apiserver",))

    def _command(self) -> Command:
        self._folder.mkdir(exist_ok=True)
        kubeconfig = self._plane.identity("prometheus", _USER)
        self._plane.apply(f"/apis/{_RBAC}/v1/clusterroles/{_USER}", _ROLE)
        self._plane.apply(f"/apis/{_RBAC}/v1/clusterrolebindings/{_USER}", _BINDING)
        config = self._folder / "prometheus.yaml"
        config.write_text(yaml.safe_dump(configuration(kubeconfig, self._scrape), sort_keys=False))
        options = {
            "config.file": config,
            "storage.tsdb.path": self._folder / "data",
            "storage.tsdb.retention.time": "2d",
            "web.listen-address": self.url.removeprefix("http://"),
            "log.level": "warn",
        }
        return Command((binary("prometheus"), *(f"--{key}={value}" for key, value in options.items())), address=self.url)


def configuration(kubeconfig: Path, scrape: str) -> dict[str, Any]:
    """The configuration file. ``honor_labels``: the runtimes say ``namespace`` themselves, and mean the object's."""
    pods = {
        "job_name": "pods",
        "honor_labels": True,
        "kubernetes_sd_configs": [{"role": "pod", "kubeconfig_file": str(kubeconfig)}],
        "relabel_configs": [
            {"source_labels": [f"{_ANNOTATION}scrape"], "regex": "true", "action": "keep"},
            {"source_labels": ["__meta_kubernetes_pod_phase"], "regex": "Running", "action": "keep"},
            {"source_labels": [f"{_ANNOTATION}path"], "regex": "(.+)", "target_label": "__metrics_path__"},
            {
                "source_labels": ["__meta_kubernetes_pod_ip", f"{_ANNOTATION}port"],
                "separator": ":",
                "regex": r"(.+:\d+)",
                "target_label": "__address__",
            },
            {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
            {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
            {"source_labels": ["__meta_kubernetes_pod_node_name"], "target_label": "node"},
        ],
    }
    return {"global": {"scrape_interval": scrape, "scrape_timeout": scrape}, "scrape_configs": [pods]}

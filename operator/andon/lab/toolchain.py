"""Which real programs the lab runs: found in ``KUBEBUILDER_ASSETS``, else built once per machine (``gobuild``).

Another program of the lab is one line in ``TOOLS`` and one ``tool`` line in toolchain/go.mod.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from andon.lab.gobuild import Module, Tool, ToolchainError
from andon.lab.progress import Progress

MODULE: Final = Path(__file__).parent / "toolchain"

TOOLS: Final = (
    Tool("etcd", "go.etcd.io/etcd/server/v3", 77),
    Tool("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver", 285),
    Tool("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager", 90),
    Tool("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler", 10),
    Tool("kubectl", "k8s.io/kubernetes/cmd/kubectl", 33),
    Tool("prometheus", "github.com/prometheus/prometheus/cmd/prometheus", 135),
    Tool("helm", "helm.sh/helm/v4/cmd/helm", 41),
    Tool("mqtt-broker", "github.com/mochi-mqtt/server/v2/cmd", 5),
)

# Unlinked, the API server calls itself v0.0.0-master+$Format, which version checks refuse; Prometheus has no version at all.
_KUBERNETES: Final = "k8s.io/component-base/version"
_VERSION: Final = {
    f"{_KUBERNETES}.gitVersion": "v1.36.3",
    f"{_KUBERNETES}.gitMajor": "1",
    f"{_KUBERNETES}.gitMinor": "36",
    f"{_KUBERNETES}.gitTreeState": "clean",
    "github.com/prometheus/common/version.Version": "3.13.3",
}
_FLAGS: Final = (
    "-trimpath",
    "-tags=remove_all_sd,enable_kubernetes_sd,enable_file_sd",
    "-ldflags=-s -w " + " ".join(f"-X {key}={value}" for key, value in _VERSION.items()),
)
_LAB: Final = Module(MODULE, TOOLS, _FLAGS, room=7 * 10**9, build="python -m andon.lab.toolchain")


def binary(name: str) -> Path:
    """The program of this name. Raises ToolchainError when it is neither given nor built."""
    return _LAB.binary(name)


def ensure(progress: Progress | None = None) -> None:
    """Build what is missing; at once when nothing is. Raises ToolchainError in one line, for Ctrl-C too."""
    _LAB.ensure(progress)


def link(folder: Path) -> None:
    """Put kubectl into this folder: where `andon` can be typed, so can the kubectl that fits the lab."""
    there = folder / "kubectl"
    there.unlink(missing_ok=True)
    there.symlink_to(binary("kubectl"))


def main(folders: Sequence[str] = ()) -> int:
    """`python -m andon.lab.toolchain [FOLDER]`: build what is missing, kubectl goes into FOLDER. 1: one line says why not."""
    try:
        ensure()
        for folder in folders:
            link(Path(folder))
    except ToolchainError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

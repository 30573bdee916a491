"""The chart, rendered by the real Helm and installed in the lab's control plane."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from andon.lab.controlplane import ControlPlane
from andon.lab.toolchain import binary

CHART = Path(__file__).resolve().parents[3] / "charts" / "andon"
NAMESPACE = "andon-system"

Manifest = dict[str, Any]
Helm = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """Runs helm, with nothing of the user's in reach."""
    home = str(tmp_path_factory.mktemp("helm"))
    environment = {"HOME": home, "HELM_CACHE_HOME": home, "HELM_CONFIG_HOME": home, "HELM_DATA_HOME": home}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [binary("helm"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)

    return run


@pytest.fixture(scope="session")
def render(helm: Helm) -> Callable[..., list[Manifest]]:
    """The objects of the chart with the values of its ci/ folder and more ``--set`` beside."""

    def run(*settings: str) -> list[Manifest]:
        more = [word for setting in settings for word in ("--set", setting)]
        done = helm("template", "andon", str(CHART), "-n", NAMESPACE, "-f", str(CHART / "ci" / "lab-values.yaml"), *more)
        assert done.returncode == 0, done.stderr
        return [document for document in YAML(typ="safe", pure=True).load_all(done.stdout) if document]

    return run


@pytest.fixture(scope="module")
def installed(helm: Helm, control_plane: ControlPlane) -> Iterator[ControlPlane]:
    """A cluster with the chart installed by Helm itself, which takes over the CRDs that kubectl applied, and keeps them."""
    control_plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CHART / "files" / "crds"))
    where = ["-n", NAMESPACE, "--kubeconfig", str(control_plane.kubeconfig)]
    options = ["--create-namespace", "--take-ownership", "-f", str(CHART / "ci" / "lab-values.yaml")]
    done = helm("install", "andon", str(CHART), *where, *options)
    assert done.returncode == 0, done.stderr
    yield control_plane
    done = helm("uninstall", "andon", *where)
    assert done.returncode == 0, done.stderr

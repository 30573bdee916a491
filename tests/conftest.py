"""Fixtures for every test: the lab's real control plane and registry, each started once and only if a test asks for it."""

import signal
from collections.abc import Iterator

import pytest

from andon.lab import toolchain
from andon.lab.controlplane import ControlPlane
from andon.lab.crew import Crew
from andon.lab.network import Claim
from andon.lab.registry import Registry


def pytest_configure() -> None:
    """A run in the background (`make test &`) is deaf to Ctrl-C, and so would be everything that tests start and interrupt."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build the programs before the first test: its time-out is for the test, not for a compiler."""
    if any("control_plane" in getattr(item, "fixturenames", ()) for item in session.items):
        toolchain.ensure()


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """etcd, API server, controller manager and scheduler, with an administrator's kubeconfig, client and kubectl."""
    folder = tmp_path_factory.mktemp("control-plane")
    claim = Claim.take()
    plane = ControlPlane(folder, claim.network)
    crew = Crew(plane.components(), folder)
    try:
        crew.start()
        yield plane
    finally:
        crew.stop()
        claim.release()


@pytest.fixture(scope="session")
def mlflow_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the lab's MLflow server. It takes half a minute where nothing is compiled yet: give its tests that time."""
    folder = tmp_path_factory.mktemp("registry")
    claim = Claim.take()
    registry = Registry(folder, claim.network)
    crew = Crew([registry.component()], folder)
    try:
        crew.start()
        yield registry.url
    finally:
        crew.stop()
        claim.release()

"""Services of the lab beside the session's control plane, each started by the tests of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from andon.lab.crew import Component, Crew
from andon.lab.gitserver import GitServer
from andon.lab.network import Claim, Network
from support.engineer import Engineer

Run = Callable[..., Crew]


@pytest.fixture
def network() -> Iterator[Network]:
    """A network of this test's own."""
    claim = Claim.take()
    yield claim.network
    claim.release()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Runs components until the test is over."""
    crews: list[Crew] = []

    def start(*components: Component) -> Crew:
        crews.append(Crew(components, tmp_path))
        crews[-1].start()
        return crews[-1]

    yield start
    for crew in reversed(crews):
        crew.stop()


@pytest.fixture
def git_server(tmp_path: Path, network: Network, run: Run) -> GitServer:
    """A git server with one repository, `plant`, holding one file."""
    seed = tmp_path / "seed"
    seed.mkdir()
    (seed / "README.md").write_text("A plant.\n")
    server = GitServer(tmp_path, network)
    server.create("plant", seed)
    run(server.component())
    return server


@pytest.fixture
def engineer(tmp_path: Path, git_server: GitServer) -> Engineer:
    """Somebody with a clone of `plant`."""
    return Engineer(tmp_path / "clone", git_server.url("plant"))

"""What git remembers of rollbacks, read from a real repository, beside everything else that was pushed."""

from dataclasses import replace

import pytest

from andon.api import config
from andon.api.decision import rollback_id
from andon.api.missing import Missing
from andon.ports.git.repository import GitRepository
from andon.ports.git.writeback import Committed
from integration.ports.test_repository import intent
from support.gitremote import Remote, manifest, served

ONE, TWO = (f"sha256:{n:064x}" for n in (1, 2))


@pytest.fixture
def remote(tmp_path):
    remote = Remote(tmp_path)
    remote.push({"plant-a/reactor.yaml": manifest("2"), "plant-a/boiler.yaml": manifest("2", "boiler")})
    return remote


@pytest.fixture
async def repository(tmp_path):
    repository = GitRepository(tmp_path / "cache", timeout=10)
    yield repository
    await repository.close()


def rollback(url, name="reactor"):
    """As the committer tells it."""
    decision = rollback_id("plant-a", name, TWO, ONE, None)
    said = (("Andon-From", f"2 {TWO}"), ("Andon-To", f"1 {ONE}"))
    return replace(intent(url, name, decision), trailers=said)


def entry(url) -> config.Repository:
    return intent(url).repository


async def test_what_was_committed_is_remembered_by_a_repository_that_was_cloned_anew(remote, repository, tmp_path):
    with served(remote.bare.parent) as address:
        url = f"{address}/plant.git"
        assert await repository.convictions(entry(url), "plant-a", "reactor") == ()
        assert isinstance(await repository.write_back(rollback(url)), Committed)
        remote.push({"plant-a/reactor.yaml": manifest("2")}, "by hand, again")
        later = GitRepository(tmp_path / "another", timeout=10)
        (said,) = await later.convictions(entry(url), "plant-a", "reactor")
        assert (said.version, said.digest, said.decision) == ("2", TWO, rollback(url).decision)
        assert await later.convictions(entry(url), "plant-a", "boiler") == ()
        await later.close()


async def test_a_repository_that_cannot_be_read_says_nothing_rather_than_that_all_is_well(repository):
    said = await repository.convictions(entry("http://127.0.0.1:1/plant.git"), "plant-a", "reactor")
    assert isinstance(said, Missing)
    assert said.reason == "Unreachable"

"""Over SSH: with a key that is a file, to a host that is known."""

from dataclasses import replace

import pytest

from andon.ports.git.repository import GitRepository
from andon.ports.git.writeback import Committed
from andon.ports.missing import Missing
from integration.ports.keys import secret, spilled, ssh_key
from integration.ports.test_repository import FILE, intent
from support.gitremote import Remote, manifest
from support.sshgit import ssh_served


@pytest.fixture
def remote(tmp_path):
    remote = Remote(tmp_path)
    remote.push({FILE: manifest("2")})
    return remote


@pytest.fixture
async def repository(tmp_path):
    repository = GitRepository(tmp_path / "cache", timeout=20, secrets=tmp_path / "secrets")
    yield repository
    await repository.close()


def over(url, known_hosts):
    made = intent("file:///nowhere")
    changed = {"url": f"{url}/plant.git", "credentials_secret": "deploy-key", "known_hosts": known_hosts}
    return replace(made, repository=made.repository.model_copy(update=changed))


async def test_a_decision_is_pushed_with_the_key_of_the_secret(remote, repository, tmp_path):
    private, public = ssh_key(tmp_path / "keys")
    secret(tmp_path / "secrets", "deploy-key", ssh_privatekey=private)
    async with ssh_served(remote.bare.parent, public) as (url, known):
        assert await repository.write_back(over(url, known)) == Committed(remote.tip)
    assert remote.show(f"main:{FILE}") == manifest("1")
    assert not spilled(private.splitlines()[1], tmp_path / "cache")


async def test_a_host_with_another_key_is_not_talked_to(remote, repository, tmp_path):
    private, public = ssh_key(tmp_path / "keys")
    _, elsewhere = ssh_key(tmp_path / "keys", "elsewhere")
    secret(tmp_path / "secrets", "deploy-key", ssh_privatekey=private)
    async with ssh_served(remote.bare.parent, public) as (url, known):
        outcome = await repository.write_back(over(url, f"{known.split()[0]} {elsewhere}"))
    assert isinstance(outcome, Missing)
    assert outcome.reason == "Unreachable"
    assert "Host key verification failed" in outcome.detail


async def test_a_key_that_the_server_does_not_know_is_said_so(remote, repository, tmp_path):
    private, _ = ssh_key(tmp_path / "keys")
    _, public = ssh_key(tmp_path / "keys", "another")
    secret(tmp_path / "secrets", "deploy-key", ssh_privatekey=private)
    async with ssh_served(remote.bare.parent, public) as (url, known):
        outcome = await repository.write_back(over(url, known))
    assert isinstance(outcome, Missing)
    assert "Permission denied" in outcome.detail

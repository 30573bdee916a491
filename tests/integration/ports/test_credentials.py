"""git proves who it is, and nobody else learns how."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from andon.api import config
from andon.controllers.committer import Committer
from andon.core.deployment.decisions import GitTask
from andon.ports.git.repository import GitRepository
from andon.ports.git.writeback import Committed
from andon.ports.missing import Missing
from integration.ports.keys import secret, spilled
from integration.ports.test_repository import FILE, intent
from support.descendants import descendants
from support.gitremote import Remote, manifest, served
from support.odd import answering, nobody
from unit.controllers.test_committer import DECISION, KEY

PASSWORD = "s3cret/+wört"


@pytest.fixture
def remote(tmp_path):
    remote = Remote(tmp_path)
    remote.push({FILE: manifest("2")})
    return remote


@pytest.fixture
async def repository(tmp_path):
    secrets = secret(tmp_path / "secrets", "plant-git", username="andon", password=PASSWORD)
    repository = GitRepository(tmp_path / "cache", timeout=10, secrets=secret(secrets, "plant-token", token=PASSWORD))
    yield repository
    await repository.close()


def with_secret(url, name="plant-git"):
    made = intent(url)
    return replace(made, repository=made.repository.model_copy(update={"credentials_secret": name}))


@pytest.mark.parametrize(("name", "user"), [("plant-git", "andon"), ("plant-token", "x-access-token")])
async def test_a_server_that_asks_is_told_by_the_askpass_program(remote, repository, name, user):
    with served(remote.bare.parent, user=f"{user}:{PASSWORD}") as address:
        refused = await repository.write_back(intent(f"{address}/plant.git"))
        assert (refused.reason, "credentials" in refused.detail) == ("Unreachable", True)
        assert await repository.write_back(with_secret(f"{address}/plant.git", name)) == Committed(remote.tip)


async def test_a_secret_that_is_not_mounted_is_named(remote, repository):
    outcome = await repository.write_back(with_secret(remote.url, "forgotten"))
    assert isinstance(outcome, Missing)
    assert "Secret forgotten is not there or has no password or token" in outcome.detail


async def test_the_password_is_in_no_argument_environment_file_or_message(remote, repository, tmp_path):
    """The server quotes it, too: of what it says, the password is left out."""
    remote.hook("pre-receive", f"cat > /dev/null; sleep 0.5; echo 'not with {PASSWORD}, please'; exit 1")
    with served(remote.bare.parent, user=f"andon:{PASSWORD}") as address:
        seen, telling = set(), asyncio.create_task(repository.write_back(with_secret(f"{address}/plant.git")))
        while not telling.done():
            seen |= {text for pid in descendants(os.getpid()) for text in known_of(pid)}
            await asyncio.sleep(0.005)
        outcome = telling.result()
    assert "not with ***, please" in outcome.detail
    assert any(b"git-remote-http" in text for text in seen)
    assert not [text for text in seen if PASSWORD.encode() in text]
    assert not spilled(PASSWORD, tmp_path / "cache")


async def test_the_password_is_in_no_log_status_or_event(remote, repository, caplog):
    """All three are made of what the committer says came of it."""
    caplog.set_level("DEBUG")
    remote.push({"plant-a/product-e.yaml": manifest("2", "product-e")})
    remote.hook("pre-receive", f"cat > /dev/null; echo 'not with {PASSWORD}, please'; exit 1")
    said = asyncio.Event()
    committer = Committer(repository, lambda _: said.set())
    with served(remote.bare.parent, user=f"andon:{PASSWORD}") as address:
        committer.start(KEY, GitTask(DECISION, "plant"), with_secret(f"{address}/plant.git").repository)
        async with asyncio.timeout(20):
            await said.wait()
        outcome = committer.outcomes(KEY)[DECISION.id]
        await committer.close()
    assert (outcome.state, "not with ***, please" in outcome.message) == ("Away", True)
    assert "not with ***, please" in caplog.text
    assert PASSWORD not in caplog.text


def known_of(pid):
    """What anybody on the machine can read of a process of ours; not of the server's, which are told by their folder."""
    try:
        read = [Path(f"/proc/{pid}/{what}").read_bytes() for what in ("cmdline", "environ")]
    except OSError:
        return []
    return read if b"GIT_ALLOW_PROTOCOL" in read[1] else []


async def test_a_redirect_to_another_host_gets_neither_an_answer_nor_the_password(repository):
    with nobody() as elsewhere:
        async with answering("302 Found\r\nLocation: " + elsewhere, b"") as (address, asked):
            outcome = await repository.write_back(with_secret(f"{address}/plant.git"))
    assert outcome.reason == "Unreachable"
    assert not [request for request in asked if "Authorization" in request]


async def test_git_away_is_missing(repository):
    with nobody() as address:
        outcome = await repository.write_back(with_secret(f"{address}/plant.git"))
        probed = await repository.probe(with_secret(f"{address}/plant.git").repository)
    assert outcome.reason == probed.reason == "Unreachable"


async def test_an_address_is_sent_as_it_is_written(repository, monkeypatch):
    monkeypatch.setenv("TOKEN", PASSWORD)
    async with answering("404 Not Found", b"") as (address, asked):
        await repository.write_back(intent(f"{address}/$TOKEN/~/plant.git"))
    assert asked[0].startswith("GET /$TOKEN/~/plant.git/info/refs")


@pytest.mark.parametrize("url", ["ext::sh -c id", "--upload-pack=id", "git://git/plant.git", "https://git/a b", "plant.git"])
def test_an_address_of_another_protocol_is_refused(url):
    with pytest.raises(ValidationError):
        config.Repository.model_validate({"name": "plant", "url": url})


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"url": "https://andon:s3cret@git/plant.git"}, "credentialsSecret"),
        ({"url": "https://s3cret@git/plant.git"}, "credentialsSecret"),
        ({"url": "ssh://git:s3cret@git/plant.git", "knownHosts": "x", "credentialsSecret": "x"}, "credentialsSecret"),
        ({"url": "ssh://git@git/plant.git", "credentialsSecret": "x"}, "knownHosts"),
        ({"url": "ssh://git@git/plant.git", "knownHosts": "x"}, "credentialsSecret"),
    ],
)
def test_an_entry_with_a_secret_in_its_address_or_a_host_nobody_knows_is_refused(entry, says):
    with pytest.raises(ValidationError) as refused:
        config.Repository.model_validate({"name": "plant", **entry})
    message = refused.value.errors()[0]["msg"]
    assert says in message
    assert "s3cret" not in message

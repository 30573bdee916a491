"""Why a commit would fail is said before one is needed, and nothing is written to find it out."""

import asyncio

import pytest

from andon.api.decision import WriteBackMode
from andon.ports.git.repository import GitRepository
from andon.ports.git.writeback import Committed, Refused
from andon.ports.missing import Missing
from andon.ports.splice import ObjectRef
from integration.ports.keys import secret, ssh_key
from integration.ports.test_repository import FILE, intent
from support.gitremote import Remote, manifest, served

REACTOR = ObjectRef("andon.dev/v1alpha1", "ModelDeployment", "plant-a", "reactor")
LINE = "spec.model.mlflow.version"


@pytest.fixture
def remote(tmp_path):
    remote = Remote(tmp_path)
    remote.push({FILE: manifest("2"), "plant-a/b.yaml": manifest("{{ v }}", "b")})
    return remote


@pytest.fixture
async def repository(tmp_path):
    repository = GitRepository(tmp_path / "cache", timeout=10, secrets=tmp_path / "secrets")
    yield repository
    await repository.close()


def entry(url, **changes):
    return intent(url).repository.model_copy(update=changes)


async def test_where_nothing_is_in_the_way_there_is_nothing_to_say_and_nothing_is_pushed(remote, repository, tmp_path):
    private, _ = ssh_key(tmp_path / "keys")
    secret(tmp_path / "secrets", "signing", ssh_privatekey=private)
    tip = remote.tip
    with served(remote.bare.parent) as address:
        found = await repository.preflight(entry(f"{address}/plant.git", signing_key="signing"), REACTOR, LINE)
    assert (found, remote.tip) == (None, tip)


async def test_a_right_to_push_that_is_missing_is_found(remote, repository):
    remote.git("config", "http.receivepack", "false", at=remote.bare)
    with served(remote.bare.parent) as address:
        found = await repository.preflight(entry(f"{address}/plant.git"), REACTOR, LINE)
    assert isinstance(found, Missing)
    assert (found.reason, "cannot push" in found.detail) == ("Refused", True)


async def test_what_waits_for_a_person_needs_no_right_to_push_to_the_branch_itself(remote, repository):
    remote.git("config", "receive.hideRefs", "refs/heads/main", at=remote.bare)
    committed, proposed = await asyncio.gather(
        repository.preflight(entry(remote.url), REACTOR, LINE),
        repository.preflight(entry(remote.url), REACTOR, LINE, WriteBackMode.PULL_REQUEST),
    )
    assert (isinstance(committed, Missing), proposed) == (True, None)
    assert remote.git("for-each-ref", "--format=%(refname)", at=remote.bare).split() == ["refs/heads/main"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"branch": "production"}, "branch production", id="no branch"),
        pytest.param({"signing_key": "signing"}, "Secret signing", id="no key to sign with"),
        pytest.param({"credentials_secret": "deploy"}, "Secret deploy", id="no credentials"),
    ],
)
async def test_what_the_configuration_lacks_is_named(remote, repository, change, says):
    found = await repository.preflight(entry(remote.url, **change), REACTOR, LINE)
    assert isinstance(found, Missing)
    assert says in found.detail


async def test_what_git_said_ends_as_one_sentence(remote, repository):
    found = await repository.preflight(entry(f"{remote.url}/elsewhere"), REACTOR, LINE)
    assert isinstance(found, Missing)
    assert "the repository exists. Next: " in found.detail


async def test_a_line_that_is_not_ours_is_refused_with_its_place(remote, repository):
    found = await repository.preflight(
        entry(remote.url), ObjectRef("andon.dev/v1alpha1", "ModelDeployment", "plant-a", "b"), LINE
    )
    assert isinstance(found, Refused)
    assert (found.reason, "plant-a/b.yaml:8" in found.message) == ("Templated", True)


async def test_what_changed_in_git_is_seen_when_it_is_asked_again(remote, repository):
    assert await repository.preflight(entry(remote.url), REACTOR, LINE) is None
    remote.push({FILE: manifest("{{ v }}")})
    assert await repository.preflight(entry(remote.url), REACTOR, LINE) is not None


async def test_a_rollback_of_the_same_moment_is_no_trouble_for_the_rehearsal(remote, repository):
    remote.push({"plant-a/c.yaml": manifest("2", "c")})
    back = intent(remote.url, "c", "d-c")
    rolled, found = await asyncio.gather(
        repository.write_back(back), repository.preflight(back.repository, REACTOR, LINE), return_exceptions=True
    )
    assert (rolled, found) == (Committed(remote.tip), None)

"""A repository that is large: only what is looked at is fetched, all of the history's commits, and never a part of them."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from andon.ports.git.repository import GitRepository
from andon.ports.git.writeback import AlreadySo, Committed
from integration.ports.keys import secret, ssh_key
from integration.ports.test_repository import FILE, intent
from integration.ports.test_ssh import over
from support.gitremote import Remote, manifest, served
from support.sshgit import ssh_served

MODEL = os.urandom(2_000_000)


@pytest.fixture
def remote(tmp_path):
    remote = Remote(tmp_path)
    remote.push({"other/model.onnx": MODEL, "plant-a/readme.bin": MODEL, "elsewhere/big.yaml": "a: 1\n" * 200_000})
    remote.push({FILE: manifest("2"), "plant-a/b.yaml": manifest("2", "b")})
    return remote


@pytest.fixture
async def repository(tmp_path):
    repository = GitRepository(tmp_path / "cache", timeout=20)
    yield repository
    await repository.close()


def cache(folder: Path):
    (found,) = (folder / "cache").glob("*.git")
    return found


def size(folder: Path):
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def git(folder, *arguments):
    done = subprocess.run(["git", f"--git-dir={folder}", *arguments], capture_output=True, text=True, timeout=30, check=False)
    return done.stdout.split()


async def test_of_files_only_the_yaml_of_the_folder_is_fetched_and_of_commits_all(remote, repository, tmp_path):
    with served(remote.bare.parent) as address:
        assert await repository.write_back(intent(f"{address}/plant.git")) == Committed(remote.tip)
    assert size(cache(tmp_path)) < 200_000
    missing = git(cache(tmp_path), "rev-list", "--objects", "--missing=print", "refs/andon/tip")
    assert sum(line.startswith("?") for line in missing) == 2  # the model, once for two names, and the big file elsewhere
    assert len(git(cache(tmp_path), "rev-list", "refs/andon/tip")) == 2
    assert "shallow" not in {path.name for path in cache(tmp_path).iterdir()}
    assert remote.show(f"main:{FILE}") == manifest("1")
    remote.git("fsck", "--strict", at=remote.bare)


async def test_a_server_that_leaves_nothing_out_gives_everything(remote, repository):
    remote.git("config", "uploadpack.allowFilter", "false", at=remote.bare)
    with served(remote.bare.parent) as address:
        assert await repository.write_back(intent(f"{address}/plant.git")) == Committed(remote.tip)
        assert isinstance(await repository.write_back(intent(f"{address}/plant.git", "b", "d-b")), Committed)


async def test_a_server_that_cannot_give_single_files_is_asked_for_everything(remote, tmp_path):
    private, public = ssh_key(tmp_path / "keys")
    secret(tmp_path / "secrets", "deploy-key", ssh_privatekey=private)
    repository = GitRepository(tmp_path / "cache", timeout=20, secrets=tmp_path / "secrets")
    async with ssh_served(remote.bare.parent, public, old=True) as (url, known):
        assert await repository.write_back(over(url, known)) == Committed(remote.tip)
    await repository.close()
    assert size(cache(tmp_path)) > len(MODEL)


async def test_what_others_add_to_the_folder_later_is_fetched_then(remote, repository):
    with served(remote.bare.parent) as address:
        url = f"{address}/plant.git"
        await repository.write_back(intent(url))
        remote.push({f"plant-a/{name}.yaml": manifest("2", name) for name in ("c", "d")})
        outcomes = await asyncio.gather(*(repository.write_back(intent(url, name, f"d-{name}")) for name in ("c", "d")))
        assert all(isinstance(outcome, Committed) for outcome in outcomes)
        assert isinstance(await repository.write_back(intent(url, "c", "d-c")), AlreadySo)

"""A commit that is signed can be verified by whoever has the public key."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from andon.ports.git.repository import GitRepository
from andon.ports.git.writeback import Committed
from andon.ports.missing import Missing
from integration.ports.keys import secret, spilled, ssh_key
from integration.ports.test_repository import FILE, intent
from support.gitremote import Remote, manifest


@pytest.fixture
def remote(tmp_path):
    remote = Remote(tmp_path)
    remote.push({FILE: manifest("2"), "plant-a/b.yaml": manifest("2", "b")})
    return remote


@pytest.fixture
async def repository(tmp_path):
    repository = GitRepository(tmp_path / "c", timeout=20, secrets=tmp_path / "secrets")
    yield repository
    await repository.close()


def signed(url, *rest, key="signing"):
    made = intent(url, *rest)
    changed = {"signing_key": key, "author": "Andon <andon@plant>", "committer": "Andon Bot <bot@plant>"}
    return replace(made, repository=made.repository.model_copy(update=changed))


def verified(remote, *settings, **around):
    """What `git verify-commit` says of the tip, and its exit code."""
    command = ["git", "-C", str(remote.bare), *settings, "verify-commit", "--verbose", "main"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(remote.bare), "LC_ALL": "C", **around}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stderr


async def test_a_commit_signed_with_ssh_is_verified_by_the_public_key_and_by_no_other(remote, repository, tmp_path):
    private, public = ssh_key(tmp_path / "keys")
    _, stranger = ssh_key(tmp_path / "keys", "stranger")
    secret(tmp_path / "secrets", "signing", ssh_privatekey=private)
    assert await repository.write_back(signed(remote.url)) == Committed(remote.tip)
    for key, code in ((public, 0), (stranger, 1)):
        signers = tmp_path / "allowed"
        signers.write_text(f"bot@plant {key}\n")
        assert verified(remote, "-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={signers}")[0] == code
    people = remote.git("log", "-1", "--format=%an <%ae> %cn <%ce>", "main", at=remote.bare).strip()
    assert people == "Andon <andon@plant> Andon Bot <bot@plant>"
    assert not spilled(private.splitlines()[1], tmp_path / "c")
    remote.git("fsck", "--strict", at=remote.bare)


async def test_a_commit_signed_with_gpg_is_verified_and_no_agent_is_left(remote, repository, tmp_path):
    private, home = gpg_key()
    before = agents()
    secret(tmp_path / "secrets", "signing", gpg_privatekey=private)
    assert await repository.write_back(signed(remote.url)) == Committed(remote.tip)
    await repository.close()
    code, said = verified(remote, GNUPGHOME=str(home))
    assert code == 0
    assert 'Good signature from "Andon Bot <bot@plant>"' in said
    assert agents() == before
    no_agent(home)


def no_agent(home):
    subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, "GNUPGHOME": str(home)}, check=True, timeout=30)
    shutil.rmtree(home)


def gpg_key():
    """A new key in a throw-away home: its armoured private text, and the home."""
    home = Path(tempfile.mkdtemp(prefix="gpg-"))
    around = {**os.environ, "GNUPGHOME": str(home)}
    quick = [
        "gpg",
        "--batch",
        "--quiet",
        "--passphrase",
        "",
        "--quick-gen-key",
        "Andon Bot <bot@plant>",
        "ed25519",
        "sign",
        "never",
    ]
    subprocess.run(quick, env=around, check=True, capture_output=True, timeout=60)
    exported = subprocess.run(["gpg", "--batch", "--armor", "--export-secret-keys"], env=around, capture_output=True, check=True)
    return exported.stdout.decode(), home


def agents():
    """Keyrings of the operator's that have an agent, wherever it hangs in the tree of processes."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return {line for line in listed.splitlines() if "gpg-agent" in line and "/andon-" in line}


async def test_several_decisions_are_each_signed(remote, repository, tmp_path):
    private, public = ssh_key(tmp_path / "keys")
    secret(tmp_path / "secrets", "signing", ssh_privatekey=private)
    outcomes = await asyncio.gather(*(repository.write_back(signed(remote.url, *who)) for who in ((), ("b", "d-b"))))
    assert all(isinstance(outcome, Committed) for outcome in outcomes)
    (tmp_path / "allowed").write_text(f"bot@plant {public}\n")
    settings = ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={tmp_path / 'allowed'}")
    assert remote.git(*settings, "log", "-2", "--format=%G?", "main", at=remote.bare).split() == ["G", "G"]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        pytest.param(None, "Secret signing is not there or has no ssh-privatekey or gpg-privatekey", id="no Secret"),
        pytest.param({"ssh_privatekey": "no key\n"}, "the Secret of the entry's signingKey", id="no SSH key"),
        pytest.param({"gpg_privatekey": "no key\n"}, "gpg-privatekey that gpg takes", id="no GPG key"),
    ],
)
async def test_what_cannot_be_signed_is_not_committed_and_says_which_secret_is_wrong(remote, repository, tmp_path, keys, says):
    if keys:
        secret(tmp_path / "secrets", "signing", **keys)
    tip = remote.tip
    outcome = await repository.write_back(signed(remote.url))
    assert isinstance(outcome, Missing)
    assert says in outcome.detail
    assert remote.tip == tip

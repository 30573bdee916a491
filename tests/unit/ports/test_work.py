"""What one intent's files do to the editor is in no other intent's way."""

import subprocess
from dataclasses import asdict

import pytest

from andon.ports.git import files
from andon.ports.git.work import Session
from andon.ports.splice import ObjectRef

DECLARED = "apiVersion: andon.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {name: NAME, namespace: p}\nspec: {version: '2'}\n"


@pytest.fixture
def repository(tmp_path):
    """Two objects in one commit: where, the commit, and its tree."""
    who = ("-c", "user.name=t", "-c", "user.email=t@t")
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(DECLARED.replace("NAME", name))
    for told in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "start")):
        subprocess.run(["git", *told], cwd=tmp_path, check=True)
    ids = subprocess.run(["git", "rev-parse", "HEAD", "HEAD^{tree}"], cwd=tmp_path, check=True, capture_output=True, text=True)
    return str(tmp_path / ".git"), *ids.stdout.split()


def session(where):
    return Session({"repository": where, "folder": ".", "signing": [], "people": [("t", "t@t"), ("t", "t@t")]})


def intent(name):
    told = {"path": "spec.version", "old": "2", "new": "1", "decision": f"d-{name}", "override": "spec.overrides"}
    return told | {"object": asdict(ObjectRef("", "ModelDeployment", "p", name)), "message": "back\n", "proposal": False}


@pytest.fixture
def _falls_over_a(monkeypatch):
    real = files.find

    def find(held, ref, path):
        if ref.name == "a":
            raise RecursionError("too deep")
        return real(held, ref, path)

    monkeypatch.setattr(files, "find", find)


@pytest.mark.usefixtures("_falls_over_a")
def test_what_makes_the_editor_fall_over_is_that_intents_refusal(repository):
    where, tip, tree = repository
    refused, written = session(where).answer(tip, [intent("a"), intent("b")], check=False, fetched=tree)
    assert (refused["refused"], "RecursionError: too deep" in refused["message"]) == ("Unreadable", True)
    assert written["commit"]


@pytest.mark.usefixtures("_falls_over_a")
def test_so_it_is_when_asked_beforehand(repository):
    where, tip, tree = repository
    first, second, _ = session(where).answer(tip, [intent("a"), intent("b")], check=True, fetched=tree)
    assert (first["refused"], second) == ("Unreadable", {})


def test_a_broken_repository_is_no_intents_refusal(repository, monkeypatch):
    where, tip, tree = repository

    def gone(*_):
        raise OSError("gone")

    monkeypatch.setattr(files.Files, "read", gone)
    with pytest.raises(OSError, match="gone"):
        session(where).answer(tip, [intent("a")], check=False, fetched=tree)

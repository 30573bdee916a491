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


def git(where, *told, given=""):
    argv = ["git", f"--git-dir={where}", "-c", "user.name=t", "-c", "user.email=t@t", *told]
    return subprocess.run(argv, input=given, check=True, capture_output=True, text=True).stdout.strip()


def commit(where, parent, name, version, message="by hand"):
    """Upon a commit, with another version of one object."""
    blob = git(where, "hash-object", "-w", "--stdin", given=DECLARED.replace("NAME", name).replace("'2'", f"'{version}'"))
    others = [line for line in git(where, "ls-tree", parent).splitlines() if not line.endswith(f"{name}.yaml")]
    tree = git(where, "mktree", given="\n".join([*others, f"100644 blob {blob}\t{name}.yaml", ""]))
    return git(where, "commit-tree", "-p", parent, "-m", message, tree)


def told(asked, where, tip):
    """What comes of telling git about `a`, from this tip."""
    (outcome,) = asked.answer(tip, [intent("a")], check=False, fetched=git(where, "rev-parse", f"{tip}^{{tree}}"))
    return outcome


@pytest.fixture
def ours(repository):
    """A commit that has brought `a` back."""
    where, start, _ = repository
    return commit(where, start, "a", "1", "back\n\nAndon-Decision: d-a")


def test_a_commit_that_somebody_took_back_is_not_in_git(repository, ours):
    where, start, _ = repository
    asked = session(where)
    assert told(asked, where, commit(where, ours, "b", "3")) == {"already": ours}
    assert "commit" in told(asked, where, commit(where, start, "b", "4")), "another history of the branch"
    assert "commit" in told(asked, where, start), "and one that was seen before"


def test_what_came_since_is_added_to_what_was_known(repository, ours):
    where, *_ = repository
    asked = session(where)
    told(asked, where, ours)
    put_back = commit(where, commit(where, ours, "b", "3"), "a", "2")
    assert told(asked, where, put_back)["refused"] == "Overwritten"


def test_a_broken_repository_is_no_intents_refusal(repository, monkeypatch):
    where, tip, tree = repository

    def gone(*_):
        raise OSError("gone")

    monkeypatch.setattr(files.Files, "read", gone)
    with pytest.raises(OSError, match="gone"):
        session(where).answer(tip, [intent("a")], check=False, fetched=tree)

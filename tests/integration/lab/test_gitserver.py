"""The git server takes what real clients send, and refuses when told to."""

import os

import pytest

from andon.lab.git import GitError, git
from andon.lab.gitserver import GitServer
from support.engineer import Engineer


def test_a_push_is_seen_by_the_next_reader(git_server: GitServer, engineer: Engineer) -> None:
    commit = engineer.push({"line.yaml": "speed: 1\n"})
    assert git(engineer.folder, "ls-remote", git_server.url("plant"), "refs/heads/main").split()[0] == commit


def test_a_push_too_large_for_one_piece_arrives_whole(git_server: GitServer, engineer: Engineer, tmp_path) -> None:
    blob = os.urandom(3 * 2**20)
    engineer.push({"model.bin": blob})
    other = Engineer(tmp_path / "other", git_server.url("plant"))
    assert (other.folder / "model.bin").read_bytes() == blob


def test_a_push_onto_an_old_tip_is_refused(git_server: GitServer, engineer: Engineer, tmp_path) -> None:
    slow = Engineer(tmp_path / "slow", git_server.url("plant"))
    engineer.push({"a": "1"})
    with pytest.raises(GitError, match="rejected"):
        slow.push({"b": "2"})


def test_pushes_can_be_forbidden_while_reading_goes_on(git_server: GitServer, engineer: Engineer) -> None:
    git_server.accept_pushes("plant", False)
    with pytest.raises(GitError, match="403"):
        engineer.push({"a": "1"})
    assert git(engineer.folder, "ls-remote", "origin")
    git_server.accept_pushes("plant", True)
    assert engineer.push({"b": "2"})

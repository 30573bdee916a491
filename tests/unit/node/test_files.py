"""What lies on disk: folders that change as one, logs, kubeconfigs."""

import os
from pathlib import Path

import pytest

from andon.lab.node import kubeconfig, logs
from andon.lab.node.files import Files
from andon.lab.node.kubeconfig import Access


def test_files_appear_when_every_part_is_there(tmp_path: Path) -> None:
    files = Files(tmp_path / "v", parts=2)
    files.set(0, {"a": b"1"})
    assert not files.complete.is_set()
    files.set(1, {"deep/b": b"2"})
    assert files.complete.is_set()
    assert (tmp_path / "v/a").read_bytes() == b"1"
    assert (tmp_path / "v/deep/b").read_bytes() == b"2"


def test_an_update_replaces_all_files_and_leaves_no_old_generation(tmp_path: Path) -> None:
    files = Files(tmp_path, parts=1)
    files.set(0, {"a": b"1", "b": b"1"})
    files.set(0, {"a": b"2", "c": b"2"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if not path.name.startswith("..")} == {
        "a": b"2",
        "c": b"2",
    }
    assert len([path for path in tmp_path.iterdir() if path.is_dir() and not path.is_symlink()]) == 1


def test_a_reader_sees_one_generation(tmp_path: Path) -> None:
    files = Files(tmp_path, parts=1)
    files.set(0, {"a": b"1", "b": b"1"})
    generation = (tmp_path / "..data").readlink()
    files.set(0, {"a": b"1", "b": b"1"})
    assert (tmp_path / "..data").readlink() == generation
    files.set(0, {"a": b"2", "b": b"2"})
    assert (tmp_path / "..data").readlink() != generation
    assert (tmp_path / "a").readlink() == Path("..data/a")


def test_the_log_of_the_newest_pod_of_a_name(tmp_path: Path) -> None:
    for age, uid in ((2, "old"), (1, "new")):
        folder = logs.folder_of(tmp_path, "ns", "p", uid)
        folder.mkdir(parents=True)
        (folder / "main.log").write_text(uid)
        os.utime(folder / "main.log", (1000 - age, 1000 - age))
    assert logs.log_of(tmp_path, "ns", "p").read_text() == "new"
    with pytest.raises(LookupError, match=r"no log of ns/q.*pods on this node: ns/p"):
        logs.log_of(tmp_path, "ns", "q")


def test_a_log_that_has_grown_too_large_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST", 10)
    folder = logs.folder_of(tmp_path, "ns", "p", "u")
    folder.mkdir(parents=True)
    with (folder / "main.log").open("ab", buffering=0) as writer:
        writer.write(b"x" * 11)
        logs.trim(tmp_path)
        writer.write(b"y")
    assert (folder / "main.log").read_bytes() == b"y"
    assert (folder / "main.log.1").read_bytes() == b"x" * 11


def test_a_pods_kubeconfig_can_be_read_back_and_follows_its_token(tmp_path: Path) -> None:
    token = tmp_path / "token"
    kubeconfig.write(tmp_path / "kubeconfig", Access("https://127.5.0.1:6443", None), token, "ns")
    access = kubeconfig.load(tmp_path / "kubeconfig")
    for text in ("first", "second"):
        token.write_text(text)
        assert access.bearer() == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "contexts has no entry named None"),
        (
            "{current-context: c, contexts: [{name: c, context: {cluster: k, user: u}}], "
            "clusters: [{name: k, cluster: {server: 'https://x'}}], users: [{name: u, user: {exec: {}}}]}",
            "exec is not supported; use a token or a client certificate",
        ),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_says_why(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(ValueError, match=says):
        kubeconfig.load(file)


def test_files_of_a_volume_have_its_mode(tmp_path: Path) -> None:
    Files(tmp_path, parts=1, mode=0o400).set(0, {"key": b"1"})
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o400

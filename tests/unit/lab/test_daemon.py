"""A lab says at once why it cannot start, and can be ended from its first moment."""

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from andon.lab import daemon
from andon.lab.crew import LabError
from andon.lab.lab import Options
from andon.lab.state import folder_of, supervisor


@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")  # it outlives its starter on purpose
def test_down_ends_a_supervisor_that_has_only_just_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed_ctrl_c(*_: object) -> None:
        raise KeyboardInterrupt

    slow = tmp_path / "python"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(slow))
    monkeypatch.setattr(daemon, "_watch", pressed_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        daemon.up(Options(name="test"), lambda _: None)
    held = supervisor(folder_of("test"))
    assert held
    assert daemon.down("test")
    assert not held.alive


def test_a_disk_without_room_is_named_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**8))
    with pytest.raises(LabError, match=r"has 0\.1 GB free, a lab needs about 1 GB: free some, or set XDG_STATE_HOME"):
        daemon.up(Options(name="test"), lambda _: None)
    assert not folder_of("test").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(LabError, match=r"cannot be written \(Not a directory\); set XDG_STATE_HOME"):
        daemon.up(Options(name="test"), lambda _: None)

"""A lab can be ended from its first moment, before its supervisor has said anything."""

import sys
from pathlib import Path

import pytest

from andon.lab import daemon
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

"""Ctrl-C ends a demo in one line, with its lab."""

import pytest

from andon.lab.demo import main


def test_an_interrupted_demo_takes_its_lab_down(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ended = []

    def pressed_ctrl_c(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main.toolchain, "ensure", pressed_ctrl_c)
    monkeypatch.setattr(main.daemon, "down", ended.append)
    assert main.main(None, 6, keep=False, speed=900.0) == 1
    assert ended == ["demo"]
    assert capsys.readouterr().out.strip() == "interrupted; the lab goes down with it"

"""A demo that is ended before its end takes its lab down, in one line; one that is misunderstood does not begin."""

import signal
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from andon.lab.demo import cli, main


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["Ctrl-C", "kill", "closed terminal"])
def ending(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    """How it is ended; what the test run itself does with such a signal is put back."""
    usual = signal.default_int_handler if request.param is signal.SIGINT else signal.SIG_DFL
    before = signal.signal(request.param, usual)  # a run under nohup is deaf to SIGHUP, and so would be the demo
    yield request.param
    signal.signal(request.param, before)


def test_an_interrupted_demo_takes_its_lab_down(
    ending: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = []
    monkeypatch.setattr(main.toolchain, "ensure", lambda: signal.raise_signal(ending))
    monkeypatch.setattr(main.daemon, "down", ended.append)
    assert main.main(None, 7, keep=False, speed=900.0) == 1
    assert ended == ["demo"]
    assert capsys.readouterr().out.strip() == "interrupted; the lab goes down with it"


@pytest.mark.parametrize(("acts", "last"), [("1-8", 8), ("1-3", 3), ("2", 2)])
def test_acts_are_played_from_the_first(acts: str, last: int, monkeypatch: pytest.MonkeyPatch) -> None:
    played = []
    monkeypatch.setattr(main, "main", lambda report, last_act, **how: played.append(last_act) or 0)
    assert CliRunner().invoke(cli.app, ["--acts", acts]).exit_code == 0
    assert played == [last]


@pytest.mark.parametrize("acts", ["1-9", "0", "2-4", "all"])
def test_acts_that_there_are_not_are_refused(acts: str) -> None:
    refused = CliRunner().invoke(cli.app, ["--acts", acts])
    assert (refused.exit_code, "1 to 8" in refused.output) == (2, True)

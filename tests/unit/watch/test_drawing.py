"""Colour is for terminals that have it and people who want it; nothing is said by colour alone."""

import io

import pytest
from rich.text import Text

from andon.watch.drawing import drawn, terminal
from andon.watch.node import Node
from andon.watch.standing import Mood


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("wanted", "coloured"),
    [
        pytest.param({"TERM": "xterm-256color"}, True, id="a terminal"),
        pytest.param({"TERM": "xterm-256color", "NO_COLOR": "1"}, False, id="NO_COLOR"),
        pytest.param({"TERM": "dumb"}, False, id="a dumb terminal"),
    ],
)
def test_colour(monkeypatch, wanted, coloured):
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    terminal().print(Text("bad", style="red"))
    assert ("\x1b[31m" in screen.getvalue()) is coloured
    assert "bad" in screen.getvalue()


def test_each_state_has_a_sign_of_its_own(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr("sys.stdout", screen)
    terminal().print(drawn([Node("slot", mood.value, mood) for mood in Mood]))
    assert len({line[0] for line in screen.getvalue().splitlines()}) == len(Mood)

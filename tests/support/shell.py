"""What a shell is offered when a person presses the tabulator, as the scripts of `andon --show-completion` ask for it."""

import pytest

from andon.cli import main


def completed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """For the last word. Fails when anything is said beside that."""
    asked = {"_ANDON_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(("andon", *words)), "COMP_CWORD": str(len(words))}
    with monkeypatch.context() as shell:
        for name, value in asked.items():
            shell.setenv(name, value)
        shell.setattr("sys.argv", ["andon"])
        with pytest.raises(SystemExit):
            main([])
    said = capsys.readouterr()
    assert said.err == ""
    return said.out.split()

"""A shell asks what could stand here."""

from functools import partial

import pytest

from andon.api.exits import Exit
from andon.cli import main
from andon.cli.kubectl import complete
from andon.cli.parts import PARTS
from support.shell import completed


@pytest.fixture
def offered(monkeypatch, capsys):
    return partial(completed, monkeypatch, capsys)


def test_commands(offered):
    assert set(offered("")) == {"crds", *(part.name for part in PARTS)}
    assert offered("pi") == ["pin"]


def test_options_of_the_command_that_is_typed(offered):
    assert "--undo" in offered("promote", "--")


def test_kinds_need_no_cluster(offered):
    assert offered("get", "mo") == ["modeldeployment"]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["approve", ""], id="decisions to answer"),
        pytest.param(["pin", ""], id="deployments"),
        pytest.param(["get", "-n", ""], id="namespaces"),
        pytest.param(["tree", ""], id="objects"),
        pytest.param(["pin", "product-e", ""], id="versions"),
    ],
)
def test_without_a_cluster_nothing_is_offered_and_nothing_is_said(offered, words):
    command, *rest = words
    assert offered(command, "--kubeconfig", "/nonexistent", *rest) == []


@pytest.mark.parametrize(
    ("shell", "own"),
    [
        pytest.param("bash", "complete -o default -F _andon_completion andon", id="bash"),
        pytest.param("zsh", "#compdef andon", id="zsh"),
        pytest.param("fish", "complete --command andon", id="fish"),
    ],
)
def test_a_script_for_each_shell(shell, own, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--show-completion", shell])
    said = capsys.readouterr().out
    assert (ended.value.code, own in said, f"_ANDON_COMPLETE=complete_{shell}" in said) == (Exit.OK, True, True), said


def test_a_shell_that_there_is_not_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--show-completion", "tcsh"])
    assert (ended.value.code, "'tcsh' is not one of 'bash'" in capsys.readouterr().err) == (Exit.USAGE, True)


def test_kubectl_is_answered_in_its_own_way(monkeypatch, capsys):
    for name in ("_ANDON_COMPLETE", "COMP_WORDS", "COMP_CWORD"):
        monkeypatch.setenv(name, "")  # taken back after the test, whatever is set meanwhile
    monkeypatch.setattr("sys.argv", ["kubectl_complete-andon", "get", "--kubeconfig", "/nonexistent", "mo"])
    with pytest.raises(SystemExit):
        complete()
    assert capsys.readouterr().out.split() == ["modeldeployment", ":4"]

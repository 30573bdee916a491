"""`andon lab`: up once, told again, killed, cleaned, down; nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from andon.lab import toolchain
from andon.lab.processes import Record, records
from andon.lab.state import Phase, State, folder_of, supervisor
from support.eventually import eventually


def andon(*arguments: str, within: float = 120) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "andon.cli", "lab", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=within)


def kubectl(kubeconfig: str, *arguments: str) -> str:
    command = [toolchain.binary("kubectl"), f"--kubeconfig={kubeconfig}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A lab of this test's own, in a state folder of its own."""
    toolchain.ensure()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    yield "test"
    andon("down", "--name", "test")


def alive(processes: list[Record]) -> list[str]:
    return [record.name for record in processes if record.alive]


@pytest.mark.timeout(300)
def test_a_lab_comes_up_is_itself_and_leaves_nothing(name: str) -> None:
    said = andon("up", "--name", name)
    assert said.returncode == 0, said.stderr
    folder = folder_of(name)
    running = records(folder)

    again = andon("up", "--name", name)
    assert again.stdout.startswith(f"lab {name} is already up")
    assert records(folder) == running

    state = json.loads(andon("status", "--name", name, "-o", "json").stdout)
    assert state["phase"] == "Ready"
    assert {row["stage"] for row in state["components"]} == {"Ready", "Done"}

    kubeconfig = andon("kubeconfig", "--name", name).stdout.strip()
    eventually(lambda: kubectl(kubeconfig, "get", "datasources", "--all-namespaces", "-o", "name"), within=20)
    assert "applied" in andon("logs", "syncer", "--name", name).stdout

    assert andon("down", "--name", name).returncode == 0
    assert alive(running) == []
    assert [path.name for path in folder.iterdir()] == ["logs"]
    assert andon("status", "--name", name).stderr.startswith(f"andon: there is no lab {name}; start it")


@pytest.mark.timeout(300)
@pytest.mark.scenario
def test_ctrl_c_leaves_the_lab_starting_and_the_next_up_waits_for_it(name: str) -> None:
    command = [sys.executable, "-m", "andon.cli", "lab", "up", "--name", name]
    terminal = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    held = eventually(lambda: supervisor(folder_of(name)), within=30)
    terminal.send_signal(signal.SIGINT)
    _, said = terminal.communicate(timeout=30)
    assert "goes on starting in the background" in said
    assert andon("up", "--name", name).returncode == 0
    assert supervisor(folder_of(name)) == held


@pytest.mark.timeout(300)
def test_nothing_survives_a_killed_supervisor_and_the_next_up_cleans(name: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "andon.cli", "lab", "up", "--name", name], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    folder = folder_of(name)
    eventually(lambda: len(alive(records(folder))) > 6, within=60)
    started = records(folder)
    held = supervisor(folder)
    assert held
    os.kill(held.pid, signal.SIGKILL)
    assert child.wait(30) == 1
    eventually(lambda: alive(started), lambda names: not names, within=10)
    state = State.read(folder)
    assert state
    assert (state.phase, state.components) == (Phase.DEAD, [])
    assert andon("down", "--name", name).stdout == f"lab {name} is down\n"


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--node", "moon"), "--node moon: one to eight nodes, each edge or cloud"),
        (("--specs", "/nowhere"), "--specs /nowhere: not a folder"),
        (("--prometheus-scrape", "often"), "--prometheus-scrape often: write for example"),
        (("--name", "Not/A/Name"), "--name Not/A/Name: write lower-case"),
    ],
)
def test_an_option_that_cannot_be_used_is_named_in_one_line(name: str, option: tuple[str, ...], said: str) -> None:
    done = andon("up", "--name", name, *option)
    assert done.returncode == 1
    assert done.stderr.startswith(f"andon: {said}")
    assert done.stderr.count("\n") == 1

"""Processes of a lab are never lost, never outlive it, and never mistaken for another's."""

import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from andon.lab.crew import Component, Crew, LabError
from andon.lab.network import Claim, Network
from andon.lab.processes import Command, Process, Record, began, records, sweep
from support.eventually import eventually

SLEEP = Command(("sleep", "60"))
DEAF = Command(("sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"))


def test_what_does_not_hear_sigterm_is_killed(tmp_path: Path) -> None:
    process = Process("deaf", DEAF, tmp_path)
    eventually(lambda: "deaf" in Path(process.record.log).read_text(), within=5)
    process.end(within=0.3)
    assert process.exit_code == -signal.SIGKILL
    assert records(tmp_path) == []


def test_nothing_survives_a_killed_parent(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from andon.lab.processes import Command, Process\n"
        "Process('child', Command(('sleep', '60')), Path(sys.argv[1])); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)])
    [child] = eventually(lambda: records(tmp_path), within=10)
    assert child.alive
    parent.kill()
    parent.wait(10)
    eventually(lambda: not child.alive, within=5)


def test_a_pid_that_was_given_to_someone_else_is_left_alone(tmp_path: Path) -> None:
    process = Process("sleeper", SLEEP, tmp_path)
    try:
        stale = replace(process.record, began=process.record.began - 1)
        stale.signal(signal.SIGKILL)
        sweep([stale])
        assert not stale.alive
        assert process.exit_code is None
    finally:
        process.end(1.0)


def test_records_are_read_whole_while_processes_come_and_go(tmp_path: Path) -> None:
    record, over = Record.of(os.getpid(), "one", tmp_path / "log"), threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            record.write(tmp_path).unlink()

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        assert {tuple(records(tmp_path)) for _ in range(2000)} == {(), (record,)}
    finally:
        over.set()
        other.join()


def test_what_a_dead_lab_left_is_swept(tmp_path: Path) -> None:
    process = Process("sleeper", SLEEP, tmp_path)
    sweep(records(tmp_path))
    assert process.wait(5.0)


def test_a_process_that_is_not_there_has_not_begun() -> None:
    assert began(2**22 + 1) is None
    assert Record("x", 2**22 + 1, 1, "", "").alive is False


def component(name: str, command: Command = SLEEP, **more) -> Component:
    return Component(name, lambda: command, more.pop("ready", lambda: True), **more)


@pytest.fixture
def crew(tmp_path: Path):
    crews = []

    def make(*components: Component) -> Crew:
        crews.append(Crew(components, tmp_path))
        return crews[-1]

    yield make
    for each in crews:
        each.stop()


def test_each_starts_after_what_it_needs_and_ends_before_it(crew, tmp_path: Path) -> None:
    note = f"echo start $0 >> {tmp_path}/order; trap 'echo end $0 >> {tmp_path}/order; exit' TERM; while :; do sleep 0.05; done"
    commands = {name: Command(("sh", "-c", note, name)) for name in "ab"}
    started = lambda name: (tmp_path / "order").exists() and f"start {name}" in (tmp_path / "order").read_text()  # noqa: E731
    both = crew(
        component("a", commands["a"], ready=lambda: started("a")),
        component("b", commands["b"], ready=lambda: started("b"), needs=("a",)),
    )
    both.start()
    both.stop()
    assert (tmp_path / "order").read_text().split("\n")[:4] == ["start a", "start b", "end b", "end a"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param(Command(("sh", "-c", "echo no such flag; exit 3")), "x ended with code 3: no such flag", id="dies"),
        pytest.param(SLEEP, "x was not ready within 1 s", id="never ready"),
    ],
)
def test_who_cannot_start_is_named_with_its_last_words(crew, wrong: Command, said: str) -> None:
    with pytest.raises(LabError, match=said):
        crew(component("x", wrong, ready=lambda: False, limit=1.0)).start()


def test_a_taken_port_is_one_line(crew) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LabError, match=rf"x cannot listen at 127.0.0.1:{port}: taken"):
            crew(component("x", Command(("sleep", "60"), address=f"http://127.0.0.1:{port}"))).start()


def test_a_step_is_ready_when_it_has_ended_well_and_stays_so(crew) -> None:
    steps = crew(Component("step", lambda: Command(("true",)), None), component("after", needs=("step",)))
    steps.start()
    assert steps.members["step"].done
    assert steps.supervise() == []


def test_who_dies_later_is_started_again(crew) -> None:
    one = crew(component("x"))
    one.start()
    first = one.members["x"].process.record
    os.kill(first.pid, signal.SIGKILL)
    eventually(lambda: one.supervise() and one.members["x"].process.record.pid != first.pid, within=10)
    assert one.members["x"].process.record.alive


def test_a_need_that_is_not_listed_before_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="b needs a, not listed before it"):
        Crew((component("b", needs=("a",)), component("a")), tmp_path)


def test_no_two_labs_claim_one_network() -> None:
    one, two = Claim.take(), Claim.take()
    try:
        assert one.network != two.network
    finally:
        one.release()
        two.release()


def test_nodes_and_services_have_addresses_of_their_own() -> None:
    network = Network(64)
    assert [network.pod_range(node) for node in (0, 7)] == ["10-19", "80-89"]
    assert network.services == "127.64.96.0/20"
    with pytest.raises(ValueError, match="eight nodes"):
        network.pod_range(8)

"""Which phase and conditions follow from the containers' states."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from andon.lab.node.status import ContainerState, PodFacts, Running, Terminated, Waiting, covers, pod_status, resumed

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FRESH = ContainerState("main", "python")
RUNS = replace(FRESH, now=Running(NOW), started=True, ready=True, pid=7)
UNREADY = replace(RUNS, ready=False)
GOOD = replace(FRESH, now=Terminated(0, NOW, NOW, "Completed"))
BAD = replace(FRESH, now=Terminated(3, NOW, NOW, "Error"))
BACKING_OFF = replace(FRESH, now=Waiting("CrashLoopBackOff"), last=Terminated(3, NOW, NOW, "Error"))


def status(
    policy: str, *containers: ContainerState, observed: dict[str, Any] | None = None, stopping: bool = False
) -> dict[str, Any]:
    facts = PodFacts(policy, containers, "127.5.1.2", "127.5.1.1", observed or {}, stopping)
    return pod_status(facts, NOW)


def condition(pod: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(c for c in pod["conditions"] if c["type"] == kind)


@pytest.mark.parametrize(
    ("policy", "containers", "phase"),
    [
        pytest.param("Always", [FRESH], "Pending", id="nothing has started"),
        pytest.param("Always", [RUNS, FRESH], "Pending", id="one has never started"),
        pytest.param("Always", [RUNS, UNREADY], "Running", id="all run"),
        pytest.param("Always", [BACKING_OFF], "Running", id="will be started again"),
        pytest.param("Always", [GOOD], "Running", id="ended, but always restarted"),
        pytest.param("OnFailure", [BAD], "Running", id="failed and will be restarted"),
        pytest.param("OnFailure", [GOOD, BAD], "Running", id="one of them will be restarted"),
        pytest.param("OnFailure", [GOOD, GOOD], "Succeeded", id="all ended well"),
        pytest.param("Never", [GOOD, RUNS], "Running", id="one still runs"),
        pytest.param("Never", [GOOD], "Succeeded", id="done"),
        pytest.param("Never", [GOOD, BAD], "Failed", id="one failed for good"),
    ],
)
def test_phase(policy: str, containers: list[ContainerState], phase: str) -> None:
    assert status(policy, *containers)["phase"] == phase


@pytest.mark.parametrize(
    ("containers", "phase"), [([GOOD], "Succeeded"), ([BAD], "Failed"), ([FRESH], "Failed"), ([BACKING_OFF], "Failed")]
)
def test_a_stopping_pod_ends_in_a_final_phase_whatever_its_policy(containers: list[ContainerState], phase: str) -> None:
    assert status("Always", *containers, stopping=True)["phase"] == phase


def test_a_pod_is_ready_when_all_its_containers_are() -> None:
    assert condition(status("Always", RUNS), "Ready")["status"] == "True"
    unready = condition(status("Always", RUNS, replace(UNREADY, name="side")), "Ready")
    assert (unready["status"], unready["message"]) == ("False", "containers not ready: side")


def test_a_transition_time_moves_only_with_the_status() -> None:
    before = status("Always", RUNS)
    later = PodFacts("Always", (RUNS,), "127.5.1.2", "127.5.1.1", before)
    assert pod_status(later, NOW + timedelta(minutes=5)) == before


def test_an_unchanged_status_is_covered_by_what_the_server_holds() -> None:
    wanted = status("Always", RUNS)
    scheduled = {"type": "PodScheduled", "status": "True"}
    held = wanted | {"conditions": [scheduled, *reversed(wanted["conditions"])], "qosClass": "BestEffort"}
    assert covers(held, wanted)
    assert not covers(held, status("Always", UNREADY))
    assert not covers({}, wanted)


def test_what_ran_when_the_node_was_last_seen_has_ended_with_it() -> None:
    held = status("Always", replace(RUNS, restarts=2))
    state = resumed({"name": "main", "image": "python"}, held)
    assert isinstance(state.now, Terminated)
    assert (state.now.code, state.restarts) == (137, 2)


def test_what_ended_before_is_remembered() -> None:
    state = resumed({"name": "main", "image": "python"}, status("Never", GOOD))
    assert state == GOOD

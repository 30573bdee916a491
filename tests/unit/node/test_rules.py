"""Small rules: restarts, addresses, probes, images, routes."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.lab.node import images
from andon.lab.node.addresses import Addresses
from andon.lab.node.backends import Address, routes
from andon.lab.node.images import Image
from andon.lab.node.probes import Streak, port_of
from andon.lab.node.provisioner import volume_for
from andon.lab.node.restarts import BackOff, restarts
from andon.lab.node.waiting import NotYet


def test_the_first_restart_is_immediate_and_the_wait_doubles_up_to_the_cap() -> None:
    back_off = BackOff()
    assert [back_off.after(ran=1) for _ in range(8)] == [0, 10, 20, 40, 80, 160, 300, 300]


def test_a_long_run_makes_a_crash_forgotten() -> None:
    back_off = BackOff()
    waits = [back_off.after(ran) for ran in (1, 1, 1, 600, 1)]
    assert waits == [0, 10, 20, 0, 10]


@pytest.mark.parametrize(
    ("policy", "code", "again"), [("Always", 0, True), ("OnFailure", 0, False), ("OnFailure", 1, True), ("Never", 1, False)]
)
def test_restart_policy(policy: str, code: int, again: bool) -> None:
    assert restarts(policy, code) is again


def test_addresses_are_kept_and_rest_before_they_are_used_again() -> None:
    addresses = Addresses("127.55", 10, 10)
    first = addresses.take("a")
    assert first == addresses.take("a") == "127.55.10.2"
    addresses.release("a")
    assert addresses.take("b") == "127.55.10.3"
    assert addresses.take("c", wanted="127.55.10.9") == "127.55.10.9"
    assert addresses.node == "127.55.10.1"


def test_a_node_without_a_free_address_says_what_to_widen() -> None:
    addresses = Addresses("127.55", 1, 1)
    taken = {addresses.take(str(number)) for number in range(253)}
    assert len(taken) == 253
    with pytest.raises(RuntimeError, match="wider --pod-range"):
        addresses.take("one more")


@pytest.mark.parametrize(("network", "first", "last"), [("10.1", 1, 2), ("127", 1, 2), ("127.5", 9, 2), ("127.5", 1, 300)])
def test_addresses_outside_loopback_are_refused(network: str, first: int, last: int) -> None:
    with pytest.raises(ValueError, match=r"--network|--pod-range"):
        Addresses(network, first, last)


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 4), st.integers(1, 4))
def test_a_probe_decides_on_equal_answers_in_a_row(answers: list[bool], success: int, failure: int) -> None:
    streak = Streak(success, failure)
    for index, answer in enumerate(answers):
        needed = success if answer else failure
        tail = answers[max(0, index + 1 - needed) : index + 1]
        assert streak.add(answer) is (len(tail) == needed and set(tail) == {answer})


def test_a_port_may_be_named() -> None:
    container = {"name": "main", "ports": [{"name": "http", "containerPort": 8080}]}
    assert [port_of(container, port) for port in (81, "82", "http")] == [81, 82, 8080]
    with pytest.raises(NotYet, match="no port named grpc"):
        port_of(container, "grpc")


@pytest.mark.parametrize(
    ("container", "told"),
    [
        pytest.param({}, ["collect"], id="as the image says"),
        pytest.param({"args": ["-v"]}, ["collect", "-v"], id="args are appended"),
        pytest.param({"command": ["train"]}, ["train"], id="command replaces the image's arguments"),
        pytest.param({"command": ["train"], "args": ["-v"]}, ["train", "-v"], id="both"),
    ],
)
def test_command_and_args(container: dict[str, Any], told: list[str]) -> None:
    assert Image(("andon",), ("collect",)).arguments_of(container) == told


def test_a_file_adds_to_the_known_images(tmp_path: Path) -> None:
    file = tmp_path / "images.yaml"
    file.write_text("python: [python3]\nacme/tool: {executable: [tool], arguments: [run]}\n")
    table = images.load(file)
    assert table["acme/tool"] == Image(("tool",), ("run",))
    assert images.find(table, "andon/serve:0.1.0").arguments_of({}) == ["serve"]


@pytest.mark.parametrize("text", ["python: python3", "python: []", "python: {arguments: [x]}", "python: [1]", "[python]"])
def test_a_bad_image_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "images.yaml"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"images\.yaml"):
        images.load(file)


def pod(name: str, address: str, *, ready: str = "True", namespace: str = "ns", **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": "web", "pod": name}, **metadata},
        "spec": {"containers": [{"ports": [{"name": "http", "containerPort": 8080}]}]},
        "status": {"podIP": address, "conditions": [{"type": "Ready", "status": ready}]},
    }


def service(**spec: Any) -> dict[str, Any]:
    ports = [{"port": 80, "targetPort": "http"}]
    return {
        "metadata": {"name": "web", "namespace": "ns"},
        "spec": {"clusterIP": "127.96.0.5", "selector": {"app": "web"}, "ports": ports} | spec,
    }


@pytest.mark.parametrize(
    ("given_service", "pods", "backends"),
    [
        pytest.param(service(), [pod("a", "127.5.1.2"), pod("b", "127.5.1.3")], ["127.5.1.2", "127.5.1.3"], id="all ready pods"),
        pytest.param(service(), [pod("a", "127.5.1.2", ready="False")], [], id="not a pod that is not ready"),
        pytest.param(service(), [pod("a", "127.5.1.2", deletionTimestamp="now")], [], id="not a pod on its way out"),
        pytest.param(service(), [pod("a", "127.5.1.2", namespace="other")], [], id="not a pod of another namespace"),
        pytest.param(service(selector={"app": "x"}), [pod("a", "127.5.1.2")], [], id="not a pod with other labels"),
        pytest.param(service(selector={}), [pod("a", "127.5.1.2")], [], id="a Service without selector has none"),
        pytest.param(service(clusterIP="None"), [pod("a", "127.5.1.2")], [], id="a headless Service has none"),
    ],
)
def test_ready_pods_stand_behind_a_service(
    given_service: dict[str, Any], pods: list[dict[str, Any]], backends: list[str]
) -> None:
    table = routes([given_service], pods)
    assert [backend.host for backend in table.get(Address("127.96.0.5", 80), [])] == backends


def test_a_volume_is_for_one_claim_only() -> None:
    claim = {
        "metadata": {"name": "c", "namespace": "ns", "uid": "u"},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    spec = volume_for(claim, Path("/v"))["spec"]
    assert spec["hostPath"]["path"] == "/v/ns_c_u"
    assert spec["claimRef"]["uid"] == "u"
    assert spec["storageClassName"] == ""

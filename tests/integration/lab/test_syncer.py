"""The syncer makes the cluster what the branch says: applies, prunes, reports, and never prunes on a guess."""

import json
import sys
from pathlib import Path

import pytest

from andon.lab.controlplane import ControlPlane
from andon.lab.crew import Component, LabError
from andon.lab.gitserver import GitServer
from andon.lab.processes import Command
from andon.lab.syncer import Status
from support.engineer import Engineer
from support.eventually import eventually


class Synced:
    """A namespace of the cluster that follows the branch."""

    def __init__(self, plane: ControlPlane, namespace: str, status: Path) -> None:
        self._plane, self.namespace, self._status = plane, namespace, status

    def config_map(self, name: str, value: str) -> str:
        document = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": self.namespace},
            "data": {"v": value},
        }
        return json.dumps(document) + "\n"

    def values(self) -> dict[str, str]:
        said = json.loads(
            self._plane.kubectl("get", "configmaps", "-n", self.namespace, "-l", "andon.dev/lab-synced-by=lab", "-o", "json")
        )
        return {item["metadata"]["name"]: item["data"]["v"] for item in said["items"]}

    def status(self) -> Status:
        return Status.read(self._status)

    def after(self, commit: str) -> Status:
        return eventually(self.status, lambda status: status.commit == commit, within=20)


@pytest.fixture
def synced(control_plane: ControlPlane, git_server: GitServer, run, tmp_path: Path, request) -> Synced:
    namespace = "sync-" + request.node.name.removeprefix("test_").replace("_", "-")[:40].strip("-")
    control_plane.kubectl("create", "namespace", namespace)
    kubeconfig = control_plane.identity("syncer", "lab-syncer", "system:masters")
    options = ("--kubeconfig", kubeconfig, "--url", git_server.url("plant"), "--folder", tmp_path / "syncer", "--interval", "0.2")
    status = tmp_path / "syncer" / "status.json"
    run(Component("syncer", lambda: Command((sys.executable, "-m", "andon.lab.syncer", *options)), status.exists))
    return Synced(control_plane, namespace, status)


def test_what_is_pushed_is_applied_and_what_is_removed_is_pruned(synced: Synced, engineer: Engineer) -> None:
    two = synced.config_map("a", "1") + "---\n" + synced.config_map("b", "1")
    status = synced.after(engineer.push({"plant.yaml": two}))
    assert status.failures == []
    assert synced.values() == {"a": "1", "b": "1"}
    synced.after(engineer.push({"plant.yaml": synced.config_map("a", "2")}))
    assert synced.values() == {"a": "2"}


def test_a_wrong_document_is_reported_and_stops_no_other(synced: Synced, engineer: Engineer) -> None:
    nonsense = "apiVersion: andon.dev/v1\nkind: Nonsense\nmetadata: {name: x}\n"
    status = synced.after(engineer.push({"a.yaml": synced.config_map("a", "1"), "wrong.yaml": nonsense}))
    assert synced.values() == {"a": "1"}
    assert [failure.what for failure in status.failures] == ["Nonsense x"]
    assert "CRD" in status.failures[0].message


def test_nothing_is_pruned_while_a_file_cannot_be_read(synced: Synced, engineer: Engineer) -> None:
    synced.after(engineer.push({"a.yaml": synced.config_map("a", "1"), "b.yaml": synced.config_map("b", "1")}))
    status = synced.after(engineer.push({"a.yaml": synced.config_map("a", "2"), "b.yaml": "{ not: yaml"}))
    assert [failure.what for failure in status.failures] == ["b.yaml"]
    assert synced.values() == {"a": "2", "b": "1"}
    synced.after(engineer.push({"b.yaml": None}))
    assert synced.values() == {"a": "2"}


def test_a_namespace_and_what_is_in_it_may_come_in_any_order(
    synced: Synced, engineer: Engineer, control_plane: ControlPlane
) -> None:
    within = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "sync-new"}}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sync-new"}}
    status = synced.after(engineer.push({"1.yaml": json.dumps(within), "2.yaml": json.dumps(namespace)}))
    assert status.failures == []


def test_what_someone_else_owns_is_taken_by_force_and_nothing_else(
    synced: Synced, engineer: Engineer, control_plane: ControlPlane
) -> None:
    control_plane.kubectl(
        "create", "configmap", "a", "-n", synced.namespace, "--from-literal=v=theirs", "--from-literal=other=theirs"
    )
    synced.after(engineer.push({"a.yaml": synced.config_map("a", "ours")}))
    data = json.loads(control_plane.kubectl("get", "configmap", "a", "-n", synced.namespace, "-o", "json"))["data"]
    assert data == {"v": "ours", "other": "theirs"}


def test_kubectl_says_what_is_wrong(control_plane: ControlPlane) -> None:
    with pytest.raises(LabError, match="not found"):
        control_plane.kubectl("get", "configmap", "nobody")

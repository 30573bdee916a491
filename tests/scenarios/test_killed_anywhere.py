"""The operator is killed at each moment of a rollback: the same end state, and one commit, every time."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kubernetes import config as kubernetes_config
from kubernetes.client import CoreV1Api, CustomObjectsApi

from andon.lab.demo.world import NAME, NAMESPACE, World
from andon.lab.lab import SPECS
from andon.lab.mistake import train_in_wrong_unit
from support.eventually import eventually

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(900)]
LAB = "killed"


class Plant:
    """A lab that serves version 1, watched closely enough to kill in time."""

    def __init__(self, world: World, kubeconfig: str) -> None:
        client = kubernetes_config.new_client_from_config(kubeconfig)
        self.world, self._core, self._custom = world, CoreV1Api(client), CustomObjectsApi(client)
        self._git = world.folder / "git" / f"{NAMESPACE}.git"

    def status(self, plural: str) -> dict[str, Any]:
        found = self._custom.get_namespaced_custom_object("andon.dev", "v1alpha1", NAMESPACE, plural, NAME)
        return dict(found.get("status", {}))

    def slots(self) -> dict[str, Any]:
        return dict(json.loads(self._core.read_namespaced_config_map(f"{NAME}-slots", NAMESPACE).data["slots.json"]))

    def tip(self) -> str:
        return (self._git / "refs" / "heads" / "main").read_text()

    def mistaken_version(self, tag: str) -> str:
        """A version trained with this tag in another unit."""
        return train_in_wrong_unit(self.world.training(), self.world.landing(), self.world.registry(), tag).version


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        lab("up", "--specs", str(often(tmp_path_factory.mktemp("specs"))))
        try:
            world = World(LAB)
            eventually(lambda: world.ready("modeldeployment"), within=240)
            yield Plant(world, lab("kubeconfig").strip())
        finally:
            lab("down")


def often(folder: Path) -> Path:
    """The plant's specs with a policy that may roll back as often as this is played."""
    shutil.copytree(SPECS, folder, dirs_exist_ok=True)
    path = folder / NAMESPACE / f"{NAME}.yaml"
    usual = "  interval: 5s\n"
    assert usual in path.read_text()
    path.write_text(path.read_text().replace(usual, f"{usual}  cooldown: 1s\n  budget: {{rollbacks: {{max: 100, per: 1d}}}}\n"))
    return folder


def lab(command: str, *options: str) -> str:
    ran = [sys.executable, "-m", "andon.cli", "lab", command, "--name", LAB, *options]
    return subprocess.run(ran, check=True, text=True, stdout=subprocess.PIPE, timeout=1200).stdout


def decided(plant: Plant, version: str, before: str) -> bool:
    decisions = plant.status("driftpolicies").get("decisions", ())
    return any(d["action"] == "Rollback" and d["from"]["version"] == version for d in decisions)


def copied(plant: Plant, version: str, before: str) -> bool:
    return any(d["from"]["version"] == version for d in plant.status("modeldeployments").get("decisions", ()))


def told_the_server(plant: Plant, version: str, before: str) -> bool:
    return copied(plant, version, before) and plant.slots()["candidate"] is None


def acknowledged(plant: Plant, version: str, before: str) -> bool:
    return told_the_server(plant, version, before) and all(a["candidate"] is None for a in plant.world.acks())


def committed(plant: Plant, version: str, before: str) -> bool:
    return plant.tip() != before


def never(plant: Plant, version: str, before: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("moment", "tag"),
    [
        pytest.param(never, "xmeas_7", id="never killed"),
        pytest.param(decided, "xmeas_11", id="the policy has decided"),
        pytest.param(copied, "xmeas_13", id="the deployment has copied the decision"),
        pytest.param(told_the_server, "xmeas_16", id="the server was told"),
        pytest.param(acknowledged, "xmeas_18", id="the server has acknowledged"),
        pytest.param(committed, "xmeas_9", id="git was told, the status not"),
    ],
)
def test_a_rollback_ends_the_same(plant: Plant, moment: Callable[[Plant, str, str], bool], tag: str):
    version = plant.mistaken_version(tag)
    start = plant.world.pull()
    plant.world.commit_version(version, f"Serve version {version}")
    before = plant.tip()
    if moment is not never:
        until(lambda: moment(plant, version, before), within=180)
        plant.world.kill_operator()
    eventually(lambda: finished(plant, version), within=240)
    status = plant.status("modeldeployments")
    (acted,) = [d for d in status["decisions"] if d["from"]["version"] == version]
    assert (acted["state"], status["effective"]["version"], status.get("candidate")) == ("Done", "1", None)
    assert version in {q["version"] for q in status["quarantined"]}
    held = {c["type"] for c in status["conditions"] if c["status"] == "True"}
    assert held >= {"Ready", "GitInSync", "Watched"}
    assert not held & {"Reconciling", "Stalled", "AwaitingApproval"}
    assert [(c.lines, c.trailers["Andon-From"].split()[0]) for c in plant.world.commits(start)] == [(1, version)]
    closed = [d["state"] for d in plant.status("driftpolicies")["decisions"] if d.get("from", {}).get("version") == version]
    assert closed == ["Closed"]


def finished(plant: Plant, version: str) -> bool:
    """Ready on what git names, and nobody has anything left to do."""
    acted = [d["state"] for d in plant.status("modeldeployments").get("decisions", ()) if d["from"]["version"] == version]
    open_ = [d for d in plant.status("driftpolicies").get("decisions", ()) if d["state"] == "Open"]
    return acted == ["Done"] and not open_ and plant.world.ready("modeldeployment")


def until(look: Callable[[], bool], within: float) -> None:
    """As `eventually`, without a pause: what comes next may come within milliseconds."""
    deadline = time.monotonic() + within
    while not look():
        assert time.monotonic() < deadline, f"not so within {within} s"

"""An alias in MLflow says what is wanted: moved, it is judged; rolled back, it is left where it is."""

import pytest
import requests

from integration.gitops.conftest import (  # noqa: F401 - fixtures
    listener,
    namespace,
    plant,
    prometheus,
    registry,
    sighted,
    start,
    start_operator,
)
from integration.operator.plant import MODEL, Plant
from support.eventually import eventually

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(180)]


def moved(plant: Plant, version: str) -> None:  # noqa: F811 - the fixture
    """By a person, in MLflow."""
    body = {"name": MODEL, "alias": "champion", "version": version}
    answer = requests.post(f"{plant.registry.url}/api/2.0/mlflow/registered-models/alias", json=body, timeout=20)
    answer.raise_for_status()


def named(plant: Plant) -> str:  # noqa: F811 - the fixture
    answer = requests.get(f"{plant.registry.url}/api/2.0/mlflow/registered-models/get", params={"name": MODEL}, timeout=20)
    (alias,) = answer.json()["registered_model"]["aliases"]
    return str(alias["version"])


def test_a_moved_alias_is_judged_rolled_back_and_never_moved_by_andon(plant: Plant):  # noqa: F811 - the fixture
    moved(plant, "1")
    plant.cluster.apply("ModelDeployment", MODEL, {"model": {"mlflow": {"name": MODEL, "alias": "champion"}}})
    plant.answers("1")
    plant.watch()
    assert plant.cluster.condition("modeldeployment", MODEL, "GitInSync")["reason"] == "AliasUsed"
    assert plant.status()["desired"] == {"version": "1", "digest": plant.registry.digests["1"]}

    moved(plant, "2")
    eventually(lambda: plant.status()["desired"]["version"], lambda v: v == "2", within=60)
    plant.told("1", "2")
    plant.acknowledge()
    plant.convicts("2")
    plant.told("1")
    plant.acknowledge()
    done = plant.acted("Done")
    assert "alias champion is for a person to move" in done["outcome"]
    assert "commit" not in done
    plant.cluster.says("modeldeployment", MODEL, "VersionQuarantined", type_="Stalled")
    assert named(plant) == "2", "it is whoever moved it who moves it back"

    moved(plant, "3")
    eventually(lambda: plant.status().get("candidate", {}).get("version"), lambda v: v == "3", within=60)

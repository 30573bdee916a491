"""Whether a rollback could be committed is asked in the way in which the policy would have it told."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.operator.cluster import Cluster
from support.gitremote import Remote, manifest

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def _closed(namespace: Cluster, start_operator: Callable[..., Any], tmp_path: Path) -> Iterator[None]:
    """An operator in sight of a repository whose branch nobody may push to."""
    remote = Remote(tmp_path)
    remote.push({"plant.yaml": manifest("2", "product-e").replace("plant-a", namespace.namespace)})
    remote.git("config", "receive.hideRefs", "refs/heads/main", at=remote.bare)
    operator = start_operator(repositories=[{"name": "plant", "url": remote.url, "namespaces": [namespace.namespace]}])
    yield
    operator.terminate()
    operator.wait(15)


@pytest.mark.usefixtures("_closed")
def test_a_closed_branch_is_no_trouble_where_people_merge(namespace: Cluster):
    spec = {"model": {"mlflow": {"name": "product-e", "version": "2"}}, "git": {"repositoryRef": "plant"}}
    namespace.apply("ModelDeployment", "product-e", spec)
    said = namespace.says("modeldeployment", "product-e", "Refused", type_="GitInSync")
    assert "a rollback could not be committed now: git cannot push" in said["message"]

    namespace.apply("DriftPolicy", "watch", {"targetRef": {"name": "product-e"}, "writeBack": {"Rollback": "PullRequest"}})
    namespace.says("modeldeployment", "product-e", "InSync", type_="GitInSync")

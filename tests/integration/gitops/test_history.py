"""Git alone remembers what was rolled back, and where nobody can say, nothing is served. MLflow is away all the time."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from andon.api.decision import rollback_id
from integration.operator.cluster import Cluster
from integration.operator.plant import MODEL
from support.eventually import eventually
from support.gitremote import Remote
from support.kstatus import kstatus

pytestmark = pytest.mark.timeout(120)

ONE, TWO = (f"sha256:{n:064x}" for n in (1, 2))


@pytest.fixture
def remembering(namespace: Cluster, start_operator: Callable[..., Any], tmp_path: Path) -> Iterator[str]:
    """An operator in sight of a repository whose only commit is a rollback from version 2; the decision's id."""
    remote = Remote(tmp_path)
    decision = rollback_id(namespace.namespace, MODEL, TWO, ONE, None)
    trailers = f"Andon-Decision: {decision}\nAndon-From: 2 {TWO}\nAndon-To: 1 {ONE}"
    remote.push({"README.md": "plant\n"}, f"Roll back {MODEL} from version 2 to 1\n\nIt erred.\n\n{trailers}")
    granted = {"namespaces": [namespace.namespace]}
    entries = [{"name": "plant", "url": remote.url} | granted, {"name": "gone", "url": "http://127.0.0.1:1/plant.git"} | granted]
    operator = start_operator(repositories=entries)
    yield decision
    operator.terminate()
    operator.wait(15)


def file(version: str, digest: str, **more: Any) -> dict[str, Any]:
    """A model that needs no registry."""
    return {"file": {"uri": "https://files.example/model.onnx", "digest": digest, "version": version}} | more


def told(cluster: Cluster, name: str) -> dict[str, Any]:
    return cluster.get("configmap", f"{name}-slots")


def test_git_alone_remembers_and_where_nobody_does_nothing_is_served(namespace: Cluster, remembering: str):
    """One operator's start for all of it."""
    git = {"git": {"repositoryRef": "plant"}}
    namespace.apply("ModelDeployment", MODEL, {"model": file("2", TWO)} | git)
    said = namespace.says("modeldeployment", MODEL, "VersionQuarantined", type_="Stalled")
    assert remembering in said["message"]
    assert told(namespace, MODEL) == {}
    (entry,) = namespace.get("modeldeployment", MODEL)["status"]["quarantined"]
    assert (entry["digest"], entry["decision"]) == (TWO, remembering)

    namespace.apply("ModelDeployment", "another", {"model": file("2", TWO)} | git)
    eventually(lambda: told(namespace, "another"), within=20)

    namespace.apply("ModelDeployment", MODEL, {"model": file("2", TWO, overrides=remembering)} | git)
    eventually(lambda: told(namespace, MODEL), within=20)

    unread = {"git": {"repositoryRef": "gone"}}
    for name, model in (("file", file("2", TWO)), ("registered", {"mlflow": {"name": MODEL, "version": "2"}})):
        namespace.apply("ModelDeployment", name, {"model": model} | unread)
        said = namespace.says("modeldeployment", name, "HistoryUnread")
        assert "Nothing new is served until git or the registry can say. Retried." in said["message"]
        assert told(namespace, name) == {}
        assert kstatus(namespace.get("modeldeployment", name)) == "InProgress", "it goes on by itself"
    early = namespace.says("modeldeployment", "registered", "Unreachable", type_="GitInSync")
    assert "a rollback could not be committed now" in early["message"], "known before there is one"

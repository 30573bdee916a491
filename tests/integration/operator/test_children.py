"""What Andon makes of an object, how it keeps it so, and what it leaves alone."""

import json
from datetime import UTC, datetime

from andon.lab.audit import Write, writes
from integration.operator.cluster import Cluster
from integration.operator.conftest import ACCOUNT
from integration.operator.test_weather import DEPLOYMENT, SOURCE
from support.eventually import eventually

KINDS = "statefulset,service,serviceaccount,configmap"


def children(cluster: Cluster) -> list[dict]:
    said = cluster.kubectl("get", KINDS, "-l", "andon.dev/name=reactor", "-o", "json")
    return json.loads(said)["items"]


def collecting(cluster: Cluster) -> list[dict]:
    cluster.apply("DataSource", "reactor", SOURCE, annotations={"argocd.argoproj.io/tracking-id": "plant:andon.dev/DataSource"})
    return eventually(lambda: children(cluster), lambda c: len(c) == 4, within=20)


def test_children_are_owned_and_carry_no_annotation_of_their_owner(cluster: Cluster):
    for child in collecting(cluster):
        (owner,) = child["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["name"], owner["controller"]) == ("DataSource", "reactor", True)
        assert not [a for a in child["metadata"]["annotations"] if "argocd" in a]


def test_a_users_object_gets_neither_finalizer_nor_annotation(cluster: Cluster):
    collecting(cluster)
    cluster.says("datasource", "reactor", "CollectorStarting")
    metadata = cluster.get("datasource", "reactor")["metadata"]
    assert "finalizers" not in metadata
    theirs = {"argocd.argoproj.io/tracking-id", "kubectl.kubernetes.io/last-applied-configuration"}
    assert set(metadata["annotations"]) == theirs


def test_a_deleted_child_comes_back_and_an_edited_one_is_put_right(cluster: Cluster):
    collecting(cluster)
    cluster.kubectl("delete", "service", "reactor-collect")
    eventually(lambda: children(cluster), lambda c: len(c) == 4, within=20)
    cluster.kubectl("scale", "statefulset", "reactor-collect", "--replicas=3")
    eventually(lambda: cluster.get("statefulset", "reactor-collect")["spec"]["replicas"], lambda n: n == 1, within=20)


def test_an_object_deleted_takes_its_children_along(cluster: Cluster):
    collecting(cluster)
    cluster.kubectl("delete", "datasource", "reactor")
    eventually(lambda: children(cluster), lambda c: not c, within=30)


def test_labels_and_annotations_of_others_change_nothing(cluster: Cluster):
    collecting(cluster)
    cluster.says("datasource", "reactor", "CollectorStarting")
    before = [c["metadata"]["resourceVersion"] for c in children(cluster)]
    status = cluster.get("datasource", "reactor")["status"]
    cluster.kubectl("label", "datasource", "reactor", "kustomize.toolkit.fluxcd.io/name=plant")
    cluster.kubectl("annotate", "datasource", "reactor", "reconcile.fluxcd.io/requestedAt=now")
    cluster.apply("ModelDeployment", "later", DEPLOYMENT)
    cluster.says("modeldeployment", "later", "Unreachable")
    assert [c["metadata"]["resourceVersion"] for c in children(cluster)] == before
    assert cluster.get("datasource", "reactor")["status"] == status


def test_once_settled_nothing_is_written(cluster: Cluster):
    collecting(cluster)
    cluster.says("datasource", "reactor", "CollectorStarting")
    begun = datetime.now(UTC)
    newest = eventually(lambda: (datetime.now(UTC), written(cluster, begun)), lambda seen: quiet_for(begun, *seen), within=40)
    assert len(newest[1]) <= 2, "more than the writes that were under way"


def written(cluster: Cluster, since: datetime) -> list[Write]:
    found = writes(cluster.plane.audit_log, since, datetime.now(UTC))
    return [w for w in found if w.identity == ACCOUNT and w.namespace == cluster.namespace]


def quiet_for(begun: datetime, now: datetime, found: list[Write], seconds: float = 8) -> bool:
    """Whether the last write is so long ago, and so is the beginning."""
    latest = max((w.at for w in found), default=begun)
    return (now - latest).total_seconds() >= seconds

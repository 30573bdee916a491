"""What users see when something is missing or away: a condition with reason and next step, and nothing else disturbed."""

import pytest

from integration.operator.cluster import Cluster
from support.eventually import eventually

SOURCE = {
    "asset": "reactor-1",
    "opcua": {"endpoint": "opc.tcp://127.0.0.1:4840"},
    "tags": [
        {"name": "xmeas_7", "node": "nsu=urn:plant:tep;s=XMEAS_7"},
        {"name": "xmeas_38", "node": "nsu=urn:plant:tep;s=XMEAS_38"},
    ],
    "landing": {"uri": "pvc://landing/reactor"},
}
PIPELINE = {
    "data": {"sourceRefs": [{"name": "reactor"}], "target": "xmeas_38", "every": "1s", "minRows": 100},
    "features": [{"name": "pressure", "tag": "xmeas_7"}],
    "trainer": {"builtin": {"estimator": "Ridge"}},
    "registry": {"mlflow": {"model": "m"}},
}
DEPLOYMENT = {"model": {"mlflow": {"name": "m", "version": "1"}}}


def test_a_pipeline_waits_for_its_source_and_goes_on_when_it_appears(cluster: Cluster):
    cluster.apply("TrainingPipeline", "p", PIPELINE)
    said = cluster.says("trainingpipeline", "p", "SourceNotFound")
    assert "There is no DataSource reactor" in said["message"]
    cluster.apply("DataSource", "reactor", SOURCE)
    said = cluster.says("trainingpipeline", "p", "RowsUncounted")
    assert "Prometheus" in said["message"]


def test_a_tag_that_the_source_has_not_is_named_and_stalls(cluster: Cluster):
    cluster.apply("DataSource", "reactor", SOURCE)
    cluster.apply("TrainingPipeline", "p", {**PIPELINE, "features": [{"name": "level", "tag": "xmeas_8"}]})
    said = cluster.says("trainingpipeline", "p", "TagNotFound", type_="Stalled")
    assert "xmeas_8" in said["message"]


def test_an_unreachable_registry_is_said_with_the_next_step(cluster: Cluster):
    cluster.apply("ModelDeployment", "d", DEPLOYMENT)
    said = cluster.says("modeldeployment", "d", "Unreachable")
    assert "MLflow" in said["message"]
    assert "Next:" in said["message"]
    assert cluster.condition("modeldeployment", "d", "Watched")["reason"] == "NoPolicy"


def test_a_policy_without_target_and_the_younger_of_two_say_so(cluster: Cluster):
    cluster.apply("DriftPolicy", "first", {"targetRef": {"name": "d"}})
    assert "commit it, or correct spec.targetRef.name" in cluster.says("driftpolicy", "first", "TargetNotFound")["message"]
    cluster.apply("ModelDeployment", "d", DEPLOYMENT)
    cluster.apply("DriftPolicy", "second", {"targetRef": {"name": "d"}, "interval": "1s"})
    said = cluster.says("driftpolicy", "second", "TargetTaken", type_="Stalled")
    assert "DriftPolicy first already watches d" in said["message"]
    cluster.kubectl("delete", "driftpolicy", "first")
    cluster.says("driftpolicy", "second", "Unreachable")


def test_a_policy_that_cannot_see_says_unknown(cluster: Cluster):
    cluster.apply("ModelDeployment", "d", DEPLOYMENT)
    cluster.apply("DriftPolicy", "watch", {"targetRef": {"name": "d"}, "interval": "1s"})
    said = cluster.says("driftpolicy", "watch", "Unreachable")
    assert said["status"] == "Unknown"
    assert cluster.get("driftpolicy", "watch")["status"]["verdict"] == "Unknown"


def test_what_the_api_server_refuses_is_said_until_it_is_put_right(cluster: Cluster):
    cluster.apply("DataSource", "reactor", SOURCE)
    cluster.says("datasource", "reactor", "CollectorStarting")
    cluster.apply("DataSource", "reactor", {**SOURCE, "ring": {"maxBytes": "512Mi"}})
    said = cluster.says("datasource", "reactor", "ApplyRefused", type_="Stalled")
    assert "updates to statefulset spec" in said["message"]
    assert cluster.condition("datasource", "reactor")["status"] == "False"
    cluster.apply("DataSource", "reactor", SOURCE)
    cluster.says("datasource", "reactor", "CollectorStarting")
    assert cluster.condition("datasource", "reactor", "Stalled") == {}


@pytest.mark.parametrize("kind", ["DataSource", "ModelDeployment", "TrainingPipeline", "DriftPolicy"])
def test_a_suspended_object_says_so_and_gets_no_children_and_is_looked_at_when_asked(cluster: Cluster, kind: str):
    specs = {
        "DataSource": SOURCE,
        "ModelDeployment": DEPLOYMENT,
        "TrainingPipeline": PIPELINE,
        "DriftPolicy": {"targetRef": {"name": "d"}},
    }
    cluster.apply(kind, "reactor", {**specs[kind], "suspend": True})
    cluster.says(kind.lower(), "reactor", "Suspended")
    managed = ("get", "all,configmaps", "-l", "app.kubernetes.io/managed-by=andon", "-o", "name")
    assert cluster.kubectl(*managed) == ""
    cluster.kubectl("annotate", kind.lower(), "reactor", "andon.dev/reconcile=now")
    eventually(lambda: cluster.get(kind.lower(), "reactor")["status"].get("lastHandledReconcileAt") == "now", within=20)

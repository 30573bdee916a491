"""What a real API server makes of the chart: it takes it, and the operator may do what it must and no more."""

import json

import pytest
from kubernetes import client

from andon.api.config import Images
from andon.api.datasource import DataSourceSpec, Landing, OpcUa, Tag
from andon.api.deployment import MlflowModel, Model, ModelDeploymentSpec
from andon.api.pipeline import Builtin, Estimator, Feature, MlflowTarget, Registry, Trainer, TrainingData, TrainingPipelineSpec
from andon.api.slots import Slots
from andon.api.types import NamedRef
from andon.lab.controlplane import ControlPlane
from andon.render.workloads import Owner, collector, server, training_run
from integration.chart.conftest import NAMESPACE, Manifest
from support.eventually import eventually

OPERATOR = f"system:serviceaccount:{NAMESPACE}:andon"


@pytest.mark.parametrize(
    ("verb", "what", "allowed"),
    [
        pytest.param("watch", "andon.dev/modeldeployments", True, id="reads what is wanted"),
        pytest.param("patch", "andon.dev/modeldeployments/status", True, id="says what is true"),
        pytest.param("patch", "andon.dev/modeldeployments", False, id="never writes a spec"),
        pytest.param("delete", "andon.dev/driftpolicies", False, id="never deletes an object of its kinds"),
        pytest.param("create", "events.k8s.io/events", True, id="says what happened"),
        pytest.param("get", "events.k8s.io/events", True, id="looks up what it said"),
        pytest.param("list", "events.k8s.io/events", False, id="reads no Events of others"),
        pytest.param("get", "/secrets", False, id="reads no secret"),
        pytest.param("create", "/pods", False, id="makes no bare pod"),
        pytest.param("create", "/pods/exec", False, id="enters no pod"),
        pytest.param("patch", "rbac.authorization.k8s.io/clusterroles", False, id="changes no cluster-wide role"),
        pytest.param("patch", "apiextensions.k8s.io/customresourcedefinitions", False, id="changes no CRD"),
    ],
)
def test_the_operator(installed: ControlPlane, verb: str, what: str, allowed: bool):
    group, resource, *subresource = what.split("/")
    asked = {"namespace": "plant-a", "verb": verb, "group": group, "resource": resource, "subresource": "".join(subresource)}
    review = {"spec": {"user": OPERATOR, "resourceAttributes": asked}}
    answer = client.AuthorizationV1Api(installed.client).create_subject_access_review(review)
    assert answer.status.allowed is allowed


@pytest.mark.parametrize(
    ("verb", "namespace", "name", "allowed"),
    [
        pytest.param("update", NAMESPACE, "andon-operator", True, id="renews its Lease"),
        pytest.param("create", NAMESPACE, "andon-operator", True, id="makes it"),
        pytest.param("update", NAMESPACE, "another", False, id="but no other"),
        pytest.param("update", "kube-system", "andon-operator", False, id="nor elsewhere"),
        pytest.param("delete", NAMESPACE, "andon-operator", False, id="and never deletes it"),
    ],
)
def test_the_operators_lease(installed: ControlPlane, verb: str, namespace: str, name: str, allowed: bool):
    asked = {"namespace": namespace, "verb": verb, "group": "coordination.k8s.io", "resource": "leases", "name": name}
    review = {"spec": {"user": OPERATOR, "resourceAttributes": asked}}
    answer = client.AuthorizationV1Api(installed.client).create_subject_access_review(review)
    assert answer.status.allowed is allowed


def test_the_operator_may_apply_all_that_it_renders(installed: ControlPlane):
    # Not as a dry run: a RoleBinding is checked against the Role that was applied just before it.
    installed.kubectl("create", "namespace", "plant")
    objects = children("plant")
    documents = "\n---\n".join(json.dumps(child) for child in objects)
    applied = installed.kubectl("apply", "--server-side", f"--as={OPERATOR}", "-f", "-", stdin=documents)
    assert applied.count("serverside-applied") == len(objects)
    installed.kubectl("delete", "namespace", "plant", "--wait=false")


def test_the_pod_is_welcome_where_security_is_strict(installed: ControlPlane):
    deployment = json.loads(installed.kubectl("get", "deployment", "andon", "-n", NAMESPACE, "-o", "json"))
    installed.kubectl("create", "namespace", "strict")
    installed.kubectl("label", "namespace", "strict", "pod-security.kubernetes.io/enforce=restricted")
    template = deployment["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "andon", "namespace": "strict"}, "spec": template["spec"]}
    pod["spec"]["serviceAccountName"] = "default"
    eventually(
        lambda: installed.kubectl("get", "serviceaccounts", "-n", "strict", "-o", "name"),
        lambda seen: "default" in seen,
        within=10,
    )
    installed.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))
    installed.kubectl("delete", "namespace", "strict", "--wait=false")


def test_who_may_view_a_namespace_sees_the_four_kinds(installed: ControlPlane):
    def view() -> str:
        return installed.kubectl("get", "clusterrole", "view", "-o", "json")

    eventually(view, lambda role: "modeldeployments" in role, within=10)


def children(namespace: str) -> list[Manifest]:
    source = DataSourceSpec(
        asset="reactor-1",
        opcua=OpcUa(endpoint="opc.tcp://plant.plant-a.svc:4840"),
        tags=[Tag(name="xmeas_1", node="nsu=urn:plant:tep;s=XMEAS_1")],
        landing=Landing(uri="pvc://landing/reactor"),
    )
    pipeline = TrainingPipelineSpec(
        data=TrainingData(source_refs=[NamedRef(name="reactor")], target="xmeas_1", every="3s"),
        features=[Feature(name="flow", tag="xmeas_2")],
        trainer=Trainer(builtin=Builtin(estimator=Estimator.RIDGE)),
        registry=Registry(mlflow=MlflowTarget(model="product-e")),
    )
    deployment = ModelDeploymentSpec(model=Model(mlflow=MlflowModel(name="product-e", version="1")))
    slots = Slots(namespace=namespace, deployment="product-e", stable=None)
    return [
        *collector(owner("DataSource", namespace), source, [], Images()),
        *server(owner("ModelDeployment", namespace), deployment, slots, Images()),
        *training_run(
            owner("TrainingPipeline", namespace),
            pipeline,
            source,
            job="train-1",
            fingerprint="f" * 12,
            mlflow="http://m",
            images=Images(),
        ),
    ]


def owner(kind: str, namespace: str) -> Owner:
    return Owner(kind=kind, namespace=namespace, name="product-e", uid="00000000-0000-4000-8000-000000000000")

"""A plant in a real API server: the objects as a user applied them, statuses and acknowledgements as controllers write them."""

import json
import os
import secrets
import subprocess
import sys
from dataclasses import dataclass

import pytest
from kubernetes.client import CustomObjectsApi

from andon.api import GROUP, VERSION, crd
from andon.api.kinds import KINDS
from andon.api.slots import SLOTS_KEY, Ack, SlotModel, Slots, config_hash
from andon.api.types import Revision
from andon.lab.controlplane import ControlPlane
from integration.api.conftest import install

ONE = Revision(version="1", digest="sha256:" + "1" * 64)
TWO = Revision(version="2", digest="sha256:" + "2" * 64)
SINCE = "2026-11-22T12:00:00.000000Z"
POD = "product-e-serve-0"
SPECS = {
    "DataSource": {
        "asset": "reactor-1",
        "opcua": {"endpoint": "opc.tcp://plant.plant-a.svc:4840"},
        "tags": [{"name": "xmeas_7", "node": "nsu=urn:plant:tep;s=XMEAS_7"}],
        "landing": {"uri": "pvc://landing/reactor"},
    },
    "TrainingPipeline": {
        "data": {"sourceRefs": [{"name": "reactor"}], "target": "xmeas_38", "every": "3s"},
        "features": [{"name": "xmeas_7", "tag": "xmeas_7"}],
        "trainer": {"builtin": {"estimator": "Ridge"}},
        "registry": {"mlflow": {"model": "product-e"}},
        "promotion": {"deploymentRef": {"name": "product-e"}},
    },
    "ModelDeployment": {
        "model": {"mlflow": {"name": "product-e", "version": "2"}},
        "inputs": {"sourceRefs": [{"name": "reactor"}], "every": "3s"},
        "rollout": {"steps": [{"shadow": {"minRows": 100}}, {"weight": 20, "minRows": 100}]},
    },
    "DriftPolicy": {"targetRef": {"name": "product-e"}},
}
JUDGED = "Version 2 scores the same rows as version 1. It answers 20 percent of them."
STATUSES = {
    "DataSource": {"conditions": [("Ready", "True", "Connected", "Every tag is read.")]},
    "TrainingPipeline": {
        "conditions": [("Ready", "True", "Trained", "Version 2 is registered.")],
        "trained": TWO.model_dump(),
    },
    "ModelDeployment": {
        "conditions": [("Ready", "False", "CandidateJudged", JUDGED), ("Reconciling", "True", "CandidateJudged", JUDGED)],
        "desired": TWO.model_dump(),
        "effective": ONE.model_dump(),
        "candidate": {**TWO.model_dump(), "step": "Weight", "index": 1, "since": SINCE, "fromRows": 100, "progress": "2/4"},
        "step": "Weight",
        "drift": "Healthy",
    },
    "DriftPolicy": {
        "conditions": [("Ready", "True", "Watching", "Evidence is read and judged.")],
        "verdict": "Healthy",
        "judged": TWO.model_dump(),
        "dataFaults": [{"tag": "xmeas_7", "fault": "Stuck", "since": SINCE}],
    },
}


@dataclass
class Plant:
    """One namespace with a family of four."""

    plane: ControlPlane
    namespace: str

    def create(self, kind: str, name: str, spec: dict) -> None:
        self._api().create_namespaced_custom_object(GROUP, VERSION, self.namespace, _plural(kind), _object(kind, name, spec))

    def write_status(self, kind: str, name: str, status: dict) -> None:
        """As controllers do. conditions: type, status, reason and message."""
        said = [
            {"type": t, "status": s, "reason": r, "message": m, "lastTransitionTime": SINCE, "observedGeneration": 1}
            for t, s, r, m in status.get("conditions", ())
        ]
        body = {"status": {"observedGeneration": 1, **status, **({"conditions": said} if said else {})}}
        self._api().patch_namespaced_custom_object_status(GROUP, VERSION, self.namespace, _plural(kind), name, body)

    def acknowledge(self, ack: Ack, orders: str) -> None:
        """As operator and server do."""
        labels = {"app.kubernetes.io/managed-by": "andon", "andon.dev/kind": "ModelDeployment", "andon.dev/name": "product-e"}
        for name, data in (("slots", {SLOTS_KEY: orders}), ("acks", {POD: ack.model_dump_json(by_alias=True)})):
            metadata = {"name": f"product-e-{name}", "labels": labels}
            document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
            self.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(document))

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self.plane.kubectl("-n", self.namespace, *arguments, stdin=stdin)

    def andon(self, *arguments, kubeconfig=None, **environment):
        """A command run as a user does, its output in a pipe."""
        everything = self.environment(kubeconfig) | environment
        command = [sys.executable, "-m", "andon.cli", *arguments]
        return subprocess.run(command, env=everything, capture_output=True, text=True, timeout=40, check=False)

    def environment(self, kubeconfig=None):
        return {**os.environ, "KUBECONFIG": str(kubeconfig or self.plane.kubeconfig), "COLUMNS": "80"}

    def _api(self) -> CustomObjectsApi:
        return CustomObjectsApi(self.plane.client)


def slot(revision: Revision) -> SlotModel:
    return SlotModel(version=revision.version, digest=revision.digest, model="file:///model.onnx")


def orders(namespace: str, weight: int = 20) -> str:
    return Slots(namespace=namespace, deployment="product-e", stable=slot(ONE), candidate=slot(TWO), weight=weight).text()


def ack(text: str, **more) -> Ack:
    given = {"config_hash": config_hash(text), "stable": ONE, "candidate": TWO, "weight": 20, "since": SINCE}
    return Ack(**given | more)


def build(plane: ControlPlane) -> Plant:
    """The four, in a namespace of their own."""
    install(plane, *(crd.definition(kind) for kind in KINDS))
    plant = Plant(plane, f"plant-{secrets.token_hex(3)}")
    plane.kubectl("create", "namespace", plant.namespace)
    for kind in KINDS:
        name = "reactor" if kind.name == "DataSource" else "product-e"
        plant.create(kind.name, name, SPECS[kind.name])
        plant.write_status(kind.name, name, STATUSES[kind.name])
    text = orders(plant.namespace)
    plant.acknowledge(ack(text), text)
    return plant


@pytest.fixture
def plant(control_plane):
    """One that a test may change."""
    made = build(control_plane)
    yield made
    control_plane.kubectl("delete", "namespace", made.namespace, "--wait=false")


@pytest.fixture(scope="module")
def still(control_plane):
    """One that nobody changes."""
    made = build(control_plane)
    yield made
    control_plane.kubectl("delete", "namespace", made.namespace, "--wait=false")


def _plural(kind: str) -> str:
    return next(k.plural for k in KINDS if k.name == kind)


def _object(kind: str, name: str, spec: dict) -> dict:
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": kind, "metadata": {"name": name}, "spec": spec}

"""A plant in a real API server: the objects as a user applied them, statuses and acknowledgements as controllers write them."""

import io
import os
import secrets
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest
from kubernetes.client import CoreV1Api, CustomObjectsApi

from andon.api import GROUP, VERSION, crd
from andon.api.kinds import KINDS
from andon.api.slots import SLOTS_KEY, Ack, SlotModel, Slots, config_hash
from andon.api.types import Revision
from andon.cli import main
from andon.lab.controlplane import ControlPlane
from integration.api.conftest import install
from support.documents import ONE, SINCE, SPECS, TWO, name_of, status_of
from support.eventually import eventually

POD = "product-e-serve-0"
LABELS = {"app.kubernetes.io/managed-by": "andon", "andon.dev/kind": "ModelDeployment", "andon.dev/name": "product-e"}
_APPLY = "application/apply-patch+yaml"


@dataclass
class Plant:
    """One namespace with a family of four."""

    plane: ControlPlane
    namespace: str

    def create(self, kind: str, name: str, spec: dict) -> None:
        self._api().create_namespaced_custom_object(GROUP, VERSION, self.namespace, _plural(kind), _object(kind, name, spec))

    def write_status(self, kind: str, name: str, status: dict) -> None:
        """As controllers do."""
        body = {"status": status}
        self._api().patch_namespaced_custom_object_status(GROUP, VERSION, self.namespace, _plural(kind), name, body)

    def runs(self, pod: str) -> None:
        """A server, as its controllers make it."""
        body = {"metadata": {"name": pod, "labels": LABELS}, "spec": {"containers": [{"name": "serve", "image": "none"}]}}
        api = CoreV1Api(self.plane.client)
        eventually(lambda: api.list_namespaced_service_account(self.namespace).items, within=20)
        api.create_namespaced_pod(self.namespace, body)

    def acknowledge(self, ack: Ack, orders: str) -> None:
        """As operator and server do."""
        for name, data in (("slots", {SLOTS_KEY: orders}), ("acks", {POD: ack.model_dump_json(by_alias=True)})):
            metadata = {"name": f"product-e-{name}", "labels": LABELS}
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
            api = CoreV1Api(self.plane.client)
            api.patch_namespaced_config_map(
                metadata["name"], self.namespace, body, field_manager="test", force=True, _content_type=_APPLY
            )

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self.plane.kubectl("-n", self.namespace, *arguments, stdin=stdin)

    def andon(self, *arguments, kubeconfig=None):
        """A command as a user types it, its output in a pipe; in this process, since starting one takes a second."""
        out, err = io.StringIO(), io.StringIO()
        given = [*arguments, "--kubeconfig", str(kubeconfig or self.plane.kubeconfig)]
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main(given)
        return subprocess.CompletedProcess(given, ended.value.code or 0, out.getvalue(), err.getvalue())

    def process(self, *arguments, **streams):
        """The same as a process of its own."""
        environment = {**os.environ, "KUBECONFIG": str(self.plane.kubeconfig), "TERM": "xterm-256color", "COLUMNS": "60"}
        return subprocess.Popen([sys.executable, "-m", "andon.cli", *arguments, "-n", self.namespace], env=environment, **streams)

    def _api(self) -> CustomObjectsApi:
        return CustomObjectsApi(self.plane.client)


def slot(revision: Revision) -> SlotModel:
    return SlotModel(version=revision.version, digest=revision.digest, model="file:///model.onnx")


def orders(namespace: str, weight: int = 20) -> str:
    return Slots(namespace=namespace, deployment="product-e", stable=slot(ONE), candidate=slot(TWO), weight=weight).text()


def ack(text: str, **more) -> Ack:
    given = {"config_hash": config_hash(text), "stable": ONE, "candidate": TWO, "weight": 20, "since": SINCE}
    return Ack(**given | more)


@pytest.fixture(scope="session")
def kinds(control_plane):
    """A cluster that knows the four kinds."""
    install(control_plane, *(crd.definition(kind) for kind in KINDS))
    return control_plane


def build(plane: ControlPlane) -> Plant:
    """The four, in a namespace of their own."""
    plant = Plant(plane, f"plant-{secrets.token_hex(3)}")
    CoreV1Api(plane.client).create_namespace({"metadata": {"name": plant.namespace}})
    for kind in KINDS:
        plant.create(kind.name, name_of(kind.name), SPECS[kind.name])
        plant.write_status(kind.name, name_of(kind.name), status_of(kind.name))
    plant.runs(POD)
    text = orders(plant.namespace)
    plant.acknowledge(ack(text), text)
    return plant


@pytest.fixture
def plant(kinds):
    """One that a test may change."""
    made = build(kinds)
    yield made
    CoreV1Api(kinds.client).delete_namespace(made.namespace)


@pytest.fixture(scope="module")
def still(kinds):
    """One that nobody changes."""
    made = build(kinds)
    yield made
    CoreV1Api(kinds.client).delete_namespace(made.namespace)


def _plural(kind: str) -> str:
    return next(k.plural for k in KINDS if k.name == kind)


def _object(kind: str, name: str, spec: dict) -> dict:
    return {"apiVersion": f"{GROUP}/{VERSION}", "kind": kind, "metadata": {"name": name}, "spec": spec}

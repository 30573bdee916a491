"""The four kinds in a real API server, and what it says to a document."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from kubernetes.client import ApiException, CustomObjectsApi

from andon.api import GROUP, VERSION, crd
from andon.api.kinds import KINDS, Kind
from andon.lab.controlplane import ControlPlane

Submit = Callable[..., Mapping[str, Any] | str]


@pytest.fixture(scope="session")
def cluster(control_plane: ControlPlane) -> ControlPlane:
    """With the CRDs established."""
    install(control_plane, *(crd.definition(kind) for kind in KINDS))
    return control_plane


@pytest.fixture
def submit(cluster: ControlPlane) -> Submit:
    """Asks the API server about an object without keeping it: the object as it would be stored, or the refusal as text."""
    api = CustomObjectsApi(cluster.client)

    def ask(kind: Kind, spec: object, name: str = "asked", **metadata: object) -> Mapping[str, Any] | str:
        body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": kind.name, "metadata": {"name": name, **metadata}, "spec": spec}
        try:
            stored: Mapping[str, Any] = api.create_namespaced_custom_object(
                GROUP, VERSION, "default", kind.plural, body, dry_run="All", field_validation="Strict"
            )
        except ApiException as error:
            if error.status not in (400, 422):
                raise
            return str(error.body)
        return stored

    return ask


def install(cluster: ControlPlane, *definitions: dict[str, Any]) -> None:
    """Apply CRDs and wait until they are served."""
    everything = json.dumps({"apiVersion": "v1", "kind": "List", "items": definitions})
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=everything)
    names = [f"crd/{definition['metadata']['name']}" for definition in definitions]
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=20s", *names)

"""Prometheus finds annotated pods; the registry answers by every name it is called by."""

import http.server
import threading
import time
from dataclasses import replace

import pytest
import requests
from kubernetes import client

from andon.lab.controlplane import ControlPlane
from andon.lab.network import Network
from andon.lab.prometheus import Prometheus
from support.eventually import eventually


def ask(url: str, body: dict | None = None, **headers: str) -> dict:
    response = requests.request("GET" if body is None else "POST", url, json=body, headers=headers, timeout=10)
    response.raise_for_status()
    return response.json()


class Metrics(http.server.BaseHTTPRequestHandler):
    """A collector, as far as Prometheus can tell."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/own/metrics" else 404)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b'andon_source_connected{namespace="of-the-object",datasource="reactor"} 1\n')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def exporter(network: Network):
    server = http.server.ThreadingHTTPServer((f"{network.prefix}.10.2", 8080), Metrics)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[0]
    server.shutdown()
    thread.join()
    server.server_close()


def pretend_running(plane: ControlPlane, name: str, address: str) -> None:
    """A pod whose status says Running, as a node would say; it is on a node that is not there."""
    annotations = {"prometheus.io/scrape": "true", "prometheus.io/port": "8080", "prometheus.io/path": "/own/metrics"}
    api = client.CoreV1Api(plane.client)
    pod = {
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"nodeName": "nowhere", "containers": [{"name": "c", "image": "i"}]},
    }
    eventually(lambda: api.list_namespaced_service_account("default").items, within=20)  # without it, pods are refused
    api.create_namespaced_pod("default", pod)
    api.patch_namespaced_pod_status(
        name, "default", {"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}
    )


def test_an_annotated_pod_is_scraped_and_keeps_its_own_labels(control_plane: ControlPlane, run, exporter: str) -> None:
    prometheus = Prometheus(control_plane, scrape="500ms")
    run(replace(prometheus.component(), needs=()))
    pretend_running(control_plane, "exporter", exporter)
    query = f"{prometheus.url}/api/v1/query?query=andon_source_connected"
    [series] = eventually(lambda: ask(query)["data"]["result"], within=20)
    labels = series["metric"]
    assert (labels["namespace"], labels["datasource"], labels["pod"]) == ("of-the-object", "reactor", "exporter")
    client.CoreV1Api(control_plane.client).delete_namespaced_pod("exporter", "default", grace_period_seconds=0)


@pytest.mark.timeout(120)
def test_the_registry_keeps_versions_and_files(mlflow_uri: str) -> None:
    api = f"{mlflow_uri}/api/2.0/mlflow"
    ask(f"{api}/registered-models/create", {"name": "kept-by-the-lab"}, Host="mlflow.lab.svc:5000")
    started = int(time.time() * 1000)
    created = ask(f"{api}/runs/create", {"experiment_id": "0", "start_time": started})["run"]["info"]
    place = created["artifact_uri"].removeprefix("mlflow-artifacts:/")
    file = f"{mlflow_uri}/api/2.0/mlflow-artifacts/artifacts/{place}/model.onnx"
    requests.put(file, b"bytes", timeout=10).raise_for_status()
    source = f"{created['artifact_uri']}/model.onnx"
    version = ask(f"{api}/model-versions/create", {"name": "kept-by-the-lab", "source": source, "run_id": created["run_id"]})
    assert version["model_version"]["version"] == "1"
    assert requests.get(file, timeout=10).content == b"bytes"

"""`andon doctor` as a user runs it: a real API server, and neighbours that are there, away or something else."""

import copy
import hashlib
import http.server
import json
import threading
from contextlib import contextmanager

import pytest
import yaml

from andon.api.exits import Exit
from andon.api.slots import SlotModel, Slots
from integration.operator.plant import Prometheus
from integration.serve.process import serving
from support.documents import status_of
from support.eventually import eventually
from unit.serve.models import linear


class Neighbour(http.server.BaseHTTPRequestHandler):
    """Answers everything with one document."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.answer).encode())

    def log_message(self, *_):
        """In silence."""


@pytest.fixture
def neighbour():
    server = http.server.HTTPServer(("127.0.0.1", 0), Neighbour)
    server.answer = {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


def checks(plant, *arguments, **more):
    done = plant.andon("doctor", "-n", plant.namespace, "-o", "json", *arguments, **more)
    return done.returncode, {c["check"]: (c["health"], c["message"], c["fix"]) for c in json.loads(done.stdout)["checks"]}


def test_what_is_well_and_what_is_not_known_here(still):
    code, found = checks(still)
    assert code == Exit.OK, found
    well = ["api server", "clock", "datasources", "modeldeployments", "right to read", "right to steer", "right to look closer"]
    assert [found[name][0] for name in well] == ["ok"] * len(well)
    assert (found["prometheus"][0], "--prometheus URL" in found["prometheus"][2]) == ("unknown", True)
    assert found["approvals"][0] == "warn"
    assert found["git of product-e"][:2] == ("warn", "it names no repository")


class Exporter:
    """A server's address, as Prometheus is told it."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"


@contextmanager
def prometheus(folder, host, port):
    """A real one that scrapes this port."""
    folder.mkdir()
    server = Prometheus(folder, host, Exporter(port))
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


async def test_a_server_that_is_scraped_is_seen_from_its_first_moment(still, tmp_path):
    model, slots = tmp_path / "model.onnx", tmp_path / "slots.json"
    model.write_bytes(linear())
    digest = f"sha256:{hashlib.sha256(model.read_bytes()).hexdigest()}"
    stable = SlotModel(version="1", digest=digest, model=model.as_uri())
    slots.write_text(Slots(namespace=still.namespace, deployment="product-e", stable=stable).text())
    named = {"ANDON_NAMESPACE": still.namespace, "ANDON_NAME": "product-e", "ANDON_POD": "product-e-0"}
    given = ("--slots", slots, "--acks", tmp_path / "acks.json")
    async with serving(tmp_path, *given, **named, ANDON_DATA=str(tmp_path / "data")) as server:
        with prometheus(tmp_path / "prometheus", still.plane.network.control, server.port) as url:
            eventually(lambda: checks(still, "--prometheus", url)[1]["scraping"][0], lambda health: health == "ok", within=10)
        with prometheus(tmp_path / "another", still.plane.network.control, 1) as url:
            health, said, _ = checks(still, "--prometheus", url)[1]["scraping"]
    assert (health, said) == ("warn", "no series of the servers of product-e")


def test_a_neighbour_that_is_away_or_another_fails_with_the_next_step(still, neighbour):
    code, found = checks(still, "--prometheus", neighbour.url, "--mlflow", "http://127.0.0.1:1")
    assert (code, found["prometheus"][0], found["mlflow"][0]) == (Exit.FAILED, "fail", "fail")
    assert "does not answer as Prometheus does" in found["prometheus"][1]
    assert "check config.mlflow.url" in found["mlflow"][2]


def test_who_may_read_only_is_told_the_rules_that_are_missing(still):
    stranger = still.plane.identity("stranger", "stranger")
    code, found = checks(still, kubeconfig=stranger)
    assert (code, found["right to read"][0], found["datasources"][0]) == (Exit.FAILED, "fail", "unknown")
    rule = '{apiGroups: ["andon.dev"], resources: [datasources], verbs: [get]}'
    assert f"a Role in namespace {still.namespace} must grant: {rule}" in found["right to read"][2]


def test_a_crd_of_another_version_is_named(plant):
    name = "driftpolicies.andon.dev"

    def read():
        return json.loads(plant.plane.kubectl("get", "crd", name, "-o", "json"))

    def replace(spec):
        version = read()["metadata"]["resourceVersion"]
        document = {**whole, "metadata": {"name": name, "resourceVersion": version}, "spec": spec}
        plant.plane.kubectl("replace", "-f", "-", stdin=json.dumps(document))

    whole = read()
    older = copy.deepcopy(whole["spec"])
    older["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"].pop("cooldown")
    try:
        replace(older)
        code, found = checks(plant)
        assert (code, found["driftpolicies"][0], "spec.cooldown" in found["driftpolicies"][1]) == (Exit.FAILED, "fail", True)
    finally:
        replace(whole["spec"])


def test_the_operators_own_configuration_has_its_repositories_tried(plant, tmp_path):
    plant.kubectl("patch", "mdep", "product-e", "--type=merge", "-p", '{"spec": {"git": {"repositoryRef": "plant-a"}}}')
    plant.write_status("ModelDeployment", "product-e", status_of("ModelDeployment"))
    entry = {"name": "plant-a", "url": "file:///nowhere", "namespaces": ["another"]}
    services = {"prometheus": {"url": "http://127.0.0.1:1"}, "mlflow": {"url": "http://127.0.0.1:1"}}
    file = tmp_path / "andon.yaml"
    file.write_text(yaml.safe_dump({**services, "repositories": [entry]}))
    assert f"not granted to {plant.namespace}" in checks(plant, "--config", str(file))[1]["git of product-e"][1]
    file.write_text(yaml.safe_dump({**services, "repositories": [{**entry, "namespaces": [plant.namespace]}]}))
    assert checks(plant, "--config", str(file))[1]["git of product-e"][0] == "fail"


def test_an_api_server_that_is_away_ends_it_at_once(still, tmp_path):
    away = tmp_path / "kubeconfig"
    away.write_text(still.plane.kubeconfig.read_text().replace(still.plane.network.control, "127.255.255.1"))
    code, found = checks(still, kubeconfig=away)
    assert (code, list(found), found["api server"][0]) == (Exit.FAILED, ["api server"], "fail")


def test_people_get_a_line_and_the_next_step_without_colour_in_a_pipe(still):
    done = still.andon("doctor", "-n", still.namespace)
    assert "\x1b" not in done.stdout
    assert "! approvals" in done.stdout
    assert "next: install the chart with approvals.enforce: true" in done.stdout

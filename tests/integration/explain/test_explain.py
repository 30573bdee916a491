"""`andon explain` as a user runs it: a real API server, a real Prometheus, and a server that answers where its Service does."""

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from kubernetes.client import CustomObjectsApi

from andon.api import GROUP, VERSION, crd
from andon.api.exits import Exit
from andon.api.kinds import KINDS
from andon.explain.prometheus import Ask, remembered
from integration.api.conftest import install
from integration.ports.conftest import NUMBERS, exporter, prometheus  # noqa: F401 - fixtures
from support.eventually import eventually
from support.odd import nobody

NAMESPACE = "plant-a"
MADE = datetime.now(UTC).replace(microsecond=0)
ID = "d-7f3a91c2de"
REVISIONS = {"from": {"version": "4", "digest": "sha256:" + "a" * 64}, "to": {"version": "3", "digest": "sha256:" + "b" * 64}}


def stamp(moment):
    return moment.isoformat().replace("+00:00", "Z")


DECISION = {
    "id": ID,
    "target": "e",
    "action": "Rollback",
    "authority": "Act",
    "verdict": "ModelRegression",
    "subjects": ["xmeas_7"],
    "since": stamp(MADE),
    "evidence": {
        "question": "paired",
        "rows": 420,
        "value": "at least 1.84 times the stable's error",
        "limit": "1.10",
        "firstBadRow": stamp(MADE - timedelta(minutes=5)),
        "scraped": stamp(MADE),
    },
    "summary": "Version 4 was rolled back to 3.",
    "checks": [{"name": "worse without labels", "outcome": "Answered", "saw": "It is worse (e = 2500)."}],
    **REVISIONS,
}
REPORT = {
    "evidence": [],
    "history": {
        "times": [MADE.timestamp() - 60, MADE.timestamp()],
        "deviation": [0.1, 0.2],
        "tags": {"xmeas_7": {"values": [2705.0, 2705.0], "told": [2704.0, 2709.0], "off": [0.1, 0.9]}},
    },
}


class Drift(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        body = json.dumps(REPORT).encode()
        self.send_response(200 if self.path == "/drift" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def cluster(control_plane):
    """A policy whose status holds a decision, and a Service at whose address something answers `/drift`."""
    install(control_plane, *(crd.definition(kind) for kind in KINDS))
    control_plane.kubectl("create", "namespace", NAMESPACE)
    policy = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "DriftPolicy",
        "metadata": {"name": "e"},
        "spec": {"targetRef": {"name": "e"}},
    }
    api = CustomObjectsApi(control_plane.client)
    api.create_namespaced_custom_object(GROUP, VERSION, NAMESPACE, "driftpolicies", policy)
    status = {"status": {"observedGeneration": 1, "decisions": [DECISION]}}
    api.patch_namespaced_custom_object_status(GROUP, VERSION, NAMESPACE, "driftpolicies", "e", status)
    control_plane.kubectl("-n", NAMESPACE, "create", "service", "clusterip", "e-serve", "--tcp=8080:8080")
    address = control_plane.kubectl("-n", NAMESPACE, "get", "service", "e-serve", "-o", "jsonpath={.spec.clusterIP}")
    with ThreadingHTTPServer((address, 8080), Drift) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield control_plane
        server.shutdown()


def andon(cluster, *arguments, **environment):
    command = [sys.executable, "-m", "andon.cli", "explain", *arguments]
    everything = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig), "COLUMNS": "200", **environment}
    return subprocess.run(command, env=everything, capture_output=True, text=True, timeout=30, check=False)


def test_a_decision_is_told_in_the_terminal(cluster):
    done = andon(cluster, ID, "-n", NAMESPACE)
    assert done.returncode == Exit.OK, done.stderr
    assert done.stdout.startswith("IT IS THE MODEL.\n")
    assert "Yes  Without lab results, is the new version worse" in done.stdout
    assert "e = " not in done.stdout


def test_an_unknown_decision_is_answered_with_the_known_ones(cluster):
    done = andon(cluster, "d-0000000000", "-n", NAMESPACE)
    assert done.returncode == Exit.FAILED
    assert ID in done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_draws_what_prometheus_and_the_server_remember(cluster, exporter, prometheus, tmp_path):  # noqa: F811
    exporter.export(**NUMBERS | {"log_e": 7.2, "value": 1.84})
    ask = Ask(NAMESPACE, "e", ("paired",), MADE, datetime.now(UTC) + timedelta(hours=1))
    eventually(lambda: remembered(prometheus, ask), lambda found: 7.2 in found.log_e.get(("paired", "candidate"), ()), within=15)
    page = tmp_path / "why.html"
    done = andon(cluster, ID, "-n", NAMESPACE, "-o", "json", "--html", str(page), ANDON_PROMETHEUS=prometheus)
    assert done.returncode == Exit.OK, done.stderr
    document = json.loads(done.stdout)
    titles = [plot["title"] for plot in document["plots"]]
    assert document["remarks"] == []
    assert len(titles) == 3
    assert titles[-1] == "xmeas_7, and what the other tags say of it"
    assert all(title in page.read_text() for title in titles if "'" not in title)


def test_without_prometheus_the_page_says_why_there_is_no_plot(cluster, tmp_path):
    page = tmp_path / "why.html"
    done = andon(cluster, ID, "-n", NAMESPACE, "--html", str(page), ANDON_PROMETHEUS="")
    assert done.returncode == Exit.OK, done.stderr
    assert "no Prometheus was named" in page.read_text()


def test_a_prometheus_that_is_away_stops_nothing(cluster, tmp_path):
    page = tmp_path / "why.html"
    with nobody() as address:
        done = andon(cluster, ID, "-n", NAMESPACE, "--html", str(page), "--prometheus", address)
    assert done.returncode == Exit.OK, done.stderr
    assert "cannot be reached" in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--html", "/nowhere/why.html"], "/nowhere/why.html: No such file or directory", id="page"),
        pytest.param(["-n", "nowhere"], "there is no decision", id="namespace"),
    ],
)
def test_what_a_user_got_wrong_is_named(cluster, arguments, said):
    done = andon(cluster, ID, "-n", NAMESPACE, *arguments)
    assert done.returncode == Exit.FAILED
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_who_may_not_read_is_told_so(cluster, tmp_path):
    stranger = cluster.identity("stranger", "stranger")
    done = andon(cluster, ID, "-n", NAMESPACE, KUBECONFIG=str(stranger))
    assert done.returncode == Exit.FAILED
    assert "does not let you read datasources in namespace plant-a" in done.stderr


def test_without_a_cluster_it_says_what_to_set(tmp_path: Path):
    command = [sys.executable, "-m", "andon.cli", "explain", ID]
    environment = {**os.environ, "KUBECONFIG": str(tmp_path / "none"), "HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == Exit.FAILED
    assert "set KUBECONFIG" in done.stderr
    assert "Traceback" not in done.stderr

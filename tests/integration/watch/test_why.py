"""`andon why` as a user runs it: a real API server, a real registry, and a server that answers where its Service does."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from andon.api.exits import Exit
from andon.watch.why.registry import Registered, registered
from support.documents import SINCE, TWO
from support.odd import nobody

TOKEN = "a-secret"
MANIFEST = {
    "data": {"files": [{"name": "a.parquet"}, {"name": "b.parquet"}]},
    "time": {"first": "2026-11-20T00:00:00Z", "last": "2026-11-21T00:00:00Z"},
    "split": {"fit": {"rows": 400}},
    "decision": "d-694dc5b356",
}


class Answers(BaseHTTPRequestHandler):
    """What a server says to `/why`; it remembers what it was asked, and wants a token where its path says so."""

    asked: list[int] = []  # noqa: RUF012 - one list for all requests

    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urlsplit(self.path)
        time = int(parse_qs(url.query)["time"][0])
        self.asked.append(time)
        if url.path == "/locked/why" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, {"error": "a bearer token is needed"})
        elif url.path == "/empty/why":
            self.answer(404, {"error": f"no prediction of {time} is kept"})
        else:
            self.answer(200, document(time))

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def document(time):
    prediction = {"time": time, "asset": "reactor-1", "slot": "candidate", "value": 1.503, "quality": "Good", "reason": None}
    parts = [{"feature": "xmeas_7", "tag": "xmeas_7", "value": 2705.0, "contribution": -0.4}]
    known = {"typical": 1.9, "remainder": 0.003, "profileDigest": "sha256:" + "9" * 64, "unexplained": None}
    return {"prediction": {**prediction, **TWO.model_dump()}, "contributions": parts, **known}


@contextmanager
def serving(address):
    with ThreadingHTTPServer(address, Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://{server.server_address[0]}:{server.server_address[1]}"
        server.shutdown()
        thread.join(timeout=5)


@pytest.fixture(scope="module")
def server():
    with serving(("127.0.0.1", 0)) as url:
        yield url


def why(plant, *arguments, time="-5m"):
    return plant.andon("why", "product-e", time, "-n", plant.namespace, *arguments)


def test_an_engineer_is_told_what_did_it(still, server):
    done = why(still, "--server", server)
    assert done.returncode == Exit.OK, done.stderr
    assert done.stdout.startswith("product-e: 1.503 (Good) for reactor-1 at ")
    assert "xmeas_7" in done.stdout
    assert "█│" in done.stdout
    assert f"digest   {TWO.digest}" in done.stdout


def test_the_row_that_is_asked_for_is_one_that_there_was(still, server):
    before = datetime.now(UTC) - timedelta(minutes=5)
    done = why(still, "--server", server, "-o", "json")
    time = json.loads(done.stdout)["prediction"]["time"]
    assert time == Answers.asked[-1]
    assert time % 3000 == 0
    assert abs(time / 1000 - before.timestamp()) < 60


def test_a_token_is_sent_where_one_is_needed(still, server, tmp_path):
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    done = why(still, "--server", f"{server}/locked", "--token-file", str(tmp_path / "token"))
    assert done.returncode == Exit.OK, done.stderr
    without = why(still, "--server", f"{server}/locked")
    assert (without.returncode, "a bearer token is needed" in without.stderr) == (Exit.FAILED, True)


def test_the_cluster_knows_where_the_server_is(plant):
    plant.kubectl("create", "service", "clusterip", "product-e-serve", "--tcp=8080:8080")
    address = plant.kubectl("get", "service", "product-e-serve", "-o", "jsonpath={.spec.clusterIP}")
    url = f"http://product-e-serve.{plant.namespace}.svc:8080/v2/models/product-e"
    people = [{**TWO.model_dump(), "since": SINCE, "by": "maria"}]
    plant.write_status("ModelDeployment", "product-e", {"url": url, "history": people})
    with serving((address, 8080)):
        done = why(plant)
    assert done.returncode == Exit.OK, done.stderr
    assert "served   since 2026-11-22 12:00:00 UTC, on the word of maria" in done.stdout


def test_a_server_out_of_reach_is_answered_with_the_way_to_it(still):
    done = why(still)
    assert done.returncode == Exit.FAILED
    assert f"kubectl port-forward -n {still.namespace} service/product-e-serve 8080:8080" in done.stderr
    assert "--server http://localhost:8080" in done.stderr


@pytest.mark.parametrize(
    ("time", "where", "code", "said"),
    [
        pytest.param("-5m", "/empty", Exit.FAILED, "is kept. Rows of product-e stand every 3s", id="a row that is not kept"),
        pytest.param("noon", "", Exit.USAGE, "'noon' is no time", id="no time"),
        pytest.param("2999-01-01T00:00:00Z", "", Exit.USAGE, "lies ahead", id="a time to come"),
    ],
)
def test_a_time_without_an_answer_is_named(still, server, time, where, code, said):
    done = why(still, "--server", f"{server}{where}", time=time)
    assert (done.returncode, said in " ".join(done.stderr.split())) == (code, True), done.stderr


def test_a_deployment_without_rows_has_nothing_to_explain(plant):
    plant.create("ModelDeployment", "asked", {"model": {"mlflow": {"name": "product-e", "version": "1"}}})
    done = plant.andon("why", "asked", "-5m", "-n", plant.namespace)
    assert (done.returncode, "has no inputs" in done.stderr) == (Exit.FAILED, True)


def test_a_registry_that_is_away_takes_nothing_from_the_answer(still, server):
    with nobody() as address:
        done = why(still, "--server", server, "--mlflow", address)
    assert done.returncode == Exit.OK, done.stderr
    assert "The registry tells nothing:" in done.stdout
    assert "xmeas_7" in done.stdout


@pytest.mark.timeout(120)
def test_the_registry_says_which_pipeline_and_which_data(mlflow_uri):
    def post(path, **body):
        answer = requests.post(f"{mlflow_uri}/api/2.0/mlflow/{path}", json=body, timeout=20)
        answer.raise_for_status()
        return answer.json()

    post("registered-models/create", name="traced")
    experiment = post("experiments/create", name="traced")["experiment_id"]
    run = post("runs/create", experiment_id=experiment)["run"]["info"]
    files = f"{mlflow_uri}/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run['run_id']}/artifacts"
    requests.put(f"{files}/manifest.json", data=json.dumps(MANIFEST), timeout=10).raise_for_status()
    tags = [{"key": "andon.pipeline", "value": "plant-a/product-e"}, {"key": "andon.spec", "value": "3f9c2a71be"}]
    post("model-versions/create", name="traced", source=run["artifact_uri"], run_id=run["run_id"], tags=tags)
    found = registered(mlflow_uri, "traced", "1")
    assert isinstance(found, Registered)
    assert found.manifest is not None
    assert found == Registered(
        pipeline="plant-a/product-e",
        spec="3f9c2a71be",
        manifest=found.manifest,
        rows=400,
        files=2,
        first="2026-11-20T00:00:00Z",
        last="2026-11-21T00:00:00Z",
        decision="d-694dc5b356",
    )
    assert registered(mlflow_uri, "traced", "2").reason == "Refused"

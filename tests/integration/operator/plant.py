"""A plant as far as the operator can tell: evidence in a real Prometheus, versions in a real MLflow, servers that acknowledge.

What servers and Jobs would do is done by the test, when it says so: that is how it stands between any two writes.
"""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
import yaml

from andon.api.slots import SLOTS_KEY, Ack, SlotModel, Slots, config_hash
from andon.api.types import Revision, short
from andon.lab import toolchain
from integration.operator.cluster import Cluster, ready
from integration.operator.test_weather import PIPELINE, SOURCE
from support.eventually import eventually

Start = Callable[[], subprocess.Popen[bytes]]
"""Starts an operator and waits until it is ready."""

MODEL = "product-e"
POD = "product-e-serve-0"


class Listener(ThreadingHTTPServer):
    """Exports what it is told to, and keeps what is posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.series: dict[str, float] = {}
        self.posted: list[dict[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


class _Answers(BaseHTTPRequestHandler):
    server: Listener

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        page = "".join(f"{series} {value}\n" for series, value in dict(self.server.series).items())
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(page.encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append(json.loads(body) | {"content-type": self.headers["Content-Type"]})
        self.send_response(204)
        self.end_headers()


class Prometheus:
    """A real one, that can be taken away and brought back."""

    def __init__(self, folder: Path, host: str, exporter: Listener) -> None:
        self.url = f"http://{host}:9090"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        scraped = {"job_name": "pods", "static_configs": [{"targets": [exporter.url.removeprefix("http://")]}]}
        config = {"global": {"scrape_interval": "250ms", "scrape_timeout": "250ms"}, "scrape_configs": [scraped]}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))

    def start(self) -> None:
        options = (
            f"--config.file={self._folder}/prometheus.yml",
            f"--storage.tsdb.path={self._folder}/data",
            f"--web.listen-address={self.url.removeprefix('http://')}",
        )
        with (self._folder / "prometheus.log").open("ab") as log:
            self._process = subprocess.Popen([str(toolchain.binary("prometheus")), *options], stdout=log, stderr=log)
        eventually(lambda: ready(f"{self.url}/-/ready"), within=30)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(15)
            self._process = None

    @contextmanager
    def away(self) -> Iterator[None]:
        self.stop()
        try:
            yield
        finally:
            self.start()


class Registry:
    """MLflow, with versions whose content has any digest."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.digests = {str(n): f"sha256:{n:064x}" for n in (1, 2, 3)}
        there = requests.get(f"{url}/api/2.0/mlflow/registered-models/get", params={"name": MODEL}, timeout=20)
        if not there.ok:  # one MLflow serves every module of a run
            self._register()

    def revision(self, version: str) -> Revision:
        return Revision(version=version, digest=self.digests[version])

    def _register(self) -> None:
        self._model("registered-models/create", name=MODEL)
        experiment = self._model("experiments/create", name=MODEL)["experiment_id"]
        for digest in self.digests.values():
            run = self._model("runs/create", experiment_id=experiment)["run"]["info"]
            tags = [{"key": "andon.digest", "value": digest}]
            self._model("model-versions/create", name=MODEL, source=run["artifact_uri"], run_id=run["run_id"], tags=tags)

    def _model(self, path: str, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/api/2.0/mlflow/{path}", json=body, timeout=20)
        assert answer.ok, answer.text
        return answer.json()


class Plant:
    """One namespace with a deployment `product-e`, what its server says of it, and its TrainingPipeline."""

    def __init__(self, cluster: Cluster, registry: Registry, listener: Listener, prometheus: Prometheus) -> None:
        self.cluster, self.registry, self.listener, self.prometheus = cluster, registry, listener, prometheus
        self.steps: list[dict[str, Any]] = []
        self.spec: dict[str, Any] = {}
        listener.series.clear()

    def deploy(self, version: str, *, steps: list[dict[str, Any]] | None = None, **spec: Any) -> None:
        """git names this version. steps: of the rollout; for the others below it stays as it was given first."""
        self.steps = steps or self.steps
        rollout = {"rollout": {"steps": self.steps, **spec.pop("rollout", {})}} if self.steps else {}
        self.spec |= spec
        named = {"model": {"mlflow": {"name": MODEL, "version": version}}}
        self.cluster.apply("ModelDeployment", MODEL, named | rollout | self.spec)

    def trains(self) -> str:
        """A pipeline whose spec has its version 1, used by the deployment; the name of its Job."""
        self.listener.series[
            f'andon_landing_records{{namespace="{self.cluster.namespace}",datasource="reactor",tag="xmeas_38"}}'
        ] = 500
        self.cluster.apply("DataSource", "reactor", SOURCE)
        self.cluster.apply("TrainingPipeline", MODEL, PIPELINE | {"promotion": {"deploymentRef": {"name": MODEL}}})
        (first,) = eventually(self.jobs, bool, within=30)
        self.ends(first, version="1")
        self.cluster.says("trainingpipeline", MODEL, "Trained")
        return first

    def jobs(self) -> list[str]:
        """Names of the Jobs that there are, oldest first."""
        found = self.cluster.kubectl("get", "jobs", "--sort-by=.metadata.creationTimestamp", "-o", "name")
        return [line.removeprefix("job.batch/") for line in found.split()]

    def ends(self, job: str, *, version: str | None = None, **failure: str) -> None:
        """The Job's pod ends with these last words: a version, or reason and message."""
        pod = eventually(
            lambda: self.cluster.kubectl("get", "pods", "-l", f"batch.kubernetes.io/job-name={job}", "-o", "name").strip(),
            within=30,
        )
        words = {"version": version, "digest": self.registry.digests[version], "metrics": {}} if version else failure
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ended = {"exitCode": 0 if version else 1, "message": json.dumps(words), "startedAt": now, "finishedAt": now}
        container = {"name": "train", "image": "none", "imageID": "", "ready": False, "restartCount": 0}
        status = {
            "phase": "Succeeded" if version else "Failed",
            "containerStatuses": [container | {"state": {"terminated": ended}}],
        }
        self.cluster.kubectl("patch", pod, "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))

    def watch(self, name: str = "watch", **spec: Any) -> None:
        quick = {"targetRef": {"name": MODEL}, "interval": "500ms", "evidence": {"minRows": 20}}
        self.cluster.apply("DriftPolicy", name, quick | spec)

    def status(self, kind: str = "modeldeployment", name: str = MODEL) -> dict[str, Any]:
        return self.cluster.get(kind, name).get("status", {})

    def slots(self) -> Slots | None:
        data = self.cluster.get("configmap", f"{MODEL}-slots").get("data", {})
        return Slots.model_validate_json(data[SLOTS_KEY]) if SLOTS_KEY in data else None

    def told(self, stable: str, candidate: str | None = None) -> Slots:
        """The slots, once they name these versions."""
        held = eventually(self.slots, lambda s: s is not None and _versions(s) == (stable, candidate), within=20)
        assert held is not None
        return held

    def acknowledge(self, pod: str = POD) -> None:
        """The server does as it was told and says so."""
        slots = self.slots()
        assert slots is not None
        ack = Ack(
            config_hash=config_hash(slots.text()), stable=_revision(slots.stable), candidate=_revision(slots.candidate),
            reference=_revision(slots.reference), weight=slots.weight, since=datetime.now(UTC),
        )  # fmt: skip
        if not self.cluster.get("pod", pod):
            labels = {"app.kubernetes.io/managed-by": "andon", "andon.dev/kind": "ModelDeployment", "andon.dev/name": MODEL}
            spec = {"containers": [{"name": "serve", "image": "none"}], "nodeSelector": {"andon.dev/never": "here"}}
            document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod, "labels": labels}, "spec": spec}
            self.cluster.kubectl("apply", "-f", "-", stdin=json.dumps(document))
        patch = json.dumps({"data": {pod: ack.model_dump_json(by_alias=True)}})
        self.cluster.kubectl("patch", "configmap", f"{MODEL}-acks", "--type=merge", "-p", patch)

    def runs(self) -> str:
        """The server's pod runs and is ready, as its kubelet would say it; its name."""
        name = f"pod -l app.kubernetes.io/component=serve,andon.dev/name={MODEL} -o name".split()
        pod = eventually(lambda: self.cluster.kubectl("get", *name).strip(), within=30).removeprefix("pod/")
        status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        self.cluster.kubectl("patch", "pod", pod, "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))
        return pod

    def annotate(self, **words: str) -> None:
        """A person says so; an empty word takes it back."""
        said = [f"andon.dev/{word}={value}" if value else f"andon.dev/{word}-" for word, value in words.items()]
        self.cluster.kubectl("annotate", "--overwrite", "modeldeployment", MODEL, *said)

    def reaches(self, step: str) -> Slots:
        """Once the rollout is in this step, and the server does as it is told there."""
        eventually(lambda: self.status().get("step"), lambda seen: seen == step, within=20)
        self.acknowledge()
        slots = self.slots()
        assert slots is not None
        return slots

    def serves(self, version: str) -> None:
        """It serves this version and nothing is judged."""
        self.deploy(version)
        self.answers(version)

    def answers(self, version: str, pod: str = POD) -> None:
        """The version that git names answers, and its evidence is sound."""
        self.told(version)
        self.acknowledge(pod)
        eventually(lambda: self.status().get("effective", {}).get("version"), lambda v: v == version, within=20)
        self.says(version, "stuck", "xmeas_7", log_e=-5.0)
        self.says(version, "fit", "rows", log_e=0.0, value=1.0)

    def judges(self, version: str, beside: str = "1") -> None:
        """A candidate is scored beside the stable."""
        self.deploy(version)
        self.told(beside, version)
        self.acknowledge()

    def says(self, version: str, question: str, subject: str, *, log_e: float, rows: int = 400, value: float = 3.0) -> None:
        """The server's evidence about a revision."""
        labels = {
            "namespace": self.cluster.namespace, "deployment": MODEL, "revision": short(self.registry.digests[version]),
            "profile": "bbbbbbbb", "question": question, "subject": subject,
        }  # fmt: skip
        named = ",".join(f'{key}="{text}"' for key, text in labels.items())
        numbers = {"log_e": log_e, "rows": rows, "block": rows // 20, "epoch": 1795000000, "value": value}
        self.listener.series |= {f"andon_evidence_{name}{{{named}}}": number for name, number in numbers.items()}

    def is_healthy(self, version: str, rows: int) -> None:
        """With labels a candidate is as good as the stable."""
        self.says(version, "loss", "candidate", log_e=-20.0, rows=rows, value=1.0)
        self.says(version, "loss-equal", "candidate", log_e=20.0, rows=rows, value=1.0)

    def convicts(self, version: str) -> None:
        """With labels a candidate is far worse than the stable."""
        self.says(version, "loss", "candidate", log_e=20.0)

    def drifts(self, version: str) -> None:
        """With labels what serves errs far more than it did, on quiet inputs."""
        self.says(version, "error", "stable", log_e=20.0)

    def decisions(self, policy: str = "watch", action: str | None = None) -> list[dict[str, Any]]:
        found = self.status("driftpolicy", policy).get("decisions", [])
        return [d for d in found if action in {None, d["action"]}]

    def decided(self, action: str, policy: str = "watch", count: int = 1) -> dict[str, Any]:
        """The newest decision of this action, once there are so many."""
        return eventually(lambda: self.decisions(policy, action), lambda found: len(found) == count, within=20)[-1]

    def acted(self, state: str, kind: str = "modeldeployment") -> dict[str, Any]:
        """The newest decision acted on, once it is in this state."""
        found = eventually(
            lambda: self.status(kind).get("decisions", []), lambda d: bool(d) and d[-1]["state"] == state, within=20
        )
        return found[-1]

    def events(self, reason: str) -> list[dict[str, Any]]:
        """Told beside the objects of this namespace, for this reason."""
        found = json.loads(self.cluster.kubectl("get", "events.events.k8s.io", "-o", "json"))["items"]
        return [e for e in found if e["reason"] == reason]

    def approve(self, kind: str, decision: str, user: str = "jane") -> None:
        self.cluster.kubectl("annotate", "--overwrite", kind, MODEL, f"andon.dev/approve={decision}/{user}")


def _versions(slots: Slots) -> tuple[str | None, str | None]:
    return tuple(slot.version if slot else None for slot in (slots.stable, slots.candidate))  # type: ignore[return-value]


def _revision(slot: SlotModel | None) -> Revision | None:
    return slot.revision if slot else None

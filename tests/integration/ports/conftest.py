"""A real Prometheus that scrapes what a test exports."""

import asyncio
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from andon.api.config import Prometheus
from andon.lab import toolchain
from andon.ports.metrics import PrometheusMetrics
from andon.ports.missing import Missing
from support.eventually import eventually
from support.odd import nobody

RULES = Path(__file__).resolve().parents[3] / "charts" / "andon" / "rules"
KEY = 'namespace="plant-a",deployment="e",revision="aaaaaaaaaaaa",profile="bbbbbbbb",question="paired",subject="candidate"'
NUMBERS = {"log_e": 3.5, "rows": 300, "block": 10, "epoch": 1795000000, "value": 1.4}


class Exporter(ThreadingHTTPServer):
    """A server of models, as far as Prometheus can tell: `page` is what it exports, None makes the scrape fail."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Page)
        self.page = ""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def export(self, landed=None, more=(), **numbers):
        lines = [f"andon_evidence_{name}{{{KEY}}} {value}" for name, value in numbers.items()]
        if landed is not None:
            lines.append(f'andon_landing_records{{namespace="plant-a",datasource="reactor",tag="xmeas_1"}} {landed}')
        self.page = "\n".join([*lines, *more, ""])


class Page(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(500 if self.server.page is None else 200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write((self.server.page or "").encode())


@pytest.fixture(scope="session")
def exporter():
    exporter = Exporter()
    exporter.export(landed=2500, **NUMBERS)
    yield exporter
    exporter.shutdown()
    exporter.server_close()


@pytest.fixture(scope="session")
def prometheus(exporter, tmp_path_factory):
    """A real Prometheus that scrapes the exporter every 250 ms; its address."""
    folder = tmp_path_factory.mktemp("prometheus")
    with nobody() as free:
        address = free
    host = address.removeprefix("http://")
    exported = {"job_name": "pods", "static_configs": [{"targets": [f"127.0.0.1:{exporter.server_address[1]}"]}]}
    configuration = {
        "global": {"scrape_interval": "250ms", "scrape_timeout": "250ms", "evaluation_interval": "250ms"},
        "rule_files": [f"{RULES}/*.yaml"],
        "scrape_configs": [exported],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={host}"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([str(toolchain.binary("prometheus")), *options], stdout=log, stderr=log) as process,
    ):
        try:
            eventually(lambda: sees(address), lambda found: not isinstance(found, Missing), within=30)
            yield address
        finally:
            process.terminate()


@pytest.fixture
def fresh(exporter):
    """Every test finds the same exports, whatever the one before made of them."""
    exporter.export(landed=2500, **NUMBERS)
    return exporter


def sees(address, question=PrometheusMetrics.evidence):
    async def ask():
        metrics = PrometheusMetrics(Prometheus(url=address))
        try:
            return await question(metrics)
        finally:
            metrics.close()

    return asyncio.run(ask())

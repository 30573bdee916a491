"""A real `andon serve` process, and what its clients see."""

import asyncio
import os
import signal
import socket
import sys
import time

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from andon.api.slots import Ack, Slots


def orders(stable, candidate=None, rows=None, margin=0.10, delay=None, **more):
    """The text of slots.json. rows: address of the rows, if any are to be scored. delay: of labels, if there are any.

    more: what else there is in it, as `Slots` has it.
    """
    labels = {"url": rows.replace("/rows", "/labels"), "delay": delay} if delay else None
    inputs = {"rows": rows, "every": "200ms", "max_age": "2s", "labels": labels} if rows else None
    whose = {"namespace": "plant-a", "deployment": "product-e"}
    return Slots(**whose, stable=stable, candidate=candidate, inputs=inputs, evidence={"margin": margin}, **more).text()


class Server:
    """One process in a folder. Stopped and started again it finds what it left there."""

    def __init__(self, folder, session):
        self.folder = folder
        self.session = session
        self.slots = folder / "slots.json"
        self.acks = folder / "acks.json"
        self.secrets = folder / "secrets"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    async def start(self, **environment):
        """Start it, with orders from the file, or with a KUBECONFIG from the cluster."""
        given = {
            "ANDON_NAMESPACE": "plant-a",
            "ANDON_NAME": "product-e",
            "ANDON_POD": "product-e-0",
            "ANDON_LISTEN": f"127.0.0.1:{self.port}",
            "ANDON_DATA": str(self.folder / "data"),
            "ANDON_SECRETS": str(self.secrets),
        }
        arguments = () if environment else ("--slots", str(self.slots), "--acks", str(self.acks))
        with (self.folder / "server.log").open("ab") as log:
            command = (sys.executable, "-m", "andon.cli", "serve", *arguments)
            self.process = await asyncio.create_subprocess_exec(
                *command, stdout=log, stderr=log, env=os.environ | given | environment
            )
        await self.until(lambda: self.get("/v2/health/live"), within=20)

    def order(self, stable, candidate=None, rows=None, **changes):
        """Write orders, whole."""
        part = self.slots.with_suffix(".part")
        part.write_text(orders(stable, candidate, rows, **changes))
        part.rename(self.slots)

    async def stop(self, number=signal.SIGTERM):
        """End it; its exit code and the seconds it took."""
        begun = time.monotonic()
        self.process.send_signal(number)
        code = await asyncio.wait_for(self.process.wait(), 12)
        self.process = None
        return code, time.monotonic() - begun

    async def get(self, path):
        async with self.session.get(self.url + path) as response:
            return response.status, await response.json()

    async def infer(self, *rows, path="/v2/models/product-e/infer"):
        """Status, answer and the revision that gave it."""
        given = {"name": "rows", "shape": [len(rows), 3], "datatype": "FP32", "data": rows}
        async with self.session.post(self.url + path, json={"inputs": [given]}) as response:
            return response.status, await response.json(), response.headers.get("andon-revision")

    async def metrics(self):
        """Samples as {(name, label values by name…): value}."""
        async with self.session.get(f"{self.url}/metrics") as response:
            families = text_string_to_metric_families(await response.text())
            return [sample for family in families for sample in family.samples]

    async def evidence(self, question, subject="candidate"):
        """One answer, as {"log_e": …}; empty while there is none."""
        wanted = {"question": question, "subject": subject}.items()
        return {s.name.removeprefix("andon_evidence_"): s.value for s in await self.metrics() if wanted <= s.labels.items()}

    async def number(self, name, **labels):
        """The value of one sample, 0 while it is not there."""
        return next((s.value for s in await self.metrics() if s.name == name and labels.items() <= s.labels.items()), 0)

    async def ack(self):
        return Ack.model_validate_json(self.acks.read_text()) if self.acks.exists() else None

    async def until(self, look, holds=bool, within=10.0):
        """What look() gave once it holds."""
        deadline, seen = time.monotonic() + within, None
        while True:
            try:
                seen = await look()
                if holds(seen):
                    return seen
            except aiohttp.ClientError as error:
                seen = error
            assert time.monotonic() < deadline, f"not so within {within} s; last seen: {seen!r}\n{self.log()}"
            await asyncio.sleep(0.02)

    def log(self):
        return (self.folder / "server.log").read_text()[-3000:]

"""Orders and acknowledgements through a real API server, under the rights that a deployment's service account has."""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from andon.api.slots import Ack, config_hash
from andon.lab.controlplane import ControlPlane
from andon.lab.crew import Crew
from andon.lab.network import Claim
from integration.serve.server import orders
from integration.serve.wire import Wire
from unit.serve.models import linear, slot
from unit.serve.references import a_profile

pytestmark = pytest.mark.lab

PROFILE = a_profile()
ACCOUNT = "system:serviceaccount:plant-a:product-e-serve"


def named(kind, name, api="v1", **rest):
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "plant-a"}} | rest


def rights():
    """What the operator renders for a deployment: one object to watch, one to patch, which it creates without data."""
    rbac = "rbac.authorization.k8s.io"
    allowed = [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["product-e-slots"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["product-e-acks"], "verbs": ["get", "patch"]},
    ]
    subject = {"kind": "ServiceAccount", "name": "product-e-serve", "namespace": "plant-a"}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "plant-a"}},
        named("ServiceAccount", "product-e-serve"),
        named("Role", "product-e-serve", f"{rbac}/v1", rules=allowed),
        named(
            "RoleBinding",
            "product-e-serve",
            f"{rbac}/v1",
            roleRef={"apiGroup": rbac, "kind": "Role", "name": "product-e-serve"},
            subjects=[subject],
        ),
        named("ConfigMap", "product-e-acks"),
    ]


class Operator:
    """The operator's side of the two ConfigMaps."""

    def __init__(self, plane, folder: Path):
        self.plane = plane
        self.kubeconfig = folder / "kubeconfig.json"
        items = json.dumps({"apiVersion": "v1", "kind": "List", "items": rights()})
        plane.kubectl("delete", "configmap", "product-e-acks", "-n", "plant-a", "--ignore-not-found")
        plane.kubectl("apply", "--server-side", "-f", "-", stdin=items)
        (folder / "token").write_text(plane.kubectl("create", "token", "product-e-serve", "-n", "plant-a").strip())
        self.reach_by(plane.url)

    def reach_by(self, url):
        """Write the server's kubeconfig."""
        authority = str(self.plane.authority.certificate)
        document = {
            "clusters": [{"name": "c", "cluster": {"server": url, "certificate-authority": authority}}],
            "users": [{"name": "u", "user": {"tokenFile": "token"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        self.kubeconfig.write_text(json.dumps(document))

    async def order(self, text):
        """Write slots.json."""
        path = "/api/v1/namespaces/plant-a/configmaps/product-e-slots"
        body = named("ConfigMap", "product-e-slots", data={"slots.json": text})
        await asyncio.to_thread(self.plane.apply, path, body)

    async def acks(self):
        """The object that servers write."""
        return await asyncio.to_thread(self.plane.read, "/api/v1/namespaces/plant-a/configmaps/product-e-acks")

    async def ack(self):
        """What the one server says."""
        text = (await self.acks()).get("data", {}).get("product-e-0")
        return Ack.model_validate_json(text) if text else None

    def writes(self):
        """How often the server's account wrote, by the API server's own count."""
        entries = [json.loads(line) for line in self.plane.audit_log.read_text().splitlines() if line.endswith("}")]
        return sum(entry["user"]["username"] == ACCOUNT for entry in entries)


@pytest.fixture
def operator(control_plane, tmp_path):
    return Operator(control_plane, tmp_path)


async def acknowledged(server, operator, text):
    """The acknowledgement of exactly these orders, once their stable answers."""
    wanted = json.loads(text)["stable"]["digest"]
    return await server.until(
        operator.ack, lambda ack: ack and ack.config_hash == config_hash(text) and ack.stable and ack.stable.digest == wanted
    )


async def test_orders_are_watched_and_acknowledged_with_no_more_rights_than_that(server, operator, tmp_path):
    one, two = slot(tmp_path, "1", linear(), PROFILE), slot(tmp_path, "2", linear(bias=1.0), PROFILE)
    both, only_two = orders(one, two), orders(two)
    await server.start(KUBECONFIG=str(operator.kubeconfig))
    await operator.order(both)
    ack = await server.until(operator.ack, lambda ack: ack and ack.stable and ack.candidate)
    assert (ack.stable, ack.candidate, ack.config_hash) == (one.revision, two.revision, config_hash(both))
    managers = {entry["manager"]: entry["fieldsV1"] for entry in (await operator.acks())["metadata"]["managedFields"]}
    assert managers["andon-serve/product-e-0"] == {"f:data": {"f:product-e-0": {}}}

    begun = time.monotonic()
    await operator.order(only_two)
    await server.until(lambda: server.infer([1, 1, 1]), lambda seen: seen[1]["model_version"] == "2")
    print(f"\nfrom kubectl to the first answer: {1000 * (time.monotonic() - begun):.0f} ms")
    await acknowledged(server, operator, only_two)

    settled = operator.writes()
    await operator.order(only_two)
    await asyncio.sleep(2)
    assert operator.writes() == settled, "nothing changed, so nothing is written"


async def test_an_api_server_that_is_away_stops_no_request_and_is_found_again(server, operator, tmp_path):
    one, two = slot(tmp_path, "1", linear(), PROFILE), slot(tmp_path, "2", linear(bias=1.0), PROFILE)
    there = urlsplit(operator.plane.url)
    wire = Wire(there.hostname, there.port)
    await wire.join()
    operator.reach_by(f"https://{there.hostname}:{wire.end}")
    await operator.order(orders(one))
    await server.start(KUBECONFIG=str(operator.kubeconfig))
    await acknowledged(server, operator, orders(one))

    await wire.cut()
    await operator.order(orders(two))
    await server.until(lambda: asyncio.to_thread(server.log), lambda log: "watch of product-e-slots" in log)
    assert (await server.infer([1, 1, 1]))[1]["model_version"] == "1"

    await wire.join()
    await acknowledged(server, operator, orders(two))
    await wire.cut()


class WithoutWatchList(ControlPlane):
    """An API server that begins no watch with what there is, as Kubernetes 1.33 does by itself."""

    def _apiserver_command(self):
        command = super()._apiserver_command()
        return replace(command, argv=(*command.argv, "--feature-gates=WatchList=false"))


@pytest.fixture
def older_plane(tmp_path):
    claim = Claim.take()
    plane = WithoutWatchList(tmp_path / "plane", claim.network)
    crew = Crew([one for one in plane.components() if one.name in {"etcd", "kube-apiserver"}], tmp_path / "plane")
    try:
        crew.start()
        yield plane
    finally:
        crew.stop()
        claim.release()


async def test_an_api_server_that_streams_no_lists_gives_orders_all_the_same(server, older_plane, tmp_path):
    operator = Operator(older_plane, tmp_path)
    one, two = slot(tmp_path, "1", linear(), PROFILE), slot(tmp_path, "2", linear(bias=1.0), PROFILE)
    await operator.order(orders(one))
    await server.start(KUBECONFIG=str(operator.kubeconfig))
    await acknowledged(server, operator, orders(one))
    await operator.order(orders(two))
    await acknowledged(server, operator, orders(two))

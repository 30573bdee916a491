"""A ModelDeployment's servers as they are applied: what a spec asks for, and what no spec can change."""

from typing import Any

import pytest

from andon.api.config import Images
from andon.api.deployment import ModelDeploymentSpec
from andon.api.slots import Slots
from andon.render.workloads import Owner, server

OWNER = Owner("ModelDeployment", "plant-a", "m", "uid-1")
MODEL = {"mlflow": {"name": "m", "version": "1"}}
ROWS = {"inputs": {"sourceRefs": [{"name": "reactor"}], "every": "3s"}}
SLOTS = Slots(namespace="plant-a", deployment="m", stable=None)


def rendered(**spec: Any) -> dict[str, dict[str, Any]]:
    manifests = server(OWNER, ModelDeploymentSpec.model_validate({"model": MODEL} | spec), SLOTS, Images())
    return {m["kind"]: m for m in manifests}


def pod(**spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = rendered(**spec)["Deployment"]["spec"]["template"]["spec"]
    return found


def environment(**spec: Any) -> dict[str, str]:
    return {e["name"]: e["value"] for e in pod(**spec)["containers"][0]["env"] if "value" in e}


def test_without_rows_servers_are_rolled_and_keep_nothing():
    found = rendered(replicas=3)
    assert found["Deployment"]["spec"]["replicas"] == 3
    assert found["Deployment"]["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
    }
    assert "PersistentVolumeClaim" not in found
    assert "emptyDir" in pod(replicas=3)["volumes"][0]


def test_with_rows_there_is_one_with_a_volume_of_its_own():
    found = rendered(**ROWS)
    assert (found["Deployment"]["spec"]["replicas"], found["Deployment"]["spec"]["strategy"]) == (1, {"type": "Recreate"})
    assert pod(**ROWS)["volumes"][0]["persistentVolumeClaim"]["claimName"] == found["PersistentVolumeClaim"]["metadata"]["name"]


@pytest.mark.parametrize(("replicas", "guarded"), [(0, False), (1, False), (2, True)])
def test_more_than_one_server_is_guarded_from_being_drained_at_once(replicas, guarded):
    budget = rendered(replicas=replicas).get("PodDisruptionBudget")
    assert (budget is not None) is guarded
    if budget is not None:
        labels = rendered(replicas=replicas)["Deployment"]["spec"]["template"]["metadata"]["labels"]
        assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert budget["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize(
    ("onnx", "expected"),
    [({}, {"http": 8080}), ({"grpc": False}, {"http": 8080}), ({"grpc": True}, {"http": 8080, "grpc": 9000})],
)
def test_each_protocol_asked_for_has_a_named_port_on_the_service_and_an_address_in_the_pod(onnx, expected):
    spec = {"runtime": {"onnx": onnx}}
    service, container = rendered(**spec)["Service"], pod(**spec)["containers"][0]
    ports = {p["name"]: p["containerPort"] for p in container["ports"]}
    assert {p["name"]: p["targetPort"] for p in service["spec"]["ports"]} == ports == expected
    told = environment(**spec)
    assert told["ANDON_LISTEN"] == "$(POD_IP):8080"
    assert told.get("ANDON_GRPC") == ("$(POD_IP):9000" if "grpc" in expected else None)


def test_a_server_goes_on_answering_until_its_clients_have_been_sent_elsewhere():
    stays = pod()["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert 0 < stays < pod()["terminationGracePeriodSeconds"] - 10, "what is left is for the ten seconds of its own end"


def test_each_secret_is_mounted_once_under_its_name():
    outputs = [{"mqtt": {"brokerRef": {"name": "line"}, "topic": t}} for t in ("a", "b")]
    outputs.append({"http": {"url": "https://mes.example", "tokenRef": {"name": "mes"}}})
    access = {"tlsRef": {"name": "tls"}, "tokenRef": {"name": "mes"}}
    spec: dict[str, Any] = {**ROWS, "outputs": outputs, "access": access}
    volumes = {v["name"]: v["secret"]["secretName"] for v in pod(**spec)["volumes"] if "secret" in v}
    mounts = {m["mountPath"]: volumes[m["name"]] for m in pod(**spec)["containers"][0]["volumeMounts"] if m["name"] in volumes}
    assert mounts == {f"/etc/andon/secrets/{name}": name for name in ("line", "mes", "tls")}
    said = environment(**spec)
    assert said["ANDON_TLS"] == "/etc/andon/secrets/tls"
    assert said["ANDON_TOKEN_FILE"] == "/etc/andon/secrets/mes/token"


@pytest.mark.parametrize(("access", "scheme"), [({}, "HTTP"), ({"tlsRef": {"name": "tls"}}, "HTTPS")])
def test_who_looks_in_speaks_as_the_server_does(access, scheme):
    container = pod(access=access)["containers"][0]
    assert {container[f"{probe}Probe"]["httpGet"]["scheme"] for probe in ("readiness", "liveness")} == {scheme}
    annotations = rendered(access=access)["Deployment"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/scheme"] == scheme.lower()


def test_the_clusters_business_goes_into_the_pod():
    given = {
        "resources": {"cpu": "1", "memory": "256Mi", "memoryLimit": "1Gi"},
        "tolerations": [{"key": "edge", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"nodes": [{"key": "arch", "operator": "In", "values": ["arm64"]}], "spread": "zone"},
        "imagePullSecrets": [{"name": "registry"}],
        "priorityClassName": "production",
    }
    found = pod(pod=given, placement={"nodeSelector": {"tier": "edge"}})
    (container,) = found["containers"]
    assert container["resources"] == {"requests": {"cpu": "1", "memory": "256Mi"}, "limits": {"memory": "1Gi"}}
    assert found["tolerations"] == given["tolerations"]
    terms = found["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert terms == [{"matchExpressions": given["affinity"]["nodes"]}]
    (apart,) = found["topologySpreadConstraints"]
    assert (apart["topologyKey"], apart["whenUnsatisfiable"]) == ("zone", "ScheduleAnyway")
    assert (found["imagePullSecrets"], found["priorityClassName"]) == ([{"name": "registry"}], "production")
    assert found["nodeSelector"] == {"tier": "edge"}


def test_who_fetches_model_files_is_given_the_registrys_keys():
    (container,) = pod(pod={"registrySecretRef": {"name": "models"}})["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": "models"}}]


def test_what_is_not_asked_for_is_not_there():
    found = pod()
    assert "envFrom" not in found["containers"][0]
    assert found.keys().isdisjoint({"tolerations", "affinity", "imagePullSecrets", "priorityClassName", "nodeSelector"})
    assert environment().keys().isdisjoint({"ANDON_TLS", "ANDON_TOKEN_FILE"})


def test_every_pod_is_restricted_whatever_the_spec():
    found = pod(**ROWS, pod={"priorityClassName": "system-node-critical"})
    (container,) = found["containers"]
    assert found["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }

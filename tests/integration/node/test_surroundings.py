"""What a pod finds around it: configuration, volumes, other Services, its own identity."""

import json
import signal
import time
from typing import Any

import pytest

from support.eventually import eventually

from .conftest import Machine, alive, pod

ECHO_CONFIG = "import sys, time\nwhile True: print(open(sys.argv[1]).read(), flush=True); time.sleep(0.1)"
FOR_EVER = "import signal; signal.pause()"


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def succeeded(machine: Machine, name: str) -> str:
    """What the pod wrote, once it has ended well."""
    eventually(lambda: machine.pod(name)["status"], lambda status: status["phase"] == "Succeeded", within=15)
    said = machine.log(name)
    machine.plane.kubectl("delete", f"pod/{name}")
    return said


def test_a_changed_config_map_reaches_the_mounted_file(machine: Machine) -> None:
    mount = {"volumeMounts": [{"name": "config", "mountPath": "/etc/app"}], "args": ["/etc/app/greeting"]}
    volumes = [{"name": "config", "configMap": {"name": "greeting"}}]
    machine.apply(config_map("greeting", greeting="hello"), pod("reader", ECHO_CONFIG, container=mount, volumes=volumes))
    eventually(lambda: machine.log("reader"), lambda text: "hello" in text, within=10)
    machine.apply(config_map("greeting", greeting="goodbye"))
    eventually(lambda: machine.log("reader"), lambda text: "goodbye" in text, within=5)
    machine.plane.kubectl("delete", "pod/reader")


def test_a_pod_waits_for_its_config_map_and_says_so(machine: Machine) -> None:
    mount = {"volumeMounts": [{"name": "config", "mountPath": "/etc/app"}], "args": ["/etc/app/greeting"]}
    volumes = [{"name": "config", "configMap": {"name": "later"}}]
    machine.apply(pod("early", "import sys; print(open(sys.argv[1]).read())", container=mount, volumes=volumes))
    eventually(lambda: machine.container("early"), lambda c: "configmaps later not found" in str(c.get("state")), within=10)
    machine.apply(config_map("later", greeting="at last"))
    assert succeeded(machine, "early") == "at last\n"


def test_environment_comes_from_the_pod_config_maps_and_secrets(machine: Machine) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"token": "s3cret"}}
    env = [
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}},
        {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "level"}}},
        {"name": "ALL", "value": "$(POD)/$(TOKEN)/$(LEVEL)"},
    ]
    machine.apply(
        secret, config_map("settings", level="7"), pod("env", "import os; print(os.environ['ALL'])", container={"env": env})
    )
    assert succeeded(machine, "env") == "env/s3cret/7\n"


def test_optional_secrets_are_files_with_the_mode_of_their_volume(machine: Machine) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "git"}, "stringData": {"password": "s3cret"}}

    def optional(name: str) -> dict[str, object]:
        items = [{"key": key, "path": f"{name}/{key}"} for key in ("username", "password")]
        return {"secret": {"name": name, "optional": True, "items": items}}

    sources = [optional("git"), optional("absent")]
    mount = {"name": "keys", "mountPath": "/var/run/secrets/andon.dev"}
    script = (
        "import pathlib, sys; folder = pathlib.Path(sys.argv[1]) / 'git'; file = folder / 'password'\n"
        "print(sorted(f.name for f in folder.iterdir()), file.read_text(), oct(file.stat().st_mode & 0o777))"
    )
    volume = {"name": "keys", "projected": {"defaultMode": 0o400, "sources": sources}}
    container = {"volumeMounts": [mount], "args": [mount["mountPath"]]}
    machine.apply(secret, pod("keys", script, container=container, volumes=[volume]))
    assert succeeded(machine, "keys") == "['password'] s3cret 0o400\n"


def test_a_claim_is_provisioned_and_shared_by_two_pods(machine: Machine) -> None:
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Mi"}}}
    mount = {"volumeMounts": [{"name": "data", "mountPath": "/landing"}], "env": [{"name": "LANDING", "value": "/landing/rows"}]}
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "landing"}}]
    write = pod("writer", "import os; open(os.environ['LANDING'], 'w').write('42')", container=mount, volumes=volumes)
    machine.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "landing"}, "spec": spec}, write)
    assert not succeeded(machine, "writer")
    machine.apply(pod("taker", "import os; print(open(os.environ['LANDING']).read())", container=mount, volumes=volumes))
    assert succeeded(machine, "taker") == "42\n"

    folder = next((machine.folder / "volumes").glob("default_landing_*"))
    machine.plane.kubectl("delete", "pvc/landing", "--timeout=10s")
    eventually(folder.exists, lambda there: not there, within=10)


def test_a_pod_is_its_service_account_and_no_more(machine: Machine) -> None:
    script = """
import kubernetes, os
kubernetes.config.load_kube_config(os.environ["KUBECONFIG"])
core = kubernetes.client.CoreV1Api()
print([m.metadata.name for m in core.list_namespaced_config_map("default").items if m.metadata.name == "kube-root-ca.crt"])
try: core.list_namespaced_secret("default")
except kubernetes.client.ApiException as error: print(error.status, error.body)
"""
    metadata = {"name": "reading", "namespace": "default"}
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}
    role_ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reading"}
    machine.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "librarian"}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata, "rules": [rule]},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata, "roleRef": role_ref,
         "subjects": [{"kind": "ServiceAccount", "name": "librarian", "namespace": "default"}]},
    )  # fmt: skip
    machine.apply(pod("who", script, serviceAccountName="librarian"))
    said = succeeded(machine, "who").splitlines()
    assert said[0] == "['kube-root-ca.crt']"
    assert said[1].startswith("403 ")
    assert "system:serviceaccount:default:librarian" in said[1]


def test_names_of_services_are_handed_over_as_addresses(machine: Machine) -> None:
    spec = {"ports": [{"port": 5000}], "selector": {"app": "nobody"}}
    url = "http://mlflow.default.svc.cluster.local:5000/x"
    mount = {
        "env": [{"name": "URL", "value": url}],
        "args": ["/etc/app/url"],
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}],
    }
    script = "import os, sys; print(os.environ['URL'], open(sys.argv[1]).read())"
    volumes = [{"name": "config", "configMap": {"name": "urls"}}]
    machine.apply(
        config_map("urls", url="opc.tcp://mlflow.default.svc:4840"), pod("caller", script, container=mount, volumes=volumes)
    )
    eventually(lambda: machine.container("caller"), lambda c: "ServiceNotFound" in str(c.get("state")), within=10)
    machine.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "mlflow"}, "spec": spec})
    address = machine.get("service", "mlflow")["spec"]["clusterIP"]
    assert succeeded(machine, "caller") == f"http://{address}:5000/x opc.tcp://{address}:4840\n"


def test_mount_paths_are_handed_over_in_arguments_environment_and_config(machine: Machine) -> None:
    mounts = [{"name": "config", "mountPath": "/etc/app"}, {"name": "cache", "mountPath": "/var/cache/app"}]
    mount = {
        "volumeMounts": mounts,
        "env": [{"name": "DIR", "value": "/var/cache/app/x"}],
        "args": ["--config=/etc/app/settings"],
    }
    volumes = [{"name": "config", "configMap": {"name": "paths"}}, {"name": "cache", "emptyDir": {}}]
    script = """
import os, sys
configured = open(sys.argv[1].removeprefix("--config=")).read()
os.makedirs(os.environ["DIR"]); print(os.path.isdir(configured))
"""
    machine.apply(config_map("paths", settings="/var/cache/app/x"), pod("paths", script, container=mount, volumes=volumes))
    assert succeeded(machine, "paths") == "True\n"


def test_a_pod_starts_without_a_service_that_never_comes(machine: Machine) -> None:
    machine.apply(pod("alone", "import sys; print(sys.argv[1])", container={"args": ["http://never.default.svc"]}))
    assert succeeded(machine, "alone") == "http://never.default.svc\n"


def test_a_killed_node_leaves_no_process_and_starts_its_pods_anew(machine: Machine) -> None:
    script = "import os, signal; print(os.fork(), flush=True); signal.pause()"
    machine.apply(pod("phoenix", script, restartPolicy="Always"), pod("mortal", FOR_EVER))
    eventually(lambda: [machine.container(name).get("ready") for name in ("phoenix", "mortal")], all, within=10)
    child = eventually(lambda: [int(word) for word in machine.log("phoenix").split() if word != "0"], within=5)[0]
    pids = [machine.pid("phoenix"), machine.pid("mortal"), child]
    assert all(map(alive, pids))

    machine.kill_node()
    eventually(lambda: [pid for pid in pids if alive(pid)], lambda left: not left, within=5)
    machine.start_node()

    again = eventually(lambda: machine.container("phoenix"), lambda c: c["restartCount"] == 1 and c["ready"], within=15)
    assert again["lastState"]["terminated"]["reason"] == "ContainerStatusUnknown"
    eventually(lambda: machine.pod("mortal")["status"]["phase"], lambda phase: phase == "Failed", within=10)
    machine.plane.kubectl("delete", "pod/phoenix", "pod/mortal")


@pytest.mark.scenario
def test_a_settled_node_writes_nothing_but_its_lease(machine: Machine) -> None:
    probe = {"exec": {"command": ["true"]}, "periodSeconds": 1}
    machine.apply(
        pod("quiet", FOR_EVER, container={"readinessProbe": probe}), pod("lost", "", container={"image": "acme/none:9"})
    )
    eventually(lambda: machine.container("quiet").get("ready"), within=10)
    eventually(lambda: "ImagePullBackOff" in str(machine.container("lost")), within=10)
    before = writes(machine)
    time.sleep(12)  # longer than a Lease period: what is looked for is that nothing happens
    after = writes(machine)[len(before) :]
    assert {what for what in after if what != "leases"} == set()
    assert "leases" in after
    machine.plane.kubectl("delete", "pod/quiet", "pod/lost")


def writes(machine: Machine) -> list[str]:
    """The resources that the node has written so far, from the audit log."""
    events = map(json.loads, machine.plane.audit_log.read_text().splitlines())
    return [event["objectRef"]["resource"] for event in events if event["user"]["username"] == f"system:node:{machine.name}"]


def test_a_node_heals_when_it_was_given_up(machine: Machine) -> None:
    condition = {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}
    body = f'{{"status": {{"conditions": [{str(condition).replace(chr(39), chr(34))}]}}}}'
    machine.plane.kubectl("patch", "node", machine.name, "--subresource=status", "--type=strategic", "-p", body)
    eventually(lambda: machine.plane.kubectl("get", "nodes"), lambda text: " Ready " in text, within=15)


def test_a_stopped_node_ends_its_processes(machine: Machine) -> None:
    machine.apply(pod("last", FOR_EVER, restartPolicy="Always"))
    eventually(lambda: machine.container("last").get("ready"), within=10)
    before, pid = machine.container("last"), machine.pid("last")
    node = machine.running.pop("node")
    node.send_signal(signal.SIGTERM)
    assert node.wait(10) == 0
    assert not alive(pid)
    machine.start_node()
    eventually(
        lambda: machine.container("last"),
        lambda now: now.get("ready") and now.get("containerID") not in {None, before["containerID"]},
        within=15,
    )
    machine.plane.kubectl("delete", "pod/last")

"""What a pod may count on when a process node runs it."""

import json
import os
import signal
import urllib.request
from typing import Any

from support.eventually import eventually

from .conftest import Machine, alive, pod

SERVER = """
import http.server, os, sys, signal
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ["HOSTNAME"].encode())
    def log_message(self, *_): pass
http.server.HTTPServer((os.environ["POD_IP"], 8080), Answer).serve_forever()
"""
FOR_EVER = "import signal; signal.pause()"
POD_IP = {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}


def deployment(name: str, replicas: int = 1) -> dict[str, Any]:
    probe = {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1}
    ports = [{"name": "http", "containerPort": 8080}]
    container = {"env": [POD_IP], "ports": ports, "readinessProbe": probe, "livenessProbe": probe}
    template = pod(name, SERVER, container=container, restartPolicy="Always")
    template = {"metadata": template["metadata"], "spec": template["spec"]}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def service(name: str) -> dict[str, Any]:
    spec = {"selector": {"app": name}, "ports": [{"port": 8080, "targetPort": "http"}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def fetch(address: str) -> str:
    try:
        with urllib.request.urlopen(f"http://{address}:8080/", timeout=2) as response:
            return str(response.read().decode())
    except OSError as error:
        return repr(error)


def test_a_deployment_is_served_healed_and_leaves_nothing_behind(machine: Machine) -> None:
    machine.apply(deployment("web"), service("web"))
    machine.plane.kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=20s", limit=25)
    address = machine.get("service", "web")["spec"]["clusterIP"]
    name = eventually(lambda: fetch(address), lambda text: text.startswith("web-"), within=5)

    first = machine.pid(name)
    os.kill(first, signal.SIGKILL)
    again = eventually(lambda: machine.container(name), lambda c: c["restartCount"] == 1 and c["ready"], within=10)
    assert again["lastState"]["terminated"]["exitCode"] == 137
    assert eventually(lambda: fetch(address), lambda text: text == name, within=5)

    second = machine.pid(name)
    machine.plane.kubectl("delete", "deployment/web", "--cascade=foreground", "--timeout=20s", limit=25)
    assert not alive(first)
    assert not alive(second)
    assert not list((machine.state / "pods").glob("default_web-*"))
    assert "refused" in eventually(lambda: fetch(address), lambda text: "refused" in text, within=5)


def test_a_service_shares_connections_among_ready_pods(machine: Machine) -> None:
    machine.apply(deployment("pair", replicas=2), service("pair"))
    machine.plane.kubectl("wait", "--for=condition=Available", "deployment/pair", "--timeout=20s", limit=25)
    address = machine.get("service", "pair")["spec"]["clusterIP"]
    eventually(lambda: {fetch(address) for _ in range(4)}, lambda names: len(names) == 2, within=5)
    machine.plane.kubectl("delete", "deployment/pair", "service/pair")


def test_a_job_completes_and_says_what_it_did(machine: Machine) -> None:
    script = 'import os; open(os.environ["ANDON_TERMINATION_LOG"], "w").write(\'{"version": "3"}\'); print("trained")'
    template = {"spec": pod("train", script)["spec"]}
    machine.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "train"}, "spec": {"template": template}})
    machine.plane.kubectl("wait", "--for=condition=Complete", "job/train", "--timeout=20s", limit=25)
    done = machine.get("pods", "-l", "job-name=train")["items"][0]
    ended = done["status"]["containerStatuses"][0]["state"]["terminated"]
    assert json.loads(ended["message"]) == {"version": "3"}
    assert ended["exitCode"] == 0
    assert machine.log(done["metadata"]["name"]) == "trained\n"
    machine.plane.kubectl("delete", "job/train")


def test_a_container_that_fails_again_and_again_waits_longer_each_time(machine: Machine) -> None:
    machine.apply(pod("crash", "raise SystemExit(3)", restartPolicy="Always"))
    eventually(lambda: machine.waiting("crash").get("reason"), lambda reason: reason == "CrashLoopBackOff", within=10)
    seen = machine.container("crash")
    assert seen["lastState"]["terminated"]["exitCode"] == 3
    eventually(lambda: machine.container("crash"), lambda c: c["restartCount"] >= 3, within=10)
    assert machine.pod("crash")["status"]["phase"] == "Running"
    machine.plane.kubectl("delete", "pod/crash")


def test_a_failed_pod_that_must_not_restart_has_failed(machine: Machine) -> None:
    machine.apply(pod("failing", "raise SystemExit(4)"))
    failed = eventually(lambda: machine.pod("failing"), lambda p: p["status"]["phase"] == "Failed", within=10)
    assert failed["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 4
    machine.plane.kubectl("delete", "pod/failing")


def test_an_unknown_image_cannot_be_pulled_and_says_what_to_do(machine: Machine) -> None:
    machine.apply(pod("unknown", "", container={"image": "acme/none:9"}))
    waiting = eventually(lambda: machine.waiting("unknown"), lambda w: w.get("reason") == "ImagePullBackOff", within=10)
    assert '"acme/none:9" has no command on this node' in waiting["message"]
    assert "--images" in waiting["message"]
    machine.plane.kubectl("delete", "pod/unknown")


def test_a_container_whose_liveness_probe_fails_is_started_anew(machine: Machine) -> None:
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}
    machine.apply(pod("ill", FOR_EVER, container={"livenessProbe": probe}, restartPolicy="Always"))
    seen = eventually(lambda: machine.container("ill"), lambda c: c.get("restartCount", 0) >= 1, within=15)
    assert "liveness probe failed: false exited with 1" in seen["lastState"]["terminated"]["message"]
    machine.plane.kubectl("delete", "pod/ill")


def test_a_pod_is_ready_only_after_its_startup_probe_passed(machine: Machine) -> None:
    script = "import os, time, signal; time.sleep(2); open('up', 'w'); signal.pause()"
    probe = {"exec": {"command": ["test", "-e", "up"]}, "periodSeconds": 1, "failureThreshold": 9}
    machine.apply(pod("slow", script, container={"startupProbe": probe}))
    early = eventually(lambda: machine.container("slow"), lambda c: "running" in c.get("state", {}), within=10)
    assert (early["started"], early["ready"]) == (False, False)
    eventually(lambda: machine.container("slow"), lambda c: c["started"] and c["ready"], within=10)
    machine.plane.kubectl("delete", "pod/slow")


def test_a_process_that_ignores_sigterm_is_killed_after_its_grace_period_with_its_children(machine: Machine) -> None:
    script = "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.fork(), flush=True); signal.pause()"
    machine.apply(pod("stubborn", script, terminationGracePeriodSeconds=1))
    words = eventually(lambda: machine.log("stubborn").split(), lambda words: len(words) == 2, within=30)
    pids = [machine.pid("stubborn"), *(int(word) for word in words if word != "0")]
    machine.plane.kubectl("delete", "pod/stubborn", "--timeout=10s", limit=15)
    assert not any(map(alive, pids))


def test_a_process_sees_nothing_of_the_labs_own_environment(machine: Machine) -> None:
    machine.apply(pod("clean", "import os; print('SECRET_OF_THE_LAB' in os.environ, os.getcwd() == os.environ['HOME'])"))
    eventually(lambda: machine.pod("clean"), lambda p: p["status"]["phase"] == "Succeeded", within=10)
    assert machine.log("clean") == "False True\n"
    machine.plane.kubectl("delete", "pod/clean")

"""`andon tree` as a user runs it: once, and live by real watches."""

import json
import os
import pty
import re
import signal
import subprocess
from contextlib import contextmanager

import pytest

from andon.api.exits import Exit
from integration.watch.conftest import POD, ack, orders
from support.documents import ONE, TWO, status_of
from support.eventually import eventually


def test_the_same_tree_whichever_of_the_family_is_named(still):
    trees = {still.andon("tree", name, "-n", still.namespace).stdout for name in ("product-e", "reactor", "dpol/product-e")}
    assert len(trees) == 1
    assert [line.strip(" └├│─").split("  ")[0] for line in trees.pop().splitlines() if "●" in line] == [
        "● DataSource reactor",
        "● TrainingPipeline product-e",
        "● slot stable",
        f"● server {POD}",
        "● DriftPolicy product-e",
    ]


def test_a_program_gets_every_field(still):
    document = json.loads(still.andon("tree", "product-e", "-n", still.namespace, "-o", "json").stdout)
    deployment = document["trees"][0]["children"][0]["children"][0]
    assert [(node["kind"], node["name"]) for node in deployment["children"]] == [
        ("slot", "stable"),
        ("slot", "candidate"),
        ("server", POD),
        ("DriftPolicy", "product-e"),
    ]
    assert deployment["children"][0]["digest"] == ONE.digest
    assert document["trouble"] is None


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("nobody", Exit.FAILED, "there is no object of Andon named nobody in namespace"),
        ("dsrc/product-e", Exit.FAILED, "there is no DataSource product-e in namespace"),
        ("pod/product-e", Exit.USAGE, "none of Andon's kinds"),
    ],
)
def test_what_is_not_there_is_named(still, name, code, said):
    done = still.andon("tree", name, "-n", still.namespace)
    assert (done.returncode, said in " ".join(done.stderr.split())) == (code, True), done.stderr


def test_who_may_not_read_configmaps_sees_the_rest(still):
    still.kubectl(
        "create",
        "role",
        "viewer",
        "--verb=get,list,watch",
        "--resource="
        + ",".join(f"{plural}.andon.dev" for plural in ("datasources", "trainingpipelines", "modeldeployments", "driftpolicies")),
    )
    still.kubectl("create", "rolebinding", "viewer", "--role=viewer", "--user=viewer")
    done = still.andon("tree", "product-e", "-n", still.namespace, kubeconfig=still.plane.identity("viewer", "viewer"))
    assert done.returncode == Exit.OK, done.stderr
    assert "slot stable" in done.stdout
    assert POD not in done.stdout
    assert "Servers are not shown: the API server does not let you read configmaps" in done.stdout


@contextmanager
def watching(plant, *arguments):
    """The command while it runs."""
    with plant.process("tree", "product-e", "--watch", *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def next_deployment(process):
    """The deployment's node in the next line: one comes with each change, and blocks the test until its time-out else."""
    return json.loads(process.stdout.readline())["trees"][0]["children"][0]["children"][0]


def test_each_change_is_one_line_and_what_changes_nothing_is_none(plant):
    with watching(plant, "-o", "json") as process:
        assert next_deployment(process)["children"][1]["progress"] == "2/4"
        plant.kubectl("annotate", "modeldeployment", "product-e", "plant.example/note=nothing")
        candidate = status_of("ModelDeployment")["candidate"]
        plant.write_status("ModelDeployment", "product-e", {"candidate": {**candidate, "progress": "3/4"}})
        assert next_deployment(process)["children"][1]["progress"] == "3/4"
        text = orders(plant.namespace, weight=50)
        plant.acknowledge(ack(text, weight=50), text)
        lines = [next_deployment(process)]
        if lines[-1]["children"][2]["current"] is False:  # the orders were seen before the server's word
            lines.append(next_deployment(process))
        assert lines[-1]["children"][0]["weight"] == 50
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == Exit.OK
        assert process.stderr.read() == b""


def test_a_server_whose_pod_goes_leaves_the_picture_though_its_word_stays(plant):
    with watching(plant, "-o", "json") as process:
        assert POD in [child["name"] for child in next_deployment(process)["children"]]
        plant.kubectl("delete", "pod", POD, "--grace-period=0", "--force")
        assert POD not in [child["name"] for child in next_deployment(process)["children"]]
    assert POD in json.loads(plant.kubectl("get", "configmap", "product-e-acks", "-o", "json"))["data"]


def test_what_is_deleted_is_gone_from_the_picture(plant):
    with watching(plant, "-o", "json") as process:
        next_deployment(process)
        plant.kubectl("delete", "driftpolicy", "product-e")
        assert "DriftPolicy" not in [child["kind"] for child in next_deployment(process)["children"]]
        plant.kubectl("delete", "modeldeployment,trainingpipeline", "product-e")
        last = eventually(lambda: json.loads(process.stdout.readline()), lambda seen: not seen["trees"], within=10)
        assert "any more" in last["trouble"]


def test_in_a_terminal_there_is_one_live_picture(plant):
    ours, theirs = pty.openpty()
    process = plant.process("tree", "product-e", "--watch", stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        seen = _read_until(ours, b"Stuck since")
        plant.write_status("ModelDeployment", "product-e", {"effective": TWO.model_dump(), "candidate": None})
        seen += _read_until(ours, b"slot stable")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == Exit.OK
        seen += os.read(ours, 65536)
        assert b"\x1b[?25h" in seen, "the cursor is given back"
        assert b"Traceback" not in seen
    finally:
        process.kill()
        process.wait(10)
        os.close(ours)


def _read_until(terminal, wanted):
    seen = b""
    while wanted not in _plain(seen):
        seen += os.read(terminal, 65536)
    return seen


def _plain(seen):
    return re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", seen)

"""What others wrote, read so that it stops nobody."""

import json
from typing import Any

import pytest

from andon.api.policy import DriftPolicyStatus
from andon.api.slots import Ack, Slots
from andon.api.types import Revision
from andon.controllers.acks import acknowledged
from andon.controllers.deployment import _held
from andon.controllers.objects import others_status, waiting_message
from andon.controllers.pipeline import _Failure, _outcome

DIGEST = "sha256:" + "1" * 64
ACK = Ack.model_validate({"configHash": "abc", "stable": {"version": "1", "digest": DIGEST}, "since": "2026-01-02T00:00:00Z"})


def pod(name: str = "a-1", phase: str = "Running", **more: Any) -> dict[str, Any]:
    status = {"phase": phase, **{k: v for k, v in more.items() if k != "metadata"}}
    return {"kind": "Pod", "metadata": {"name": name, **more.get("metadata", {})}, "status": status}


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"kind": "ConfigMap", "metadata": {"name": name}, "data": data}


@pytest.mark.parametrize(
    ("dead", "counts"),
    [
        pytest.param(pod("b"), True, id="a second pod that runs"),
        pytest.param(pod("b", "Failed", reason="Evicted"), False, id="evicted: it stays for weeks"),
        pytest.param(pod("b", metadata={"deletionTimestamp": "2026-01-02T00:00:00Z"}), False, id="deleted on a lost node"),
    ],
)
def test_only_pods_that_live_acknowledge(dead, counts):
    said = config_map("m-acks", a=ACK.model_dump_json(by_alias=True), b=ACK.model_dump_json(by_alias=True))
    assert set(acknowledged([pod("a"), dead, said], "m")) == ({"a", "b"} if counts else {"a"})


@pytest.mark.parametrize("text", ["", "{", "{}", '{"configHash": 1}', "[]"])
def test_what_makes_no_sense_is_not_there_and_raises_nothing(text):
    assert acknowledged([pod("a"), config_map("m-acks", a=text)], "m") == {}
    assert _held([config_map("m-slots", **{"slots.json": text})], "m") is None


def test_slots_are_read_back_as_they_were_written():
    slots = Slots(namespace="p", deployment="m", stable=None)
    assert _held([config_map("m-slots", **{"slots.json": slots.text()})], "m") == slots


def test_a_status_of_a_newer_operator_says_nothing_to_others():
    assert others_status({"status": {"verdict": "SomethingNew"}}, DriftPolicyStatus) == DriftPolicyStatus()


@pytest.mark.parametrize(
    ("children", "says"),
    [
        pytest.param([], "no pod yet", id="nothing there"),
        pytest.param([pod(phase="Failed")], "no pod yet", id="only an evicted one"),
        pytest.param(
            [pod(phase="Pending", conditions=[{"type": "PodScheduled", "status": "False", "message": "0/2 nodes match."}])],
            "pod a-1 fits no node: 0/2 nodes match",
            id="no node fits",
        ),
        pytest.param(
            [pod(containerStatuses=[{"image": "x:1", "state": {"waiting": {"reason": "ErrImagePull", "message": "3 s"}}}])],
            "pod a-1: image x:1 cannot be pulled",
            id="no image, pulling",
        ),
        pytest.param(
            [pod(containerStatuses=[{"image": "x:1", "state": {"waiting": {"reason": "ImagePullBackOff"}}}])],
            "pod a-1: image x:1 cannot be pulled",
            id="no image, waiting: the same words",
        ),
        pytest.param(
            [
                pod(
                    containerStatuses=[
                        {"restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "40 s"}}}
                    ]
                )
            ],
            "pod a-1 ends and is started again: `kubectl logs --previous a-1` says why",
            id="crashes, waiting",
        ),
        pytest.param(
            [pod(containerStatuses=[{"restartCount": 4, "state": {"running": {}}}])],
            "pod a-1 ends and is started again: `kubectl logs --previous a-1` says why",
            id="crashes, running: the same words",
        ),
        pytest.param([pod()], "pod a-1 is Running and not ready", id="not ready yet"),
    ],
)
def test_why_a_pod_is_not_ready(children, says):
    assert waiting_message(children) == says


@pytest.mark.parametrize(
    ("last_words", "outcome"),
    [
        pytest.param(
            json.dumps({"version": "3", "digest": DIGEST, "metrics": {"rmse": 0.1}}),
            Revision(version="3", digest=DIGEST),
            id="ok",
        ),
        pytest.param('{"reason": "GateFailed", "message": "rmse"}', _Failure(reason="GateFailed", message="rmse"), id="a gate"),
        pytest.param('{"reason": "GateFa', None, id="cut off"),
        pytest.param("{'a': 1}: a log that begins like JSON", None, id="killed: the end of its log"),
        pytest.param('{"digest": "sha256:12"}', None, id="no version"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_last_words_of_a_run(last_words, outcome):
    metadata = {"creationTimestamp": "2026-01-02T00:00:00Z", "labels": {"batch.kubernetes.io/job-name": "j"}}
    ended = pod(metadata=metadata, containerStatuses=[{"state": {"terminated": {"message": last_words}}}])
    assert _outcome("j", [ended]) == outcome

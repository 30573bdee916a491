"""Whose acknowledgements are cleared away."""

from datetime import UTC, datetime, timedelta
from typing import Any

from andon.api.slots import Ack
from andon.controllers.acks import KEPT, acknowledged, departed

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def pod(name: str, phase: str = "Running") -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": name}, "status": {"phase": phase}}


def said(*pods: str) -> dict[str, Any]:
    """Each a minute after the one before."""
    acks = {
        p: Ack(config_hash="a" * 12, since=NOW + timedelta(minutes=n)).model_dump_json(by_alias=True) for n, p in enumerate(pods)
    }
    return {"kind": "ConfigMap", "metadata": {"name": "m-acks"}, "data": acks | {"odd": "{"}}


def test_of_those_that_are_gone_all_but_the_newest_are_cleared_away():
    gone = [f"gone-{n:02d}" for n in range(KEPT + 2)]
    children = [said("here", *gone), pod("here")]
    assert departed(children, "m") == gone[:2]
    assert departed([said(*gone[:KEPT]), pod("here")], "m") == []


def test_a_pod_that_has_ended_and_is_still_there_is_left_alone():
    gone = [f"gone-{n:02d}" for n in range(KEPT + 1)]
    assert departed([said(*gone), pod(gone[0], "Failed")], "m") == []


def test_nothing_said_is_nothing_heard():
    assert acknowledged([{"kind": "ConfigMap", "metadata": {"name": "m-acks"}}, pod("a")], "m") == {}

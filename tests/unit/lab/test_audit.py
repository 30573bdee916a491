"""Counting writes from an audit log: whose, when, and which do not count."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from andon.lab.audit import tally, writes

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OPERATOR = "system:serviceaccount:andon-system:andon"


def event(user: str = OPERATOR, verb: str = "patch", resource: str = "configmaps", after: float = 1.0, **more) -> dict:
    at = (NOON + timedelta(seconds=after)).isoformat().replace("+00:00", "Z")
    group = {"leases": "coordination.k8s.io"}.get(resource, "")
    target = {"resource": resource, "apiGroup": group, "namespace": "plant-a", "name": "x"}
    return {
        "stage": "ResponseComplete",
        "verb": verb,
        "user": {"username": user},
        "objectRef": target,
        "stageTimestamp": at,
        **more,
    }


@pytest.mark.parametrize(
    ("said", "counted", "renewals"),
    [
        pytest.param(event(), 1, 0, id="the operator's patch counts"),
        pytest.param(event(responseStatus={"code": 409}), 1, 0, id="a refused one too: it was sent"),
        pytest.param(event(verb="get"), 0, 0, id="a read does not"),
        pytest.param(event(resource="leases"), 0, 1, id="a Lease renewal is kept apart"),
        pytest.param(event(verb="create", resource="subjectaccessreviews"), 0, 0, id="a review changes nothing"),
        pytest.param(event("system:node:edge-1"), 0, 0, id="a node is not a workload"),
        pytest.param(event("system:serviceaccount:kube-system:job-controller"), 0, 0, id="nor is the control plane"),
        pytest.param(event("lab-admin", impersonatedUser={"username": OPERATOR}), 1, 0, id="who is impersonated is who writes"),
        pytest.param(event(stage="ResponseStarted"), 0, 0, id="a request counts once"),
        pytest.param(event(after=-1), 0, 0, id="before the window"),
        pytest.param(event(after=60), 0, 0, id="at its end"),
    ],
)
def test_what_counts_as_a_write(tmp_path: Path, said: dict, counted: int, renewals: int) -> None:
    log = tmp_path / "audit.log"
    log.write_text(json.dumps(said) + "\n" + '{"stage": "Response')
    result = tally(writes(log, NOON, NOON + timedelta(seconds=60)))
    assert (result.writes[OPERATOR], result.leases[OPERATOR]) == (counted, renewals)
    assert (result.writes.total(), result.leases.total()) == (counted, renewals)

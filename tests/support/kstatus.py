"""What kstatus makes of a custom resource: Flux waits by it, and so do `kubectl apply --wait` and kpt.

The algorithm of sigs.k8s.io/cli-utils, pkg/kstatus/status: deletion, then generation, then the first of Reconciling and Stalled
that is True, then Ready, of which False and Unknown both mean in progress; an object that says nothing at all is current.
"""

from collections.abc import Mapping
from typing import Any, Literal

Status = Literal["InProgress", "Failed", "Current", "Terminating"]

_TELLING: Mapping[str, Status] = {"Reconciling": "InProgress", "Stalled": "Failed"}


def kstatus(obj: Mapping[str, Any]) -> Status:
    metadata, status = obj["metadata"], obj.get("status", {})
    if metadata.get("deletionTimestamp"):
        return "Terminating"
    if "observedGeneration" in status and status["observedGeneration"] != metadata["generation"]:
        return "InProgress"
    conditions = status.get("conditions", [])
    for condition in conditions:
        if condition["type"] in _TELLING and condition["status"] == "True":
            return _TELLING[condition["type"]]
    ready = next((c["status"] for c in conditions if c["type"] == "Ready"), "True")
    return "Current" if ready == "True" else "InProgress"

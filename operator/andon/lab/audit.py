"""Who wrote to the API server, and how often, in a stretch of time? Read from its audit log."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

_VERBS: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_ACCOUNT: Final = "system:serviceaccount:"
_QUESTIONS: Final = frozenset({"tokenreviews", "subjectaccessreviews", "selfsubjectreviews", "selfsubjectaccessreviews"})


@dataclass(frozen=True, slots=True)
class Write:
    """One request that wanted to change something. code: the HTTP answer, refusals included."""

    at: datetime
    identity: str
    verb: str
    resource: str
    namespace: str
    name: str
    code: int

    @property
    def is_lease(self) -> bool:
        """Whether it only says "I live"."""
        return self.resource == "coordination.k8s.io/leases"

    @property
    def is_workload(self) -> bool:
        """Whether a ServiceAccount sent it that is not the control plane's own: the operator, or a pod it made."""
        return self.identity.startswith("system:serviceaccount:") and not self.identity.startswith(
            "system:serviceaccount:kube-system:"
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """Writes by identity. leases: Lease renewals, kept apart."""

    writes: Counter[str] = field(default_factory=Counter)
    leases: Counter[str] = field(default_factory=Counter)


def writes(log: Path, since: datetime, until: datetime) -> Iterator[Write]:
    """The writes answered in [since, until), oldest first; times with a zone. A last line still being written is left out."""
    with log.open() as lines:
        for line in lines:
            if line.endswith("\n"):
                write = _write(json.loads(line))
                if write and since <= write.at < until:
                    yield write


def tally(found: Iterable[Write]) -> Tally:
    """Count the workloads' writes; what control plane, nodes and people write is not theirs."""
    result = Tally()
    for write in found:
        if write.is_workload:
            (result.leases if write.is_lease else result.writes)[write.identity] += 1
    return result


def _write(event: dict[str, Any]) -> Write | None:
    """The audit event as a write; None for reads, earlier stages, and reviews, which are created but change nothing."""
    target = event.get("objectRef", {})
    if event["stage"] != "ResponseComplete" or event["verb"] not in _VERBS or target.get("resource") in _QUESTIONS:
        return None
    group, resource = target.get("apiGroup", ""), target.get("resource", "")
    return Write(
        at=datetime.fromisoformat(event["stageTimestamp"].replace("Z", "+00:00")),
        identity=event.get("impersonatedUser", event["user"])["username"],
        verb=event["verb"],
        resource="/".join(part for part in (group, resource, target.get("subresource", "")) if part),
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        code=event.get("responseStatus", {}).get("code", 0),
    )

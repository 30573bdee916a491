"""What does a pod's status say, given the state of its containers? Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not running, and why."""

    reason: str
    message: str = ""

    def json(self) -> Json:
        """As `state.waiting`."""
        return {"waiting": {"reason": self.reason} | ({"message": self.message} if self.message else {})}


@dataclass(frozen=True, slots=True)
class Running:
    """Running since."""

    since: datetime

    def json(self) -> Json:
        """As `state.running`."""
        return {"running": {"startedAt": rfc3339(self.since)}}


@dataclass(frozen=True, slots=True)
class Terminated:
    """How it ended."""

    code: int
    started: datetime
    finished: datetime
    reason: str
    message: str = ""

    def json(self) -> Json:
        """As `state.terminated`."""
        times = {"startedAt": rfc3339(self.started), "finishedAt": rfc3339(self.finished)}
        return {
            "terminated": {"exitCode": self.code, "reason": self.reason}
            | times
            | ({"message": self.message} if self.message else {})
        }


@dataclass(frozen=True, slots=True)
class ContainerState:
    """One container now. pid: of the running process, 0 if there never was one."""

    name: str
    image: str
    now: Waiting | Running | Terminated = Waiting("ContainerCreating")
    last: Terminated | None = None
    restarts: int = 0
    started: bool = False
    ready: bool = False
    pid: int = 0

    def json(self) -> Json:
        """As an entry of `containerStatuses`."""
        status: Json = {
            "name": self.name,
            "image": self.image,
            "imageID": "",
            "restartCount": self.restarts,
            "started": self.started,
            "ready": self.ready,
        }
        status["state"] = self.now.json()
        if self.last:
            status["lastState"] = self.last.json()
        return status | ({"containerID": f"process://{self.pid}"} if self.pid else {})


@dataclass(frozen=True, slots=True)
class PodFacts:
    """What a status is made of. observed: the status that the API server holds, whose transition times live on."""

    restart_policy: str
    containers: Sequence[ContainerState]
    address: str
    node_address: str
    observed: Mapping[str, Any]
    stopping: bool = False


def pod_status(facts: PodFacts, now: datetime) -> Json:
    """The fields that a node owns, to be applied; conditions of others are left alone."""
    phase = _phase(facts)
    unready = [container.name for container in facts.containers if not container.ready]
    reason = "PodCompleted" if phase == "Succeeded" else "PodFailed" if phase == "Failed" else "ContainersNotReady"
    because = {} if not unready else {"reason": reason, "message": f"containers not ready: {', '.join(unready)}"}
    conditions = [_condition(facts, now, "Initialized")] + [
        _condition(facts, now, kind, because) for kind in ("ContainersReady", "Ready")
    ]
    return {
        "phase": phase,
        "startTime": facts.observed.get("startTime", rfc3339(now)),
        "podIP": facts.address,
        "podIPs": [{"ip": facts.address}],
        "hostIP": facts.node_address,
        "hostIPs": [{"ip": facts.node_address}],
        "conditions": conditions,
        "containerStatuses": [container.json() for container in facts.containers],
    }


def refusal(reason: str, message: str) -> Json:
    """The status of a pod that this node will not run."""
    return {"phase": "Failed", "reason": reason, "message": message}


def resumed(container: Mapping[str, Any], observed: Mapping[str, Any]) -> ContainerState:
    """The state to begin with. A container that ran when the node was last seen has ended with it."""
    fresh = ContainerState(container["name"], container["image"])
    before = next((status for status in observed.get("containerStatuses", ()) if status["name"] == fresh.name), None)
    if before is None:
        return fresh
    now = before["state"]
    last = _terminated(before.get("lastState", {}))
    if "running" in now:
        since = datetime.fromisoformat(now["running"]["startedAt"])
        ended: Terminated | None = Terminated(
            137, since, datetime.now(UTC), "ContainerStatusUnknown", "the node was started anew while it ran"
        )
    else:
        ended = _terminated(now)
    return replace(fresh, now=ended or fresh.now, last=last, restarts=before["restartCount"])


def covers(observed: object, wanted: object) -> bool:
    """Whether applying `wanted` would change nothing: every field is there already. Conditions are compared by type."""
    if isinstance(wanted, dict):
        return isinstance(observed, dict) and all(
            key in observed and covers(observed[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list) and all(isinstance(item, dict) and "type" in item for item in wanted):
        by_type = {item["type"]: item for item in observed} if isinstance(observed, list) else {}
        return all(covers(by_type.get(item["type"]), item) for item in wanted)
    if isinstance(wanted, list):
        return isinstance(observed, list) and len(observed) == len(wanted) and all(map(covers, observed, wanted))
    return observed == wanted


def rfc3339(time: datetime) -> str:
    """Whole seconds, as `metav1.Time`."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _phase(facts: PodFacts) -> str:
    """As the kubelet's getPhase: one container that runs makes a pod Running, one that never ran keeps it Pending."""
    ended = [end for end in map(_end, facts.containers) if end]
    if len(ended) == len(facts.containers) and (facts.stopping or not _will_restart(facts, ended)):
        return "Succeeded" if all(end.code == 0 for end in ended) else "Failed"
    never_ran = any(isinstance(container.now, Waiting) and not container.last for container in facts.containers)
    return ("Failed" if facts.stopping else "Pending") if never_ran else "Running"


def _terminated(state: Mapping[str, Any]) -> Terminated | None:
    if "terminated" not in state:
        return None
    end = state["terminated"]
    started, finished = datetime.fromisoformat(end["startedAt"]), datetime.fromisoformat(end["finishedAt"])
    return Terminated(end["exitCode"], started, finished, end["reason"], end.get("message", ""))


def _end(container: ContainerState) -> Terminated | None:
    if isinstance(container.now, Terminated):
        return container.now
    return container.last if isinstance(container.now, Waiting) else None


def _will_restart(facts: PodFacts, ended: Sequence[Terminated]) -> bool:
    return facts.restart_policy == "Always" or (facts.restart_policy == "OnFailure" and any(end.code for end in ended))


def _condition(facts: PodFacts, now: datetime, kind: str, unless: Mapping[str, str] | None = None) -> Json:
    status = "False" if unless else "True"
    conditions: Sequence[Json] = facts.observed.get("conditions", ())
    since = next((c["lastTransitionTime"] for c in conditions if c["type"] == kind and c["status"] == status), rfc3339(now))
    return {"type": kind, "status": status, "lastTransitionTime": since, **(unless or {})}

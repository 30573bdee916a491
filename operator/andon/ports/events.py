"""How do people who look at an object with kubectl learn what happened to it: Kubernetes Events, each once."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from andon.api import API_VERSION, GROUP
from andon.ports.cluster import Cluster, Manifest

_MOST: Final = 1024


@dataclass(frozen=True, slots=True)
class Subject:
    """The object that an Event is about."""

    kind: str
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened to an object.

    reason: a condition's reason, or what was decided. occasion: what makes it this one and no other, such as a decision's id
    and state; the same occasion of an object is one Event, however often and by whomever it is posted.
    """

    subject: Subject
    reason: str
    message: str
    at: datetime
    occasion: str
    warning: bool = False


class Events(Protocol):
    """Posts notes."""

    async def post(self, note: Note) -> None:
        """Once, however often it is called. Raises ClusterError."""
        ...

    async def posted(self, note: Note) -> bool:
        """Whether it was posted before. Raises ClusterError."""
        ...


class KubernetesEvents:
    """events.k8s.io/v1. instance: which operator reports, for example its pod's name."""

    def __init__(self, cluster: Cluster, instance: str) -> None:
        self._cluster = cluster
        self._instance = instance[:128]

    async def post(self, note: Note) -> None:
        """See Events."""
        await self._cluster.create(event(note, self._instance))

    async def posted(self, note: Note) -> bool:
        """See Events."""
        return await self._cluster.exists(event(note, self._instance))


def event(note: Note, instance: str) -> Manifest:
    """The Event of a note. Its name is made of the occasion, so that the API server itself refuses a second one."""
    subject = note.subject
    occasion = "\n".join((subject.uid, note.reason, note.occasion))
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {
            "namespace": subject.namespace,
            "name": f"{subject.name}.{hashlib.sha256(occasion.encode()).hexdigest()[:16]}",
        },
        "eventTime": note.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "reportingController": f"{GROUP}/operator",
        "reportingInstance": instance,
        "action": note.reason,
        "reason": note.reason,
        "note": note.message.encode()[:_MOST].decode(errors="ignore"),
        "type": "Warning" if note.warning else "Normal",
        "regarding": {
            "apiVersion": API_VERSION,
            "kind": subject.kind,
            "namespace": subject.namespace,
            "name": subject.name,
            "uid": subject.uid,
        },
    }

"""Whose turn is it to write? A Lease of coordination.k8s.io, held by one operator at a time.

Clocks of others count for nothing: who waits counts, by its own, from when it saw the holder's last change; who holds counts
from before it sent its last renewal. So the one has always stopped before the other begins. (`kubernetes.leaderelection` reads
the wall clock, waits for an answer without end and never gives a Lease back.)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from kubernetes.client import ApiClient, CoordinationV1Api
from kubernetes.client.exceptions import NotFoundException

from andon.ports.cluster import answered, bounded

DURATION: Final = 10
"""Seconds for which nobody else takes a Lease after its last renewal."""
_MANAGER: Final = "andon-lease"
_TIMEOUT: Final = 2.0


@dataclass(frozen=True, slots=True)
class Lease:
    """As the API server has it. version: another one after each write, empty where there is none. holder: empty for nobody.

    duration: seconds that the holder asked for. turns: how often it changed hands.
    """

    version: str = ""
    holder: str = ""
    duration: int = DURATION
    turns: int = 0
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """A Lease, and the instant, by the own clock, since which it has been seen unchanged."""

    lease: Lease
    since: float

    def then(self, lease: Lease, now: float) -> "Sighting":
        """After it was seen again. One that was deleted counts as renewed just now: its holder may not know yet."""
        if lease.version == self.lease.version:
            return self
        return Sighting(lease if lease.version else replace(self.lease, version=""), now)

    @property
    def free_at(self) -> float:
        """When it may be taken, by the own clock, if it does not change before."""
        return self.since + self.lease.duration if self.lease.holder else self.since


class Leases(Protocol):
    """One Lease, read and written. Both block for a few seconds at most."""

    def read(self) -> Lease:
        """As it is now; one without version if it is not there. Raises ClusterError."""
        ...

    def write(self, seen: Lease, holder: str) -> Lease:
        """Make this its holder; an empty one gives it back. Raises ConflictError if it is not as seen, ClusterError."""
        ...


class KubernetesLease:
    """The Lease of this name. It is made by the first who takes it."""

    def __init__(self, connect: Callable[[], ApiClient], namespace: str, name: str) -> None:
        """Connects at the first call, and anew after each that failed."""
        self._connect = connect
        self._namespace = namespace
        self._name = name
        self._api: CoordinationV1Api | None = None

    def read(self) -> Lease:
        """See Leases."""
        with answered():
            try:
                return self._call("read_namespaced_lease")
            except NotFoundException:
                return Lease()

    def write(self, seen: Lease, holder: str) -> Lease:
        """See Leases. A PUT, which also makes it: rights on this one name are enough, and no other can be made by them."""
        now = datetime.now(UTC)
        goes_on = holder == seen.holder
        spec = {
            "leaseDurationSeconds": DURATION,
            "leaseTransitions": seen.turns if goes_on or not (holder and seen.version) else seen.turns + 1,
            "acquireTime": _text(seen.since if goes_on and seen.since else now),
            "renewTime": _text(now),
        }
        metadata = {"namespace": self._namespace, "name": self._name}
        body = {
            "metadata": metadata | ({"resourceVersion": seen.version} if seen.version else {}),
            "spec": spec | ({"holderIdentity": holder} if holder else {}),
        }
        with answered():
            return self._call("replace_namespaced_lease", body=body, field_manager=_MANAGER)

    def _call(self, verb: str, **more: Any) -> Lease:
        api, self._api = self._api or CoordinationV1Api(bounded(self._connect())), None
        found = getattr(api, verb)(self._name, self._namespace, _request_timeout=_TIMEOUT, **more)
        self._api = api
        return _lease(found)


def _lease(found: Any) -> Lease:
    spec = found.spec
    return Lease(
        version=found.metadata.resource_version,
        holder=spec.holder_identity or "",
        duration=spec.lease_duration_seconds or DURATION,
        turns=spec.lease_transitions or 0,
        since=spec.acquire_time,
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

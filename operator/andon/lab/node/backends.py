"""Which pods stand behind a Service's ports, and are they ready? Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Json = Mapping[str, Any]


class Address(NamedTuple):
    """A loopback address and a TCP port."""

    host: str
    port: int


def routes(services: Iterable[Json], pods: Iterable[Json]) -> dict[Address, list[Address]]:
    """Per Service address the ready pods behind it, in a stable order; an address without any is left out."""
    ready = [pod for pod in pods if is_ready(pod)]
    table: dict[Address, list[Address]] = {}
    for service in services:
        for front, target in _ports(service):
            backends = sorted(backend for pod in ready if _selects(service, pod) for backend in _targets(pod, target))
            if backends:
                table[front] = backends
    return table


def is_ready(pod: Json) -> bool:
    """Whether the pod may get connections: Ready, not on its way out, and with an address."""
    status = pod.get("status", {})
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", ()))
    return ready and "podIP" in status and "deletionTimestamp" not in pod["metadata"]


def _ports(service: Json) -> Iterator[tuple[Address, int | str]]:
    host = service["spec"].get("clusterIP", "None")
    if host == "None" or not service["spec"].get("selector"):
        return
    for port in service["spec"].get("ports", ()):
        if port.get("protocol", "TCP") == "TCP":
            yield Address(host, port["port"]), port.get("targetPort", port["port"])


def _selects(service: Json, pod: Json) -> bool:
    labels = pod["metadata"].get("labels", {})
    same = service["metadata"]["namespace"] == pod["metadata"]["namespace"]
    return same and all(labels.get(key) == value for key, value in service["spec"]["selector"].items())


def _targets(pod: Json, target: int | str) -> Iterator[Address]:
    if isinstance(target, int):
        yield Address(pod["status"]["podIP"], target)
        return
    for container in pod["spec"]["containers"]:
        for port in container.get("ports", ()):
            if port.get("name") == target:
                yield Address(pod["status"]["podIP"], port["containerPort"])

"""What have a deployment's servers acknowledged, and what is left of servers that are gone?"""

from collections.abc import Sequence
from typing import Final

from andon.api.slots import Ack
from andon.controllers.informer import Object
from andon.controllers.objects import is_alive, parsed
from andon.ports.cluster import Manifest

KEPT: Final = 10
"""Acknowledgements of pods that are not there: the newest may be of one that the informer has not seen yet."""


def acknowledged(children: Sequence[Object], name: str) -> dict[str, Ack]:
    """By pods that live: a pod that is gone serves nobody."""
    pods = {c["metadata"]["name"] for c in children if c["kind"] == "Pod" and is_alive(c)}
    return {pod: ack for pod, ack in _said(children, name).items() if pod in pods}


def departed(children: Sequence[Object], name: str) -> list[str]:
    """Pods that are long gone and have left a word: every rollout of pods leaves some, and an object has room for a MiB."""
    pods = {c["metadata"]["name"] for c in children if c["kind"] == "Pod"}
    gone = sorted((ack.since, pod) for pod, ack in _said(children, name).items() if pod not in pods)
    return [pod for _, pod in gone[:-KEPT]]


def unsaid(namespace: str, name: str) -> Manifest:
    """Applied in a server's name, takes its word back: of what it said it says nothing any more."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": namespace, "name": f"{name}-acks"}}


def server_manager(pod: str) -> str:
    """The field manager in whose name a server writes."""
    return f"andon-serve/{pod}"


def _said(children: Sequence[Object], name: str) -> dict[str, Ack]:
    acks = next((c for c in children if c["kind"] == "ConfigMap" and c["metadata"]["name"] == f"{name}-acks"), None)
    said = {pod: parsed(text, Ack) for pod, text in ((acks or {}).get("data") or {}).items()}
    return {pod: ack for pod, ack in said.items() if ack is not None}

"""Which environment does a container's process get?"""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from andon.lab.node.handover import expanded
from andon.lab.node.waiting import NotYet

Json = Mapping[str, Any]
Reference = tuple[str, str]
"""`configmaps` or `secrets`, and a name."""
Contents = Mapping[Reference, Mapping[str, str] | None]
"""What the references hold; None: there is no such object."""


def base(home: Path, pod: Json) -> dict[str, str]:
    """What every process needs, and nothing of the lab's own environment."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "HOSTNAME": pod["metadata"]["name"],
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
    }


def references(container: Json) -> set[Reference]:
    """The ConfigMaps and Secrets that the container's environment is made of."""
    from_keys = (variable.get("valueFrom", {}) for variable in container.get("env", ()))
    named = {(_plural(kind), ref["name"]) for source in from_keys for kind, ref in source.items() if kind.endswith("KeyRef")}
    return named | {
        (_plural(kind), ref["name"])
        for source in container.get("envFrom", ())
        for kind, ref in source.items()
        if kind != "prefix"
    }


def composed(container: Json, pod: Json, contents: Contents) -> dict[str, str]:
    """The container's variables, in order, each able to use the ones before. Raises NotYet naming what is missing."""
    env: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        env.update(_all_keys(source, contents))
    for variable in container.get("env", ()):
        if "valueFrom" not in variable:
            env[variable["name"]] = expanded(variable.get("value", ""), env)
        elif (value := _value_from(variable, pod, contents)) is not None:
            env[variable["name"]] = value
    return env


def field(pod: Json, path: str) -> str:
    """A field of the pod as the downward API names it. Raises NotYet for one that this node does not know."""
    found = {
        "metadata.name": lambda: pod["metadata"]["name"],
        "metadata.namespace": lambda: pod["metadata"]["namespace"],
        "metadata.uid": lambda: pod["metadata"]["uid"],
        "spec.nodeName": lambda: pod["spec"]["nodeName"],
        "spec.serviceAccountName": lambda: pod["spec"]["serviceAccountName"],
        "status.podIP": lambda: pod["status"]["podIP"],
        "status.hostIP": lambda: pod["status"]["hostIP"],
    }.get(path)
    if found:
        return str(found())
    kind, _, key = path.removesuffix("']").partition("['")
    if kind in {"metadata.labels", "metadata.annotations"} and key:
        return str(pod["metadata"].get(kind.partition(".")[2], {}).get(key, ""))
    raise NotYet("CreateContainerConfigError", f"fieldPath {path} is not supported by a process node")


def _value_from(variable: Json, pod: Json, contents: Contents) -> str | None:
    source = variable["valueFrom"]
    if "fieldRef" in source:
        return field(pod, source["fieldRef"]["fieldPath"])
    kind = next((kind for kind in ("configMapKeyRef", "secretKeyRef") if kind in source), None)
    if kind is None:
        raise NotYet(
            "CreateContainerConfigError", f"env {variable['name']}: valueFrom.{min(source)} is not supported by a process node"
        )
    ref = source[kind]
    value = (contents[_plural(kind), ref["name"]] or {}).get(ref["key"])
    if value is None and not ref.get("optional"):
        raise NotYet(
            "CreateContainerConfigError", f"env {variable['name']}: {_plural(kind)} {ref['name']} has no key {ref['key']}"
        )
    return value


def _all_keys(source: Json, contents: Contents) -> Iterator[tuple[str, str]]:
    kind, ref = next((kind, ref) for kind, ref in source.items() if kind != "prefix")
    values = contents[_plural(kind), ref["name"]]
    if values is None and not ref.get("optional"):
        raise NotYet("CreateContainerConfigError", f"envFrom: {_plural(kind)} {ref['name']} not found")
    return ((source.get("prefix", "") + key, value) for key, value in (values or {}).items())


def _plural(kind: str) -> str:
    return "secrets" if kind.startswith("secret") else "configmaps"

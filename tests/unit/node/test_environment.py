"""What a container's variables are made of, and what is said when something is missing."""

from pathlib import Path
from typing import Any

import pytest

from andon.lab.node.environment import base, composed, field, references
from andon.lab.node.waiting import NotYet

POD: dict[str, Any] = {
    "metadata": {"name": "p", "namespace": "ns", "uid": "u-1", "labels": {"andon.dev/tier": "edge"}},
    "spec": {"nodeName": "edge-1", "serviceAccountName": "sa"},
    "status": {"podIP": "127.5.1.2", "hostIP": "127.5.1.1"},
}


def variable(name: str, **source: Any) -> dict[str, Any]:
    return {"name": name, "valueFrom": source}


def test_later_variables_can_use_earlier_ones() -> None:
    env = [variable("IP", fieldRef={"fieldPath": "status.podIP"}), {"name": "LISTEN", "value": "$(IP):8080"}, {"name": "EMPTY"}]
    assert composed({"env": env}, POD, {}) == {"IP": "127.5.1.2", "LISTEN": "127.5.1.2:8080", "EMPTY": ""}


def test_variables_come_from_config_maps_and_secrets() -> None:
    container = {
        "envFrom": [{"prefix": "P_", "configMapRef": {"name": "all"}}],
        "env": [
            variable("TOKEN", secretKeyRef={"name": "s", "key": "t"}),
            variable("ONE", configMapKeyRef={"name": "all", "key": "a"}),
        ],
    }
    assert references(container) == {("configmaps", "all"), ("secrets", "s")}
    contents = {("configmaps", "all"): {"a": "1"}, ("secrets", "s"): {"t": "x"}}
    assert composed(container, POD, contents) == {"P_a": "1", "TOKEN": "x", "ONE": "1"}


@pytest.mark.parametrize(
    ("container", "says"),
    [
        ({"env": [variable("X", configMapKeyRef={"name": "c", "key": "k"})]}, "env X: configmaps c has no key k"),
        ({"envFrom": [{"secretRef": {"name": "s"}}]}, "envFrom: secrets s not found"),
        (
            {"env": [variable("X", resourceFieldRef={"resource": "limits.cpu"})]},
            "env X: valueFrom.resourceFieldRef is not supported",
        ),
        ({"env": [variable("X", fieldRef={"fieldPath": "spec.nope"})]}, "fieldPath spec.nope is not supported"),
    ],
)
def test_what_is_missing_is_named(container: dict[str, Any], says: str) -> None:
    contents = dict.fromkeys(references(container))
    with pytest.raises(NotYet, match=says):
        composed(container, POD, contents)


def test_what_is_optional_may_be_missing() -> None:
    container = {
        "envFrom": [{"configMapRef": {"name": "c", "optional": True}}],
        "env": [variable("X", secretKeyRef={"name": "s", "key": "k", "optional": True})],
    }
    assert composed(container, POD, {("configmaps", "c"): None, ("secrets", "s"): None}) == {}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.uid", "u-1"),
        ("spec.nodeName", "edge-1"),
        ("metadata.labels['andon.dev/tier']", "edge"),
        ("metadata.annotations['x']", ""),
    ],
)
def test_fields_of_the_pod(path: str, value: str) -> None:
    assert field(POD, path) == value


def test_a_process_has_a_home_and_a_path_but_nothing_of_the_labs_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "1")
    env = base(Path("/pods/p"), POD)
    assert env["HOME"] == "/pods/p"
    assert env.keys() == {"PATH", "HOME", "TMPDIR", "HOSTNAME", "LANG", "PYTHONUNBUFFERED"}

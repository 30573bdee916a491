"""What is replaced in texts, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.lab.node.handover import Handover, expanded, services_in, with_addresses, with_folders

FOLDERS = {"/data": "/state/data/v", "/data/deep": "/state/deep", "/etc/app": "/state/config"}
ADDRESSES = {("plant-a", "mlflow"): "127.96.0.7"}


@pytest.mark.parametrize(
    ("text", "real"),
    [
        pytest.param("/data", "/state/data/v", id="the mount path itself"),
        pytest.param("/data/x.db", "/state/data/v/x.db", id="a file below"),
        pytest.param("/data/deep/x", "/state/deep/x", id="the longest mount wins"),
        pytest.param("--ring=/data/ring", "--ring=/state/data/v/ring", id="in an option"),
        pytest.param("/data:/etc/app", "/state/data/v:/state/config", id="in a list of paths"),
        pytest.param("file:///data/m.onnx", "file:///state/data/v/m.onnx", id="in a file URL"),
        pytest.param("http://host/data/x", "http://host/data/x", id="not the path of another URL"),
        pytest.param("/database", "/database", id="not a longer name"),
        pytest.param("/data-old/x", "/data-old/x", id="not another folder"),
        pytest.param("/mnt/data/x", "/mnt/data/x", id="not below another folder"),
        pytest.param("./data/x", "./data/x", id="not a relative path"),
    ],
)
def test_mount_paths_become_folders(text: str, real: str) -> None:
    assert with_folders(text, FOLDERS) == real


def test_a_folder_that_lies_below_a_mount_path_is_not_replaced_again() -> None:
    assert with_folders("/data/x", {"/data": "/data/lab/pod"}) == "/data/lab/pod/x"


@pytest.mark.parametrize(
    ("text", "real"),
    [
        pytest.param("mlflow.plant-a.svc", "127.96.0.7", id="the name alone"),
        pytest.param("http://mlflow.plant-a.svc:5000/x", "http://127.96.0.7:5000/x", id="in a URL"),
        pytest.param("mlflow.plant-a.svc.cluster.local:5000", "127.96.0.7:5000", id="in full"),
        pytest.param("at mlflow.plant-a.svc.", "at 127.96.0.7.", id="at the end of a sentence"),
        pytest.param("other.plant-a.svc", "other.plant-a.svc", id="unknown: as it was"),
        pytest.param("pod-0.mlflow.plant-a.svc", "pod-0.mlflow.plant-a.svc", id="not a pod of a StatefulSet"),
        pytest.param("mlflow.plant-a.svc.example.com", "mlflow.plant-a.svc.example.com", id="not a host on the internet"),
        pytest.param("mlflow.plant-a.svcs", "mlflow.plant-a.svcs", id="not a longer word"),
    ],
)
def test_service_names_become_addresses(text: str, real: str) -> None:
    assert with_addresses(text, ADDRESSES) == real


def test_services_are_found_by_namespace_and_name() -> None:
    assert services_in(["a=mlflow.plant-a.svc:5000,b", "x.y.svc.cluster.local"]) == {("plant-a", "mlflow"), ("y", "x")}


@given(st.text(alphabet="abz-./:=$()svc0 \n"))
def test_a_text_without_mounts_and_services_is_handed_over_as_it_is(text: str) -> None:
    assert Handover({}, {})(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$(HOST):8080", "127.1.1.2:8080"),
        ("$(NONE)", "$(NONE)"),
        ("$$(HOST)", "$(HOST)"),
        ("$HOST", "$HOST"),
        ("$(HOST)$(HOST)", "127.1.1.2" * 2),
    ],
)
def test_references_to_variables_are_expanded_as_the_kubelet_does(text: str, value: str) -> None:
    assert expanded(text, {"HOST": "127.1.1.2"}) == value

"""A Lease as the real API server keeps it."""

import secrets
from collections.abc import Iterator

import pytest
from kubernetes import config

from andon.lab.controlplane import ControlPlane
from andon.ports.cluster import ClusterError, ConflictError
from andon.ports.lease import KubernetesLease, Lease


@pytest.fixture
def name(control_plane: ControlPlane) -> Iterator[str]:
    name = f"lease-{secrets.token_hex(3)}"
    yield name
    control_plane.kubectl("delete", "lease", name, "--ignore-not-found")


@pytest.fixture
def lease(control_plane: ControlPlane, name: str) -> KubernetesLease:
    return KubernetesLease(lambda: config.new_client_from_config(str(control_plane.kubeconfig)), "default", name)


def test_it_is_made_renewed_given_back_and_taken_again(lease: KubernetesLease):
    assert lease.read() == Lease()
    taken = lease.write(Lease(), "a")
    renewed = lease.write(taken, "a")
    assert (renewed.holder, renewed.turns, renewed.since) == ("a", 0, taken.since)
    given_back = lease.write(renewed, "")
    assert (given_back.holder, given_back.turns) == ("", 0)
    assert lease.write(given_back, "b").turns == 1
    assert lease.read().holder == "b"


def test_of_two_who_take_it_at_once_one_does(lease: KubernetesLease):
    taken = lease.write(Lease(), "a")
    with pytest.raises(ClusterError):
        lease.write(Lease(), "b")
    lease.write(taken, "a")
    with pytest.raises(ConflictError):
        lease.write(taken, "b")
    assert lease.read().holder == "a"


def test_one_that_was_deleted_is_made_anew(lease: KubernetesLease, name: str, control_plane: ControlPlane):
    taken = lease.write(Lease(), "a")
    control_plane.kubectl("delete", "lease", name)
    assert lease.read() == Lease()
    assert lease.write(taken, "a").holder == "a"
    with pytest.raises(ConflictError):
        lease.write(taken, "b")


def test_others_see_whose_it_is_with_kubectl(lease: KubernetesLease, name: str, control_plane: ControlPlane):
    lease.write(Lease(), "pod_1")
    assert control_plane.kubectl("get", "lease", name, "--no-headers").split()[:2] == [name, "pod_1"]
    managers = control_plane.kubectl("get", "lease", name, "-o", "jsonpath={.metadata.managedFields[*].manager}")
    assert managers == "andon-lease"


def test_an_api_server_that_is_not_there_is_said(control_plane: ControlPlane, name: str):
    def elsewhere():
        client = config.new_client_from_config(str(control_plane.kubeconfig))
        client.configuration.host = f"https://{control_plane.network.control}:1"
        return client

    with pytest.raises(ClusterError, match="cannot be reached"):
        KubernetesLease(elsewhere, "default", name).read()

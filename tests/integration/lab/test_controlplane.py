"""The control plane is a real Kubernetes: it places, collects garbage, authorizes, and audits; two run side by side."""

import json

from kubernetes import client, config

from andon.lab.controlplane import ControlPlane
from andon.lab.crew import Crew
from andon.lab.network import Claim
from support.eventually import eventually


def test_the_control_plane_is_the_version_it_was_linked_as(control_plane: ControlPlane) -> None:
    versions = json.loads(control_plane.kubectl("version", "-o", "json"))
    assert versions["serverVersion"]["gitVersion"] == versions["clientVersion"]["gitVersion"] == "v1.36.3"


def test_a_deployment_becomes_pods_and_takes_them_along(control_plane: ControlPlane) -> None:
    def pods() -> list[str]:
        return control_plane.kubectl("get", "pods", "-l", "app=web", "-o", "name").split()

    control_plane.kubectl("create", "deployment", "web", "--image=none", "--replicas=2")
    eventually(pods, lambda seen: len(seen) == 2, within=10)
    control_plane.kubectl("delete", "deployment", "web")
    eventually(pods, lambda seen: not seen, within=10)


def test_a_service_account_may_do_nothing_until_it_is_allowed(control_plane: ControlPlane) -> None:
    def may_look() -> bool:
        asked = {
            "resourceAttributes": {"namespace": "default", "verb": "get", "resource": "pods"},
            "user": "system:serviceaccount:default:default",
        }
        review = client.AuthorizationV1Api(control_plane.client).create_subject_access_review({"spec": asked})
        return bool(review.status.allowed)

    assert not may_look()
    control_plane.kubectl("create", "role", "look", "--verb=get", "--resource=pods")
    control_plane.kubectl("create", "rolebinding", "look", "--role=look", "--serviceaccount=default:default")
    eventually(may_look, within=5)


def test_another_identity_is_that_identity(control_plane: ControlPlane) -> None:
    kubeconfig = control_plane.identity("edge-9", "system:node:edge-9", "system:nodes")
    api = client.AuthenticationV1Api(config.new_client_from_config(str(kubeconfig)))
    user = api.create_self_subject_review(body={}).status.user_info
    assert user.username == "system:node:edge-9"
    assert "system:nodes" in user.groups


def test_two_control_planes_do_not_meet(control_plane: ControlPlane, tmp_path) -> None:
    claim = Claim.take()
    other = ControlPlane(tmp_path, claim.network)
    crew = Crew(other.components(scheduler=False), tmp_path)
    try:
        crew.start()
        control_plane.kubectl("create", "namespace", "only-here")
        assert "only-here" not in other.kubectl("get", "namespaces", "-o", "name")
        records = [member.process.record for member in crew.members.values()]
    finally:
        crew.stop()
        claim.release()
    assert not [record for record in records if record.alive]

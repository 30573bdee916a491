"""Under the admission policy that the chart ships: whose word counts, and what the others are told."""

import json

import pytest
import yaml

from andon.api.exits import Exit
from integration.cli.conftest import ROLLBACK
from support.chart import rendered
from support.eventually import eventually


@pytest.fixture
def guarded(asking, tmp_path):
    """In this namespace alone: the cluster is shared with other tests."""
    documents = rendered(tmp_path, "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": asking.namespace}}}
    for document in documents:
        if document["kind"] == "ValidatingAdmissionPolicyBinding":
            document["spec"]["matchResources"] = here
    policy = yaml.safe_dump_all(documents)
    asking.plane.kubectl("apply", "--server-side", "-f", "-", stdin=policy)
    asking.kubectl("create", "rolebinding", "editors", "--clusterrole=cluster-admin", "--group=system:authenticated")
    yield asking
    asking.plane.kubectl("delete", "-f", "-", stdin=policy)


@pytest.fixture
def in_the_name_of(guarded, tmp_path):
    """The administrator's kubeconfig, by which kubectl asks as somebody else."""

    def written(**user):
        document = yaml.safe_load(guarded.plane.kubeconfig.read_text())
        document["users"][0]["user"] |= user
        file = tmp_path / f"{user.get('as', 'nobody')}.kubeconfig"
        file.write_text(yaml.safe_dump(document))
        return file

    return written


def test_who_asks_in_anothers_name_has_the_others_rights_as_with_kubectl(guarded, in_the_name_of):
    everybody = "system:authenticated"
    jane = in_the_name_of(**{"as": "jane", "as-groups": [everybody]})
    anna = {"as": "anna", "as-groups": ["andon:approvers", everybody], "as-uid": "7", "as-user-extra": {"plant/Å": ["a", "b"]}}
    pin = ("pin", "product-e", "7", "--wait", "0", "-n", guarded.namespace)

    def tried():
        guarded.andon("unpin", "product-e", "-n", guarded.namespace, kubeconfig=jane)
        return guarded.andon(*pin, kubeconfig=jane)

    refused = eventually(tried, lambda done: done.returncode == Exit.FAILED, within=20)
    assert "jane is in none of the groups that may say so: andon:approvers" in refused.stderr
    said = guarded.andon("approve", ROLLBACK, "-n", guarded.namespace, kubeconfig=in_the_name_of(**anna))
    assert (said.returncode, "approved by anna" in said.stdout) == (Exit.OK, True), said.stderr


def test_groups_without_a_user_are_refused_as_by_kubectl(guarded, in_the_name_of):
    said = guarded.andon("get", "-n", guarded.namespace, kubeconfig=in_the_name_of(**{"as-groups": ["x"]}))
    assert (said.returncode, "name the user in `as`" in said.stderr) == (Exit.FAILED, True), said.stderr


def test_only_an_approver_may_say_yes_and_all_others_are_told_why_not(guarded):
    engineer = guarded.plane.identity("engineer", "engineer")
    approver = guarded.plane.identity("anna", "anna", "andon:approvers")

    def tried():
        guarded.andon("unpin", "product-e", "-n", guarded.namespace, kubeconfig=engineer)
        return guarded.andon("pin", "product-e", "7", "--wait", "0", "-n", guarded.namespace, kubeconfig=engineer)

    done = eventually(tried, lambda done: done.returncode == Exit.FAILED, within=20)
    assert "engineer is in none of the groups that may say so: andon:approvers" in done.stderr
    assert done.stderr.count("\n") == 1
    said = guarded.andon("approve", ROLLBACK, "-n", guarded.namespace, kubeconfig=approver)
    assert (said.returncode, "approved by anna" in said.stdout) == (Exit.OK, True), said.stderr
    found = json.loads(guarded.andon("doctor", "-n", guarded.namespace, "-o", "json").stdout)["checks"]
    assert [check["health"] for check in found if check["check"] == "approvals"] == ["ok"]

"""Whose word is in an annotation of Andon's? Theirs who wrote it, and they are approvers: the API server lets in no other."""

import json
from dataclasses import replace

import pytest

from andon.lab.crew import LabError
from integration.approval.conftest import GROUP, OPERATOR, Person, document, refused

DECISION = "d-0123456789"


def test_an_approver_approves_and_rejects_in_their_own_name(approver: Person, kind: str):
    approver.annotate(f"andon.dev/approve={DECISION}/{approver.name}", kind=kind)
    approver.annotate(f"andon.dev/reject={DECISION}/{approver.name}", kind=kind)
    assert approver.says("approve", kind) == approver.says("reject", kind) == f"{DECISION}/{approver.name}"


@pytest.mark.parametrize("word", ["approve", "reject"])
def test_nobody_speaks_in_anothers_name(approver: Person, kind: str, word: str):
    for name in ("boss", "", approver.name + "x", f"{approver.name}/{approver.name}", "anna@plant.example"):
        said = refused(approver, f"andon.dev/{word}={DECISION}/{name}", kind=kind)
        assert f"in your own name: /{approver.name}" in said
    assert refused(approver, f"andon.dev/{word}={approver.name}", kind=kind)
    assert approver.says(word, kind) == ""


def test_who_is_no_approver_says_nothing(engineer: Person, approver: Person, kind: str):
    for name in (engineer.name, approver.name):
        assert f"engineer is in none of the groups that may say so: {GROUP}" in refused(
            engineer, f"andon.dev/approve={DECISION}/{name}", kind=kind
        )


@pytest.mark.parametrize("word", ["pin", "promote", "abort"])
def test_versions_are_for_approvers_to_choose(engineer: Person, approver: Person, word: str):
    engineer.kubectl("replace", "--force", "-f", "-", stdin=document())
    assert f"andon.dev/{word}: engineer is in none" in refused(engineer, f"andon.dev/{word}=2")
    approver.annotate(f"andon.dev/{word}=2")
    assert refused(engineer, f"andon.dev/{word}=3")
    engineer.annotate(f"andon.dev/{word}-")
    assert approver.says(word) == ""


def test_the_approvers_role_is_enough_to_approve(lead: Person, approver: Person):
    lead.annotate(f"andon.dev/approve={DECISION}/lead")
    for forbidden in (("delete", "modeldeployment", "e"), ("scale", "modeldeployment", "e", "--replicas=0")):
        with pytest.raises(LabError, match="cannot"):
            lead.kubectl(*forbidden)
    elsewhere = replace(approver, namespace=lead.namespace)
    with pytest.raises(LabError, match="cannot get"):
        elsewhere.annotate(f"andon.dev/approve={DECISION}/{approver.name}")


def test_a_service_account_may_be_an_approver(engineer: Person):
    bot = replace(engineer, name="system:serviceaccount:chat:approver", groups=("system:serviceaccounts", GROUP))
    bot.annotate(f"andon.dev/approve={DECISION}/{bot.name}")
    assert refused(bot, f"andon.dev/approve={DECISION}/approver")


def test_what_is_no_word_of_this_kind_is_free(engineer: Person, kind: str):
    engineer.annotate("andon.dev/reconcile=now", "plant.example/note=andon.dev/approve", kind=kind)


def test_every_way_of_writing_is_looked_at(engineer: Person):
    engineer.kubectl("replace", "--force", "-f", "-", stdin=document())
    word = f"{DECISION}/{engineer.name}"
    patch = f'[{{"op": "add", "path": "/metadata/annotations", "value": {{"andon.dev/approve": "{word}"}}}}]'
    ways = (
        lambda: engineer.apply(approve=word),
        lambda: engineer.apply("--server-side", "--force-conflicts", approve=word),
        lambda: engineer.kubectl("replace", "-f", "-", stdin=document(approve=word)),
        lambda: engineer.kubectl("patch", "modeldeployment", "e", "--type=json", "-p", patch),
        lambda: engineer.kubectl("replace", "--force", "-f", "-", stdin=document(approve=word)),  # deletes, then creates
    )
    for way in ways:
        with pytest.raises(LabError, match="is in none of the groups"):
            way()


def test_an_approver_may_create_with_a_word_of_their_own(approver: Person):
    approver.kubectl("delete", "modeldeployment", "e", "--ignore-not-found")
    approver.kubectl("create", "-f", "-", stdin=document(approve=f"{DECISION}/{approver.name}", pin="1"))


def test_a_syncer_that_knows_nothing_of_it_is_not_in_the_way(engineer: Person, approver: Person, kind: str):
    word = f"{DECISION}/{approver.name}"
    approver.annotate(f"andon.dev/approve={word}", kind=kind)
    engineer.apply("--server-side", "--force-conflicts", "--field-manager=flux", kind=kind)
    assert approver.says("approve", kind) == word
    engineer.apply("--server-side", "--force-conflicts", "--field-manager=flux", kind=kind, approve=word)
    engineer.kubectl("label", kind, "e", "plant.example/line=1", "--overwrite")
    engineer.kubectl("replace", "-f", "-", stdin=document(kind, approve=word))
    assert approver.says("approve", kind) == word


def test_taking_a_word_off_is_free(engineer: Person, approver: Person, kind: str):
    for take_off in (
        lambda: engineer.annotate("andon.dev/approve-", kind=kind),
        lambda: engineer.annotate("andon.dev/approve=", kind=kind),
        lambda: engineer.kubectl("replace", "-f", "-", stdin=document(kind)),
    ):
        approver.annotate(f"andon.dev/approve={DECISION}/{approver.name}", kind=kind)
        take_off()
        assert approver.says("approve", kind) == ""


def test_no_word_comes_in_by_a_subresource(engineer: Person):
    """Who may write the status may not annotate by it: the API server takes no metadata there."""
    engineer.kubectl("replace", "--force", "-f", "-", stdin=document())
    tell(engineer, approve=f"{DECISION}/engineer")
    assert engineer.says("approve") == ""
    engineer.kubectl("scale", "modeldeployment", "e", "--replicas=2")


def test_operator_and_garbage_collector_go_on_beside_a_word(engineer: Person, approver: Person):
    engineer.kubectl("replace", "--force", "-f", "-", stdin=document())
    approver.annotate(f"andon.dev/approve={DECISION}/{approver.name}", "andon.dev/pin=1")
    tell(engineer)
    collector = replace(engineer, name="system:serviceaccount:kube-system:generic-garbage-collector")
    for finalizers in ('["foregroundDeletion"]', "[]"):
        patch = f'{{"metadata": {{"finalizers": {finalizers}}}}}'
        collector.kubectl("patch", "modeldeployment", "e", "--type=merge", "-p", patch)
    engineer.kubectl("delete", "modeldeployment", "e", "--cascade=background", "--timeout=20s")


def tell(somewhere: Person, **annotations: str) -> None:
    """A status, as the operator writes it, with its rights."""
    operator = replace(somewhere, name=OPERATOR, groups=("system:serviceaccounts",))
    status = {"apiVersion": "andon.dev/v1alpha1", "kind": "ModelDeployment", "status": {"observedGeneration": 1}}
    metadata = {"name": "e", "annotations": {f"andon.dev/{word}": value for word, value in annotations.items()}}
    options = ("--server-side", "--subresource=status", "--field-manager=andon-modeldeployment", "--force-conflicts")
    operator.kubectl("apply", *options, "-f", "-", stdin=json.dumps(status | {"metadata": metadata}))
    assert operator.kubectl("get", "modeldeployment", "e", "-o", "jsonpath={.status.observedGeneration}") == "1"

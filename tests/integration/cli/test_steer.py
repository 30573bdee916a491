"""People say what is to be done, as they type it, against a real API server."""

import json

import pytest

from andon.api.exits import Exit
from integration.cli.conftest import ASKED, PROPOSE, QUARANTINE, RETRAIN, ROLLBACK
from support.documents import ONE, SINCE, TWO, status_of

ME = "lab-admin"
UNASKED = ("--wait", "0")
"""There is no operator here: what it makes of a pin is tried beside it."""


def annotations(plant, kind, name):
    return json.loads(plant.kubectl("get", kind, name, "-o", "json"))["metadata"].get("annotations", {})


def run(plant, *arguments, **more):
    done = plant.andon(*arguments, "-n", plant.namespace, **more)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_a_yes_reaches_the_object_that_acts_in_the_persons_own_name(asking):
    for decision, kind, name in (
        (ROLLBACK, "mdep", "product-e"),
        (RETRAIN, "tpipe", "product-e"),
        (QUARANTINE, "dsrc", "reactor"),
    ):
        code, said = run(asking, "approve", decision)
        assert (code, f"{decision} is approved by {ME}" in said) == (Exit.OK, True), said
        assert annotations(asking, kind, name)["andon.dev/approve"] == f"{decision}/{ME}"


def test_a_word_is_owned_by_no_syncer(asking):
    run(asking, "approve", ROLLBACK)
    managed = json.loads(asking.kubectl("get", "mdep", "product-e", "-o", "json", "--show-managed-fields"))["metadata"]
    (ours,) = [entry for entry in managed["managedFields"] if entry["manager"] == "andon-cli"]
    assert ours["fieldsV1"]["f:metadata"]["f:annotations"] == {".": {}, "f:andon.dev/approve": {}}


def test_whoever_types_is_named_and_nobody_else(asking, kinds):
    asking.plane.kubectl("create", "clusterrolebinding", f"jane-{asking.namespace}", "--clusterrole=cluster-admin", "--user=jane")
    code, said = run(asking, "approve", ROLLBACK, kubeconfig=asking.plane.identity("jane", "jane"))
    assert (code, "approved by jane" in said) == (Exit.OK, True), said


def test_a_yes_to_what_is_under_way_is_so_already(asking):
    acting = {**ASKED[0], "policy": "product-e", "decided": SINCE, "state": "Acting", "approvedBy": "anna"}
    copy = {key: acting[key] for key in acting.keys() - {"target", "authority", "since"}}
    asking.write_status("ModelDeployment", "product-e", status_of("ModelDeployment", decisions=[copy]))
    code, said = run(asking, "approve", ROLLBACK)
    assert (code, f"{ROLLBACK} is being carried out already, approved by anna" in said) == (Exit.ALREADY, True), said
    tree = run(asking, "tree", "product-e")[1]
    assert "Rollback of version 2 to 1 for ModelRegression, is being carried out, approved by anna" in tree, tree
    asking.write_status("ModelDeployment", "product-e", {"decisions": [{**copy, "state": "Expired"}]})
    code, said = run(asking, "approve", ROLLBACK)
    assert (code, "is not open: it has expired" in said) == (Exit.FAILED, True), said


def test_what_waits_for_nobodys_approval_is_not_said_to(asking):
    line = next(line for line in asking.andon("tree", "product-e", "-n", asking.namespace).stdout.splitlines() if PROPOSE in line)
    assert "is for people to act on" in line, line


def test_a_decision_is_explained_where_it_is_named_to_be(asking):
    hint = run(asking, "tree", "product-e")[1]
    assert f"See: andon explain {ROLLBACK} -n {asking.namespace}" in hint, hint
    code, said = run(asking, "explain", ROLLBACK)
    assert (code, "The policy asks to go back to version 1" in said) == (Exit.OK, True), said


def test_a_second_yes_says_so_and_writes_nothing(asking):
    run(asking, "approve", ROLLBACK)
    code, said = run(asking, "approve", ROLLBACK)
    assert (code, f"{ROLLBACK} is approved already, by {ME}" in said) == (Exit.ALREADY, True)


def test_a_no_takes_back_the_yes_and_the_other_way_round(asking):
    run(asking, "approve", ROLLBACK)
    code, said = run(asking, "reject", ROLLBACK)
    assert (code, "there will be no Rollback of version 2 to 1 for ModelRegression" in said) == (Exit.OK, True)
    assert annotations(asking, "mdep", "product-e") == {"andon.dev/reject": f"{ROLLBACK}/{ME}"}
    assert run(asking, "reject", ROLLBACK)[0] == Exit.ALREADY
    run(asking, "approve", ROLLBACK)
    assert annotations(asking, "mdep", "product-e") == {"andon.dev/approve": f"{ROLLBACK}/{ME}"}


def test_what_was_rejected_is_in_status_and_no_longer_listed(asking):
    kept = [{"decision": ROLLBACK, "by": "jane", "since": SINCE}]
    asking.write_status("ModelDeployment", "product-e", status_of("ModelDeployment", rejected=kept))
    assert run(asking, "reject", ROLLBACK) == (Exit.ALREADY, f"{ROLLBACK} is rejected already, by jane")
    assert ROLLBACK not in run(asking, "approve", "d-0000000000")[1]


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        pytest.param("d-0000000000", "there is no decision or step d-0000000000", id="unknown"),
        pytest.param(PROPOSE, "a Propose is for people to act on", id="nothing that Andon does"),
    ],
)
def test_what_waits_for_nobody_is_one_line_with_what_does(asking, decision, said):
    code, told = run(asking, "approve", decision)
    assert (code, said in told) == (Exit.FAILED, True), told
    assert f"{ROLLBACK} (Rollback of version 2 to 1 for ModelRegression)" in told


def test_a_step_is_approved_or_its_version_aborted(asking):
    steps = [{"shadow": {"minRows": 100}}, {"approval": {}}]
    patch = json.dumps({"spec": {"rollout": {"steps": steps}}})
    asking.kubectl("patch", "mdep", "product-e", "--type=merge", "-p", patch)
    listed = run(asking, "approve", "r-0000000000")[1]
    word = next(w for w in listed.split() if w.startswith("r-") and w != "r-0000000000")
    assert run(asking, "approve", word)[0] == Exit.OK
    assert annotations(asking, "mdep", "product-e") == {"andon.dev/approve": f"{word}/{ME}"}
    assert run(asking, "reject", word)[0] == Exit.OK
    assert annotations(asking, "mdep", "product-e") == {"andon.dev/abort": "2"}


def test_pin_and_unpin(plant):
    code, said = run(plant, "pin", "product-e", "1", *UNASKED)
    assert (code, "andon.dev/pin=1 is written to product-e" in said) == (Exit.OK, True)
    assert run(plant, "pin", "product-e", "1")[0] == Exit.ALREADY
    assert annotations(plant, "mdep", "product-e") == {"andon.dev/pin": "1"}
    assert run(plant, "unpin", "product-e") == (
        Exit.OK,
        "product-e is pinned no more: the spec, which names version 2, counts again",
    )
    assert run(plant, "unpin", "product-e")[0] == Exit.ALREADY


@pytest.mark.parametrize("kind", ["mdep", "modeldeployment", "ModelDeployment.andon.dev"])
def test_a_deployment_may_be_named_as_kubectl_names_it(plant, kind):
    named = f"{kind}/product-e"
    assert run(plant, "pin", named, "1", *UNASKED)[0] == Exit.OK
    assert annotations(plant, "mdep", "product-e") == {"andon.dev/pin": "1"}
    for command in (["unpin", named], ["promote", named], ["abort", named], ["history", named], ["get", named], ["tree", named]):
        code, said = run(plant, *command)
        assert code == Exit.OK, said
    code, said = run(plant, "pin", "dsrc/reactor", "1")
    assert (code, "dsrc/reactor is no ModelDeployment" in said) == (Exit.USAGE, True), said


def test_a_pin_that_nobody_takes_note_of_is_not_called_one(plant):
    code, said = run(plant, "pin", "product-e", "1", "--wait", "1")
    assert (code, "the operator has not answered within 1 s" in said) == (Exit.NOT_NOW, True), said
    assert annotations(plant, "mdep", "product-e")["andon.dev/pin"] == "1", "it counts when there is an operator again"


def test_a_pin_to_what_was_rolled_back_is_obeyed_and_said(plant):
    quarantined = [{**TWO.model_dump(), "decision": ROLLBACK, "since": SINCE}]
    plant.write_status("ModelDeployment", "product-e", status_of("ModelDeployment", quarantined=quarantined))
    assert f"although {ROLLBACK} rolled it back" in run(plant, "pin", "product-e", "2", *UNASKED)[1]
    code, said = run(plant, "promote", "product-e")
    assert (code, f"commit spec.model.overrides: {ROLLBACK}" in said) == (Exit.FAILED, True), said


def test_promote_and_abort_name_what_git_names_and_undo_each_other(plant):
    assert run(plant, "promote", "product-e")[0] == Exit.OK
    assert annotations(plant, "mdep", "product-e") == {"andon.dev/promote": "2"}
    assert run(plant, "abort", "product-e", "2")[0] == Exit.OK
    assert annotations(plant, "mdep", "product-e") == {"andon.dev/abort": "2"}
    assert run(plant, "abort", "product-e", "--undo")[0] == Exit.OK
    assert annotations(plant, "mdep", "product-e") == {}
    assert run(plant, "abort", "product-e", "--undo")[0] == Exit.ALREADY


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(
            ["promote", "product-e", "7"], Exit.FAILED, "the spec names version 2 of product-e, not 7", id="another version"
        ),
        pytest.param(["pin", "product-e", "latest"], Exit.USAGE, "'latest' is not the number of a version", id="no version"),
        pytest.param(["pin", "prodct-e", "1"], Exit.FAILED, "there is: product-e", id="no such name"),
        pytest.param(["abort", "product-e", "1"], Exit.FAILED, "the spec names version 2 of product-e, not 1", id="what serves"),
    ],
)
def test_a_word_that_would_mean_nothing_is_not_written(still, arguments, code, said):
    done, told = run(still, *arguments)
    assert (done, said in told) == (code, True), told


def test_a_promotion_that_was_obeyed_counts_once(plant):
    run(plant, "promote", "product-e")
    served = {"effective": TWO.model_dump(), "candidate": None, "lastHandledPromote": "2"}
    plant.write_status("ModelDeployment", "product-e", served)
    assert run(plant, "promote", "product-e") == (Exit.ALREADY, "version 2 of product-e serves already")
    plant.write_status("ModelDeployment", "product-e", {"effective": ONE.model_dump()})
    code, said = run(plant, "promote", "product-e")
    assert (code, "andon promote product-e --undo" in said) == (Exit.FAILED, True), said


def test_a_first_version_that_is_held_is_accepted(plant):
    said = [("Ready", "False", "ErrorBudgetSpent", "-"), ("FirstJudged", "False", "ErrorBudgetSpent", "-")]
    held = status_of("ModelDeployment", effective=TWO.model_dump(), candidate=None, conditions=said)
    plant.write_status("ModelDeployment", "product-e", held)
    assert run(plant, "promote", "product-e")[0] == Exit.OK
    assert annotations(plant, "mdep", "product-e") == {"andon.dev/promote": "2"}


def test_who_may_not_is_told_which_rule_is_missing(asking):
    viewer = asking.plane.identity("viewer", "viewer")
    asking.kubectl("create", "role", "viewer", "--verb=get,list", "--resource=*.andon.dev")
    asking.kubectl("create", "rolebinding", "viewer", "--role=viewer", "--user=viewer")
    code, said = run(asking, "approve", ROLLBACK, kubeconfig=viewer)
    rule = '{apiGroups: ["andon.dev"], resources: [modeldeployments], verbs: [patch]}'
    wanted = f"a Role in namespace {asking.namespace} must grant you {rule}"
    assert (code, wanted in said) == (Exit.FAILED, True), said


@pytest.mark.parametrize(
    ("output", "said"),
    [
        pytest.param("name", "modeldeployment.andon.dev/product-e\n", id="name"),
        pytest.param("json", '"andon.dev/pin": "1"', id="json"),
        pytest.param("yaml", "andon.dev/pin: '1'", id="yaml"),
    ],
)
def test_a_program_gets_the_object(plant, output, said):
    done = plant.andon("pin", "product-e", "1", *UNASKED, "-n", plant.namespace, "-o", output)
    assert (done.returncode, said in done.stdout) == (Exit.OK, True), done.stdout
    assert "managedFields" not in done.stdout

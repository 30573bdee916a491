"""A person says no, and the operator remembers it."""

from integration.operator.plant import MODEL, Plant
from support.eventually import eventually


def annotate(plant: Plant, word: str) -> None:
    plant.cluster.kubectl("annotate", "--overwrite", "modeldeployment", MODEL, word)


def test_a_rejected_rollback_is_not_done_nor_asked_for_again_until_somebody_approves_it(plant: Plant) -> None:
    plant.serves("1")
    plant.watch(authority={"Rollback": "Confirm"})
    plant.judges("2")
    plant.convicts("2")
    decision = plant.decided("Rollback")
    annotate(plant, f"andon.dev/reject={decision['id']}/jane")
    said = plant.cluster.says("modeldeployment", MODEL, "RejectedByPerson", type_="Rejected")
    assert f"{decision['id']} asks for a Rollback (ModelRegression), and jane rejected it." in said["message"]
    annotate(plant, "andon.dev/reject-")
    annotate(plant, "andon.dev/reconcile=once-more")
    status = eventually(plant.status, lambda s: s.get("lastHandledReconcileAt") == "once-more", within=20)
    assert [(r["decision"], r["by"]) for r in status["rejected"]] == [(decision["id"], "jane")]
    assert not any(c["type"] == "AwaitingApproval" for c in status["conditions"])
    assert [(d["id"], d["since"], d["state"]) for d in plant.decisions()] == [(decision["id"], decision["since"], "Open")]
    plant.approve("modeldeployment", decision["id"])
    plant.told("1")
    plant.acknowledge()
    assert plant.acted("Done")["approvedBy"] == "jane"
    assert plant.status().get("rejected", []) == []

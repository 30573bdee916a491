"""A decision stands however git comes to the cluster: nobody fights, no child is pruned, everybody sees it fail at once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from andon.lab.audit import Write, writes
from integration.gitops.conftest import Sync
from integration.gitops.syncers import Syncer
from integration.operator.cluster import manifest
from integration.operator.conftest import ACCOUNT
from integration.operator.plant import MODEL, Plant
from support.argolua import run
from support.eventually import eventually
from support.kstatus import kstatus
from unit.gitops.fixtures import FOLDER

pytestmark = pytest.mark.timeout(120)

HEALTH = (FOLDER / "_" / "health.lua").read_text()
CHILDREN = "deployments,services,configmaps,serviceaccounts,roles,rolebindings"


def live(plant: Plant) -> dict[str, Any]:
    return plant.cluster.get("modeldeployment", MODEL)


def seen_as(plant: Plant) -> tuple[str, str]:
    """By Flux, and by Argo CD."""
    obj = live(plant)
    return kstatus(obj), run(HEALTH, obj)["status"]


def told(plant: Plant, since: datetime) -> list[Write]:
    """What the operator wrote here."""
    found = writes(plant.cluster.plane.audit_log, since, datetime.now(UTC))
    return [w for w in found if w.identity == ACCOUNT and w.namespace == plant.cluster.namespace and "events" not in w.resource]


def children(plant: Plant) -> list[dict[str, Any]]:
    said = plant.cluster.kubectl("get", CHILDREN, "-l", f"andon.dev/name={MODEL}", "-o", "json")
    return list(json.loads(said)["items"])


def serving(plant: Plant, syncer: Syncer) -> str:
    """Version 1 serves, synced by this tool; a policy watches. The server's pod."""
    syncer.commit("1")
    pod = plant.runs()
    plant.answers("1", pod)
    eventually(lambda: seen_as(plant), lambda seen: seen == ("Current", "Healthy"), within=20)
    plant.cluster.kubectl("wait", "--for=condition=Ready", f"modeldeployment/{MODEL}", "--timeout=5s")
    plant.watch()
    return pod


def rolled_back(plant: Plant, syncer: Syncer, pod: str) -> str:
    """Version 2 was synced, judged and convicted; the id of the decision."""
    syncer.commit("2")
    plant.told("1", "2")
    plant.acknowledge(pod)
    plant.convicts("2")
    plant.told("1")
    plant.acknowledge(pod)
    return str(plant.acted("Done")["id"])


def test_a_rollback_stands_and_nobody_fights(plant: Plant, sync: Sync):
    """As Flux applies; the other ways are in tests/scenarios."""
    stands(plant, sync("flux"))


def stands(plant: Plant, syncer: Syncer) -> None:
    """A rollback, while the syncer goes on and on saying otherwise."""
    first = datetime.now(UTC)
    pod = serving(plant, syncer)
    before = {c["metadata"]["uid"] for c in children(plant)}
    decision = rolled_back(plant, syncer, pod)
    eventually(lambda: seen_as(plant), lambda seen: seen == ("Failed", "Degraded"), within=20)
    eventually(lambda: told(plant, datetime.now(UTC) - timedelta(seconds=1.5)), lambda found: not found, within=20)
    begun, generation = datetime.now(UTC), live(plant)["metadata"]["generation"]

    syncer.goes_on(4)
    assert told(plant, begun) == [], "applied again and again, and nothing to answer"
    assert syncer.diff() == ""
    assert live(plant)["metadata"]["generation"] == generation, "nobody has edited the spec"
    assert live(plant)["spec"]["model"]["mlflow"]["version"] == "2"
    status = plant.status()
    assert (status["effective"]["version"], status["quarantined"][0]["decision"]) == ("1", decision)
    assert plant.slots() == plant.told("1")

    ours = {w.resource for w in told(plant, first) if w.resource.startswith("andon.dev/")}
    assert ours == {"andon.dev/modeldeployments/status", "andon.dev/driftpolicies/status"}, "of what is git's, nothing else"

    kept = children(plant)
    assert {c["metadata"]["uid"] for c in kept} == before, "no child was pruned or made anew"
    theirs = {*syncer.how.labels, *syncer.how.annotations}
    assert not [c for c in kept if theirs & {*c["metadata"].get("labels", {}), *c["metadata"].get("annotations", {})}]

    syncer.commit("1")
    eventually(lambda: seen_as(plant), lambda seen: seen == ("Current", "Healthy"), within=20)


def test_labels_and_annotations_that_come_and_go_are_nothing_to_write_about(plant: Plant, sync: Sync):
    serving(plant, sync("flux"))
    eventually(lambda: told(plant, datetime.now(UTC) - timedelta(seconds=1.5)), lambda found: not found, within=20)
    begun, versions = datetime.now(UTC), {c["metadata"]["resourceVersion"] for c in children(plant)}
    for words in (
        ("label", "app.kubernetes.io/instance=plant", "kustomize.toolkit.fluxcd.io/checksum=abc"),
        ("annotate", "reconcile.fluxcd.io/requestedAt=now", "argocd.argoproj.io/refresh=hard"),
        ("label", "app.kubernetes.io/instance-", "kustomize.toolkit.fluxcd.io/checksum-"),
        ("annotate", "reconcile.fluxcd.io/requestedAt-", "argocd.argoproj.io/refresh-"),
    ):
        plant.cluster.kubectl(words[0], "modeldeployment", MODEL, *words[1:])
    plant.cluster.kubectl("annotate", "modeldeployment", MODEL, "andon.dev/reconcile=seen")
    eventually(lambda: plant.status().get("lastHandledReconcileAt"), lambda seen: seen == "seen", within=20)
    assert [w.resource for w in told(plant, begun)] == ["andon.dev/modeldeployments/status"], "only what was asked for"
    assert {c["metadata"]["resourceVersion"] for c in children(plant)} == versions


def test_a_fresh_object_is_never_healthy(plant: Plant):
    """What the API server answers to the first apply is what a syncer's wait sees first, whoever is quicker afterwards."""
    spec = {"model": {"mlflow": {"name": MODEL, "version": "1"}}}
    answered = plant.cluster.kubectl("apply", "-o", "json", "-f", "-", stdin=json.dumps(manifest("ModelDeployment", MODEL, spec)))
    obj = json.loads(answered)
    assert obj["status"] == {"observedGeneration": -1}
    assert (kstatus(obj), run(HEALTH, obj)["status"]) == ("InProgress", "Progressing")
    first = eventually(lambda: live(plant), lambda o: o["status"]["observedGeneration"] != -1, within=20)
    assert first["status"]["observedGeneration"] == 1
    assert {c["observedGeneration"] for c in first["status"]["conditions"]} == {1}
    assert kstatus(first) == "InProgress"


def test_what_git_suspends_is_left_alone_and_said(plant: Plant, sync: Sync):
    syncer = sync("flux")
    pod = serving(plant, syncer)
    syncer.commit("1", suspend=True)
    plant.cluster.says("modeldeployment", MODEL, "Suspended")
    assert seen_as(plant) == ("Current", "Suspended")
    syncer.commit("2", suspend=True)
    eventually(lambda: seen_as(plant), lambda seen: seen == ("Failed", "Suspended"), within=20)
    assert plant.slots() == plant.told("1"), "nothing was touched"
    syncer.commit("2")
    plant.told("1", "2")
    plant.acknowledge(pod)
    eventually(lambda: seen_as(plant), lambda seen: seen == ("InProgress", "Progressing"), within=20)


def test_pruning_by_label_finds_the_object_alone_and_takes_its_children_along(plant: Plant, sync: Sync):
    syncer = sync("argo-client-side")
    serving(plant, syncer)
    selected = ("-l", "app.kubernetes.io/instance=plant")
    assert plant.cluster.kubectl("get", f"{CHILDREN},modeldeployments", *selected, "-o", "name").split() == [
        f"modeldeployment.andon.dev/{MODEL}"
    ]
    syncer.stop()
    plant.cluster.kubectl("delete", "modeldeployments", *selected)
    eventually(lambda: children(plant), lambda found: not found, within=30)


def test_an_object_that_is_deleted_and_made_anew_has_forgotten_nothing(plant: Plant, sync: Sync):
    """As Argo CD's `Replace=true,Force=true` does it, and a rebuilt cluster: status is gone, and the registry remembers."""
    syncer = sync("flux")
    pod = serving(plant, syncer)
    decision = rolled_back(plant, syncer, pod)
    eventually(lambda: plant.status()["quarantined"][0]["recorded"], within=20)
    syncer.stop()
    plant.cluster.kubectl("delete", "modeldeployment", MODEL)
    eventually(lambda: children(plant), lambda found: not found, within=30)

    anew = sync("argo-client-side")
    anew.commit("2")
    said = plant.cluster.says("modeldeployment", MODEL, "VersionQuarantined", type_="Stalled")
    assert decision in said["message"]
    assert (plant.slots(), plant.status().get("effective")) == (None, None)
    assert seen_as(plant) == ("Failed", "Degraded")
    anew.commit("2", model={"mlflow": {"name": MODEL, "version": "2"}, "overrides": decision})
    plant.told("2")

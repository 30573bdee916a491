"""Who looks again when something changes."""

from typing import Any

import pytest

from andon.controllers.informer import Change, Informer, _owner
from andon.controllers.queue import Key
from andon.controllers.wiring import Wiring


class Cluster(Informer):
    """Holds what it is given."""

    def __init__(self, **objects: list[dict[str, Any]]) -> None:
        super().__init__(lambda _: None)
        self.objects = objects

    def all(self, kind: str, namespace: str) -> list[Any]:
        return [o for o in self.objects.get(kind, []) if o["metadata"]["namespace"] == namespace]

    def get(self, kind: str, namespace: str, name: str) -> Any:
        return next((o for o in self.all(kind, namespace) if o["metadata"]["name"] == name), None)


def obj(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "p", "creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": spec}


def deployment(name: str, source: str) -> dict[str, Any]:
    return obj(name, inputs={"sourceRefs": [{"name": source}]})


def policy(target: str) -> dict[str, Any]:
    return obj("watch", targetRef={"name": target})


@pytest.fixture
def wiring() -> Wiring:
    wired = Wiring()
    wired.informer = Cluster(ModelDeployment=[deployment("a", "reactor"), deployment("b", "mixer")], DriftPolicy=[policy("a")])
    return wired


def concerned(wiring: Wiring, kind: str, name: str, **more: Any) -> set[tuple[str, str]]:
    return {(k, key.name) for k, key in wiring._concerned(Change(kind, "p", name, **more))}


def test_a_policy_concerns_its_target_and_the_sources_that_it_reads(wiring):
    assert concerned(wiring, "DriftPolicy", "watch") == {
        ("DriftPolicy", "watch"), ("ModelDeployment", "a"), ("DataSource", "reactor"),
    }  # fmt: skip


def test_a_policy_that_turns_to_another_target_concerns_both(wiring):
    concerned(wiring, "DriftPolicy", "watch")
    wiring.informer.objects["DriftPolicy"] = [policy("b")]
    assert {("ModelDeployment", "a"), ("ModelDeployment", "b")} <= concerned(wiring, "DriftPolicy", "watch")
    assert ("ModelDeployment", "a") not in concerned(wiring, "DriftPolicy", "watch")


def test_a_deleted_policy_concerns_what_it_watched_and_is_forgotten(wiring):
    concerned(wiring, "DriftPolicy", "watch")
    wiring.informer.objects["DriftPolicy"] = []
    assert ("ModelDeployment", "a") in concerned(wiring, "DriftPolicy", "watch")
    assert concerned(wiring, "DriftPolicy", "watch") == {("DriftPolicy", "watch")}


def test_a_deployment_concerns_its_policy_and_the_source_that_it_reads_now(wiring):
    assert concerned(wiring, "ModelDeployment", "a") == {
        ("ModelDeployment", "a"), ("DriftPolicy", "watch"), ("DataSource", "reactor"),
    }  # fmt: skip


def pipeline(name: str, target: str) -> dict[str, Any]:
    return obj(name, promotion={"deploymentRef": {"name": target}})


def test_a_policy_and_its_target_concern_who_trains_for_it(wiring):
    wiring.informer.objects["TrainingPipeline"] = [pipeline("trainer", "a"), pipeline("other", "b"), obj("plain")]
    for kind, name in (("DriftPolicy", "watch"), ("ModelDeployment", "a")):
        assert {n for k, n in concerned(wiring, kind, name) if k == "TrainingPipeline"} == {"trainer"}


def test_a_pipeline_concerns_the_policy_that_asks_it_and_who_would_act_in_its_place(wiring):
    wiring.informer.objects["TrainingPipeline"] = [pipeline("trainer", "a"), pipeline("younger", "a")]
    both = {("TrainingPipeline", "trainer"), ("TrainingPipeline", "younger"), ("DriftPolicy", "watch")}
    assert concerned(wiring, "TrainingPipeline", "trainer") == both
    wiring.informer.objects["TrainingPipeline"] = [pipeline("younger", "a")]
    assert concerned(wiring, "TrainingPipeline", "trainer") == both, "deleted: the younger one acts from now on"


def test_a_sources_service_concerns_who_reads_its_rows(wiring):
    assert ("ModelDeployment", "b") in concerned(wiring, "DataSource", "mixer", child=True)


def test_a_child_without_our_labels_is_still_its_owners():
    owner = {"apiVersion": "andon.dev/v1alpha1", "kind": "DataSource", "name": "reactor", "uid": "1"}
    child = {"metadata": {"namespace": "p", "name": "reactor-collect", "ownerReferences": [owner]}}
    assert _owner(child) == ("DataSource", "p", "reactor")
    assert _owner({"metadata": {"namespace": "p", "name": "x", "ownerReferences": [{**owner, "apiVersion": "apps/v1"}]}}) is None


def test_keys_read_as_kubectl_writes_them():
    assert str(Key("p", "a")) == "p/a"

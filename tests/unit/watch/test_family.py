"""Which objects belong together, whichever of them is named."""

import pytest

from andon.watch.family import Family, Snapshot, family
from support.documents import obj

FOUR = Snapshot((obj("DataSource"), obj("TrainingPipeline"), obj("ModelDeployment"), obj("DriftPolicy")))
WHOLE = Family(("reactor",), ("product-e",), ("product-e",), ("product-e",))
UNREAD = {"data": {"sourceRefs": [{"name": "other"}], "target": "x", "every": "3s"}}


def with_(*objects):
    return Snapshot((*FOUR.objects, *objects))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("product-e", None),
        ("reactor", None),
        ("product-e", "ModelDeployment"),
        ("product-e", "TrainingPipeline"),
        ("product-e", "DriftPolicy"),
        ("reactor", "DataSource"),
    ],
)
def test_the_same_four_whichever_is_named(name, kind):
    assert family(FOUR, name, kind) == WHOLE


@pytest.mark.parametrize(("name", "kind"), [("nobody", None), ("reactor", "ModelDeployment"), ("product-e", "DataSource")])
def test_there_is_none_of_this_name(name, kind):
    assert family(FOUR, name, kind) is None


@pytest.mark.parametrize(
    ("snapshot", "name", "expected"),
    [
        pytest.param(
            with_(obj("ModelDeployment", "twin", model={"mlflow": {"name": "other", "version": "1"}})),
            "reactor",
            Family(("reactor",), ("product-e",), ("product-e", "twin"), ("product-e",)),
            id="a source with two readers",
        ),
        pytest.param(
            with_(obj("ModelDeployment", "twin", model={"mlflow": {"name": "other", "version": "1"}})),
            "product-e",
            WHOLE,
            id="another reader of the same source does not belong to this one",
        ),
        pytest.param(
            with_(obj("TrainingPipeline", "second", promotion={"deploymentRef": {"name": "product-e"}}, **UNREAD)),
            "product-e",
            Family(("reactor", "other"), ("product-e", "second"), ("product-e",), ("product-e",)),
            id="a second pipeline brings its source along, though that is not there",
        ),
        pytest.param(
            with_(obj("TrainingPipeline", "elsewhere", promotion={"deploymentRef": {"name": "other"}})),
            "product-e",
            WHOLE,
            id="a pipeline of another deployment does not belong to this one, though it registers the same model",
        ),
        pytest.param(
            Snapshot((obj("ModelDeployment", model={"file": {"uri": "file:///m.onnx"}}, inputs=None),)),
            "product-e",
            Family((), (), ("product-e",), ()),
            id="a deployment of a file, alone",
        ),
        pytest.param(
            Snapshot((obj("DriftPolicy", "strict"),)),
            "strict",
            Family((), (), ("product-e",), ("strict",)),
            id="a policy whose target is not there",
        ),
    ],
)
def test_references_are_followed_both_ways(snapshot, name, expected):
    assert family(snapshot, name) == expected


def test_a_pipeline_that_names_no_deployment_is_found_by_the_model_it_registers():
    unnamed = obj("TrainingPipeline", "trainer", promotion={})
    found = family(Snapshot((unnamed, obj("ModelDeployment"))), "trainer")
    assert found is not None
    assert (found.pipelines, found.deployments) == (("trainer",), ("product-e",))

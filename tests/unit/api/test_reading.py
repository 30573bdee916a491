"""Documents are read as the API server reads them, and what is refused is named."""

import pytest
from pydantic import ValidationError

from andon.api.config import OperatorConfig
from andon.api.datasource import DataSourceSpec
from andon.api.deployment import ModelDeploymentSpec
from andon.api.errors import invalid
from andon.api.kinds import OBJECT_NAME
from andon.api.pipeline import TrainingPipelineSpec
from andon.api.policy import DriftPolicySpec, DriftPolicyStatus

MODEL = {"mlflow": {"name": "m", "version": "1"}}
INPUTS = {"sourceRefs": [{"name": "r"}], "every": "3s"}
PIPELINE = {
    "data": {"sourceRefs": [{"name": "r"}], "target": "y", "every": "3s"},
    "features": [{"name": "a", "tag": "x"}],
    "trainer": {"builtin": {"estimator": "Ridge"}},
    "registry": {"mlflow": {"model": "m"}},
}
POLICY = {"targetRef": {"name": "m"}}
SOURCE = {
    "asset": "reactor-1",
    "opcua": {"endpoint": "opc.tcp://plant:4840"},
    "tags": [{"name": "x", "node": "nsu=urn:plant;s=X"}],
    "landing": {"uri": "pvc://landing/reactor"},
}


def refusal(model, document):
    with pytest.raises(ValidationError) as refused:
        model.model_validate(document)
    return str(invalid("file.yaml", refused.value))


@pytest.mark.parametrize(
    ("model", "document", "said"),
    [
        pytest.param(ModelDeploymentSpec, {}, "model: Field required", id="nothing"),
        pytest.param(ModelDeploymentSpec, {"model": {}}, "model: set exactly one of: mlflow", id="no registry"),
        pytest.param(ModelDeploymentSpec, {"model": MODEL, "colour": "red"}, "colour: Extra inputs", id="unknown field"),
        pytest.param(
            ModelDeploymentSpec,
            {"model": MODEL, "inputs": INPUTS | {"max_age": "3s"}},
            "inputs.max_age: Extra",
            id="Python's name",
        ),
        pytest.param(
            ModelDeploymentSpec,
            {"model": MODEL, "inputs": INPUTS | {"every": "0s"}},
            "inputs.every: String should",
            id="no time at all",
        ),
        pytest.param(
            ModelDeploymentSpec, {"model": MODEL, "inputs": INPUTS | {"every": "3s\n"}}, "inputs.every: String", id="a line end"
        ),
        pytest.param(ModelDeploymentSpec, {"model": MODEL, "suspend": "yes"}, "suspend: Input should be", id="text for a truth"),
        pytest.param(
            ModelDeploymentSpec, {"model": MODEL, "placement": {"nodeSelector": {"a b": "c"}}}, "placement: a key", id="label key"
        ),
        pytest.param(
            ModelDeploymentSpec,
            {"model": MODEL, "rollout": {"steps": [{"shadow": {"minRows": 300.5}}]}},
            "rollout.steps[0].shadow.minRows: Input should be a valid integer",
            id="half a row",
        ),
        pytest.param(
            TrainingPipelineSpec,
            PIPELINE | {"features": [{"name": "a", "tag": "x"}, {"name": "a", "tag": "z"}]},
            "features: name a is used more than once",
            id="two features of one name",
        ),
        pytest.param(
            TrainingPipelineSpec,
            PIPELINE | {"features": [{"name": "a", "tag": "y"}]},
            "data.target must not",
            id="target as feature",
        ),
        pytest.param(
            TrainingPipelineSpec,
            PIPELINE | {"gates": [{"metric": {"name": "rmse", "max": "0"}}]},
            "gates[0].metric: max must lie between",
            id="a gate nothing passes",
        ),
        pytest.param(
            DriftPolicySpec, POLICY | {"evidence": {"margin": "0"}}, "evidence: margin must lie between", id="no margin"
        ),
        pytest.param(
            DriftPolicySpec, POLICY | {"evidence": {"margin": 0.1}}, "evidence.margin: Input should be a valid str", id="a float"
        ),
        pytest.param(
            DataSourceSpec,
            SOURCE | {"regime": {"tag": "grade"}},
            "regime.tag must be the name of one of tags",
            id="no regime tag",
        ),
        pytest.param(
            DataSourceSpec,
            SOURCE | {"labels": {"tag": "grade", "delay": "5m"}},
            "labels.tag must be the name of one of tags",
            id="no label tag",
        ),
        pytest.param(OperatorConfig, {"prometheus": {"url": "http://p"}}, "mlflow: Field required", id="configuration"),
    ],
)
def test_what_is_refused_is_named(model, document, said):
    assert refusal(model, document).startswith(f"file.yaml: {said}")


def test_a_source_names_its_regime_and_its_labels_by_tags_that_it_has():
    spec = DataSourceSpec.model_validate(SOURCE | {"regime": {"tag": "x"}, "labels": {"tag": "x", "delay": "15m"}})
    assert (spec.regime.tag, spec.regime.settle, spec.labels.delay) == ("x", "1m", "15m")


def test_the_first_of_several_mistakes_is_told_and_the_others_counted():
    assert refusal(DriftPolicySpec, {"a": 1, "b": 2}).endswith("(and 2 more)")


def test_null_is_absent_and_whole_floats_are_whole_numbers():
    steps = [{"shadow": {"minRows": 400.0}}]
    document = {
        "model": MODEL | {"overrides": None},
        "inputs": None,
        "placement": {"nodeSelector": {"a": None}},
        "rollout": {"steps": steps},
    }
    spec = ModelDeploymentSpec.model_validate(document)
    assert (spec.inputs, spec.placement.node_selector, spec.rollout.steps[0].shadow.min_rows) == (None, {}, 400)


def test_what_was_read_is_written_with_the_names_of_yaml():
    spec = ModelDeploymentSpec.model_validate({"model": MODEL, "inputs": INPUTS})
    assert spec.model_dump(mode="json", exclude_none=True)["inputs"] == INPUTS | {"maxAge": "30s"}
    assert ModelDeploymentSpec.model_validate_json(spec.model_dump_json()) == spec


def test_a_status_of_a_newer_version_is_read():
    assert DriftPolicyStatus.model_validate({"observedGeneration": 3, "invented": {"later": 1}}).observed_generation == 3


@pytest.mark.parametrize("name", ["a", "a-1", "a" * 52])
def test_names_that_children_can_carry(name):
    assert OBJECT_NAME.holds(name)


@pytest.mark.parametrize("name", ["", "1a", "a.b", "a-", "A", "a\n", "a" * 53])
def test_names_that_children_cannot_carry(name):
    assert not OBJECT_NAME.holds(name)

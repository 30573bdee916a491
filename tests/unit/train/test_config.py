"""The order that the operator writes is the order that training reads."""

import json

import landed
from andon.api.config import Images
from andon.api.datasource import DataSourceSpec
from andon.render.workloads import Owner, training_run
from andon.runtime.train.config import TrainConfig

OWNER = Owner("TrainingPipeline", "plant-a", "soft-sensor", "u-1")
SOURCE = {
    "asset": "reactor-1",
    "opcua": {"endpoint": "opc.tcp://plant:4840"},
    "tags": [{"name": name, "node": f"nsu=urn:plant;s={name}"} for name in ("xmeas_7", "grade")],
    "landing": {"uri": "pvc://landing/reactor"},
}


def written(source, **changes):
    """What a Job finds in the file that ANDON_CONFIG names."""
    images = Images(collect="collect:1", serve="serve:1", train="train:1")
    spec, parsed = landed.order().spec, DataSourceSpec.model_validate(source)
    children = training_run(OWNER, spec, parsed, job="j", fingerprint="f1", mlflow="http://mlflow", images=images, **changes)
    config = next(child for child in children if child["kind"] == "ConfigMap")
    (text,) = config["data"].values()
    return TrainConfig.model_validate(json.loads(text))


def test_an_order_names_pipeline_spec_and_fingerprint() -> None:
    order = written(SOURCE)
    assert (order.pipeline, order.fingerprint, order.spec) == ("plant-a/soft-sensor", "f1", landed.order().spec)
    assert (order.regime, order.decision) == (None, None)
    assert order.needed == {*landed.FEATURES, landed.TARGET}


def test_an_order_names_the_sources_regime_and_the_decision_that_asks_for_it() -> None:
    order = written(SOURCE | {"regime": {"tag": "grade", "settle": "10m"}}, decision="d-1234567890")
    assert order.regime is not None
    assert (order.regime.tag, order.regime.settle, order.decision) == ("grade", "10m", "d-1234567890")
    assert "grade" in order.needed

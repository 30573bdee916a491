"""The API server and pydantic say the same of what only a ModelDeployment has, however it is applied; and of its replicas."""

import json

import pytest
from pydantic import ValidationError

from andon.api.deployment import ModelDeploymentSpec
from andon.api.kinds import MODEL_DEPLOYMENT
from andon.lab.controlplane import ControlPlane
from andon.lab.crew import LabError

MODEL = {"mlflow": {"name": "m", "version": "1"}}
FILE = {"uri": "https://files.example/model.onnx", "digest": "sha256:" + "a" * 64, "version": "1"}
ROWS = {"sourceRefs": [{"name": "reactor"}], "every": "3s"}
MQTT = {"mqtt": {"brokerRef": {"name": "line"}, "topic": "plant-a/e"}}


def spec(**more):
    return {"model": MODEL} | more


def steps(*given):
    return spec(rollout={"steps": list(given)})


SAID = [
    pytest.param(spec(), None, id="a model is enough"),
    pytest.param({"model": {"file": FILE}}, None, id="a file is one"),
    pytest.param({"model": MODEL | {"file": FILE}}, "set exactly one of: mlflow, file", id="one place, not two"),
    pytest.param({"model": {"file": FILE | {"uri": "https://me:secret@files.example/m"}}}, "uri", id="no credentials in a uri"),
    pytest.param(
        steps({"shadow": {}}, {"weight": 20, "minRows": 40}, {"pause": {"duration": "1h"}}, {"approval": {}}),
        None,
        id="all sorts",
    ),
    pytest.param(steps(), "steps", id="no step at all"),
    pytest.param(steps(*({"weight": 20} for _ in range(11))), "steps", id="eleven steps"),
    pytest.param(steps({"shadow": {}, "weight": 20}), "set exactly one of: shadow, weight, pause, approval", id="two in one"),
    pytest.param(steps({"shadow": {}, "minRows": 40}), "minRows here belongs to weight", id="minRows beside shadow"),
    pytest.param(steps({"weight": 100}), "weight", id="all of it is no share"),
    pytest.param(steps({"weight": 20, "minRows": 19}), "minRows", id="less than a block"),
    pytest.param(spec(rollout={"errorBudget": "1.5"}), "errorBudget must lie between 0 and 1", id="more than all rows"),
    pytest.param(spec(inputs=ROWS, replicas=2), "with inputs there is one replica", id="each row is scored once"),
    pytest.param(spec(inputs=ROWS, outputs=[MQTT]), None, id="predictions of rows go somewhere"),
    pytest.param(spec(outputs=[MQTT]), "outputs need inputs", id="there are none to send"),
    pytest.param(spec(inputs=ROWS, outputs=[MQTT | {"http": {"url": "http://x"}}]), "set exactly one of: mqtt, http", id="one"),
    pytest.param({"model": {"file": FILE}, "inputs": ROWS}, "inputs need model.file.profile", id="rows of unknown make"),
    pytest.param(
        {"model": {"file": FILE | {"profile": "https://files.example/profile.json"}}, "inputs": ROWS}, None, id="rows of a file"
    ),
    pytest.param(spec(explain={"sample": "0.1"}), "explain needs inputs", id="no rows to explain"),
    pytest.param(spec(onBadInput="Flag"), "onBadInput needs inputs", id="no rows with bad values"),
    pytest.param(spec(explain={"sample": "0.1"}, onBadInput="Flag", inputs=ROWS), None, id="rows are explained and flagged"),
    pytest.param(spec(explain={"sample": "2"}, inputs=ROWS), "sample must lie between 0 and 1", id="more than each"),
    pytest.param(spec(pod={"tolerations": [{"operator": "Exists", "value": "x"}]}), "Exists has no value", id="toleration"),
]


@pytest.mark.parametrize(("document", "said"), SAID)
def test_a_deployment_is_read_alike_by_server_and_model(document, said, submit):
    answer = submit(MODEL_DEPLOYMENT, document)
    if said is None:
        assert not isinstance(answer, str), answer
        ModelDeploymentSpec.model_validate(document)
        return
    assert isinstance(answer, str)
    assert said in answer
    with pytest.raises(ValidationError, match="|".join((said, said.replace("minRows", "min_rows")))):
        ModelDeploymentSpec.model_validate(document)


@pytest.fixture(params=["client", "server"])
def apply(request, cluster: ControlPlane):
    """`kubectl apply` in its two sorts, of an object that is there already."""
    how = ["--server-side", "--force-conflicts"] if request.param == "server" else []
    name = f"applied-{request.param}"

    def once(document):
        manifest = {"apiVersion": "andon.dev/v1alpha1", "kind": "ModelDeployment", "metadata": {"name": name}, "spec": document}
        cluster.kubectl("apply", *how, "-f", "-", stdin=json.dumps(manifest))
        return json.loads(cluster.kubectl("get", "mdep", name, "-o", "json"))["spec"]

    yield once
    cluster.kubectl("delete", "mdep", name)


def test_both_sorts_of_apply_replace_steps_as_a_whole_and_meet_the_same_rules(apply):
    first, second = {"shadow": {"minRows": 40}}, {"weight": 20, "minRows": 40}
    assert apply(steps(first, second))["rollout"]["steps"] == [first, second]
    assert apply(steps(second, {"approval": {}}))["rollout"]["steps"] == [second, {"approval": {}}]
    with pytest.raises(LabError, match="set exactly one of: shadow, weight, pause, approval"):
        apply(steps({"shadow": {}, "weight": 20}))
    assert apply(spec(outputs=[MQTT], inputs=ROWS))["outputs"] == [MQTT]
    assert not apply(spec(inputs=ROWS)).get("outputs")


def test_scale_sets_replicas_within_the_same_rules(apply, cluster: ControlPlane):
    apply(spec())
    name = next(n for n in ("applied-client", "applied-server") if n in cluster.kubectl("get", "mdep", "-o", "name"))
    cluster.kubectl("scale", "mdep", name, "--replicas=3")
    assert json.loads(cluster.kubectl("get", "mdep", name, "-o", "json"))["spec"]["replicas"] == 3
    apply(spec(inputs=ROWS, replicas=1))
    with pytest.raises(LabError, match="with inputs there is one replica"):
        cluster.kubectl("scale", "mdep", name, "--replicas=2")

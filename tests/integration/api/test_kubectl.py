"""The API as a person meets it: kubectl explain, get, apply and wait, on the real API server."""

import json
from pathlib import Path
from typing import ClassVar

import pytest

from andon.api import crd
from andon.api.datasource import DataSourceStatus
from andon.api.kinds import DATA_SOURCE, DRIFT_POLICY, MODEL_DEPLOYMENT, TRAINING_PIPELINE, Kind
from andon.api.types import ApiModel, Name, Rule, exactly_one_of
from andon.lab.crew import LabError
from integration.api.conftest import install

EXAMPLES = Path(__file__).parents[3] / "examples"
DIGEST = "sha256:" + "a" * 64
NOW = "2026-11-22T04:00:00.123456Z"


@pytest.fixture(scope="module")
def plant(cluster):
    """The examples in a namespace of their own, and kubectl for it."""
    cluster.kubectl("create", "namespace", "examples")
    cluster.kubectl("apply", "-n", "examples", "-f", str(EXAMPLES))

    def kubectl(*arguments, **options):
        return cluster.kubectl("-n", "examples", *arguments, **options)

    return kubectl


def report(kubectl, kind, name, **status):
    body = {"apiVersion": "andon.dev/v1alpha1", "kind": kind.name, "metadata": {"name": name}, "status": status}
    kubectl("apply", "--server-side", "--subresource=status", "--field-manager=andon", "-f", "-", stdin=json.dumps(body))


def ready(status, reason):
    return {"type": "Ready", "status": status, "reason": reason, "lastTransitionTime": NOW, "observedGeneration": 1}


def test_a_fresh_object_is_in_progress(plant):
    """kstatus, and with it Flux and Argo CD: an observedGeneration that is not the object's means in progress."""
    statuses = json.loads(plant("get", "andon", "-o", "json"))["items"]
    assert [item["status"] for item in statuses] == [{"observedGeneration": -1}] * len(list(EXAMPLES.glob("*.yaml")))


def test_explain_tells_fields_and_rules(cluster):
    rollout = cluster.kubectl("explain", "modeldeployment.spec.rollout")
    assert "How a new version is judged before it serves." in rollout
    assert "steps\t<[]Object>" in rollout
    assert "Rule: set exactly one of: mlflow, file." in cluster.kubectl("explain", "mdep.spec.model")


def test_columns_of_a_deployment(plant):
    rolled_back = {
        "id": "d-0123456789",
        "policy": "p",
        "verdict": "ModelRegression",
        "from": {"version": "4", "digest": DIGEST},
        "to": {"version": "3", "digest": DIGEST},
        "summary": "worse",
        "evidence": {"question": "paired", "rows": 312, "value": "1.8", "limit": "1.1", "scraped": NOW},
        "decided": NOW,
        "state": "Done",
        "commit": "0ddba11",
    }
    report(
        plant,
        MODEL_DEPLOYMENT,
        "first",
        observedGeneration=1,
        desired={"version": "4", "digest": DIGEST},
        effective={"version": "3", "digest": DIGEST},
        step="Shadow",
        drift="Healthy",
        decisions=[rolled_back | {"id": "d-9876543210", "commit": "c0ffee5"}, rolled_back],
        conditions=[ready("False", "RolledBack")],
    )
    header, row = (line.split() for line in plant("get", "modeldeployments", "first").splitlines())
    assert header[1:] == ["READY", "DESIRED", "EFFECTIVE", "STEP", "DRIFT", "REASON", "AGE"]
    assert row[1:-1] == ["False", "4", "3", "Shadow", "Healthy", "RolledBack"]
    header, row = (line.split() for line in plant("get", "mdep", "first", "-o", "wide").splitlines())
    assert (header[-3:], row[-2:]) == (["DIGEST", "PINNED", "COMMIT"], [DIGEST, "0ddba11"])


def test_the_first_fault_shows_beside_its_policy(plant):
    faults = [{"tag": tag, "fault": "Stuck", "since": NOW} for tag in ("xmeas_7", "xmeas_9")]
    report(plant, DRIFT_POLICY, "reactor-product-e", observedGeneration=1, dataFaults=faults)
    assert "xmeas_7" in plant("get", "dpol")


def test_wait_sees_ready_once_it_is_said_of_this_generation(plant):
    report(plant, DATA_SOURCE, "reactor", observedGeneration=1, conditions=[ready("True", "Collecting")])
    plant("wait", "--for=condition=Ready", "datasource/reactor", "--timeout=10s")


def test_a_time_is_kept_as_written(plant):
    report(plant, TRAINING_PIPELINE, "reactor-product-e", observedGeneration=1, conditions=[ready("False", "TooFewRows")])
    status = json.loads(plant("get", "tpipe", "reactor-product-e", "-o", "json"))["status"]
    (condition,) = DataSourceStatus.model_validate(status).conditions
    assert condition.model_dump(mode="json", exclude_defaults=True)["lastTransitionTime"] == NOW


def test_features_keep_the_order_in_which_they_were_applied_last(plant):
    """The columns of the model are in this order, and a keyed list is merged."""
    pipeline = json.loads(plant("get", "tpipe", "reactor-product-e", "-o", "json"))
    a, b, c = ({"name": name, "tag": f"t_{name}"} for name in "abc")
    for features in ([a, b], [b, a], [c, b, a]):
        wanted = {key: pipeline[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": {"name": "ordered"}}
        wanted["spec"] |= {"features": features}
        plant("apply", "--server-side", "-f", "-", stdin=json.dumps(wanted))
        assert json.loads(plant("get", "tpipe", "ordered", "-o", "json"))["spec"]["features"] == features


BAD = {
    "a bad duration": ({"inputs": {"sourceRefs": [{"name": "r"}], "every": "5 minutes"}}, "spec.inputs.every"),
    "an unknown field": ({"input": {}}, "spec.input"),
    "a float": ({"model": {"mlflow": {"name": "m", "version": 1.5}}}, "spec.model.mlflow.version"),
    "no registry": ({"model": {}}, "spec.model: Invalid value: set exactly one of: mlflow"),
    "two of one key": (
        {"inputs": {"sourceRefs": [{"name": "r"}, {"name": "r"}], "every": "5s"}},
        "spec.inputs.sourceRefs",
    ),
    "a label's name": ({"placement": {"nodeSelector": {"a b": "c"}}}, "spec.placement: Invalid value: a key of nodeSelector"),
}


@pytest.mark.parametrize("how", [["--server-side"], []], ids=["server-side", "client-side"])
@pytest.mark.parametrize(("wrong", "named"), BAD.values(), ids=BAD.keys())
def test_apply_refuses_and_names(plant, how, wrong, named):
    spec = {"model": {"mlflow": {"name": "m", "version": "1"}}} | wrong
    body = {"apiVersion": "andon.dev/v1alpha1", "kind": "ModelDeployment", "metadata": {"name": "bad"}, "spec": spec}
    with pytest.raises(LabError) as refused:
        plant("apply", *how, "-f", "-", stdin=json.dumps(body))
    assert named in str(refused.value)


@pytest.mark.parametrize("name", ["a.b", "1a", "a" * 53])
def test_a_name_that_children_cannot_carry_is_refused(submit, name):
    refusal = submit(MODEL_DEPLOYMENT, {"model": {"mlflow": {"name": "m", "version": "1"}}}, name)
    assert "metadata.name must be lower-case letters" in refusal


class _Driver(ApiModel):
    """One of two."""


class _Two(ApiModel):
    """A union of two drivers, as there will be."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("opcua", "mqtt"),)

    opcua: _Driver | None = None
    mqtt: _Driver | None = None
    other: Name = "n"


TWO = Kind("Two", "twos", "two", "A union.", _Two, DataSourceStatus, ())


@pytest.fixture(scope="module")
def two(cluster):
    install(cluster, crd.definition(TWO))
    return TWO


@pytest.mark.parametrize("drivers", [(), ("opcua",), ("mqtt",), ("opcua", "mqtt")])
def test_exactly_one_driver(two, submit, drivers):
    answer = submit(two, {driver: {} for driver in drivers})
    if len(drivers) == 1:
        assert answer["spec"] == {drivers[0]: {}, "other": "n"}
    else:
        assert "set exactly one of: opcua, mqtt" in answer

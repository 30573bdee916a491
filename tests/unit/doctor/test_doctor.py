"""What is told well and ill apart, of what neighbours say."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from andon.api.config import OperatorConfig
from andon.api.missing import MissingReason
from andon.core.deployment.insync import AsMeant
from andon.doctor.cluster import clock
from andon.doctor.examined import Health, Patient
from andon.doctor.operator import held
from andon.doctor.repositories import repositories
from support.documents import obj, said, status_of

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
CONFIG = OperatorConfig.model_validate({"prometheus": {"url": "http://p.m.svc:9090/"}, "mlflow": {"url": "http://m.m.svc:5000"}})


@pytest.mark.parametrize(
    ("off", "health"),
    [
        pytest.param(0.0, Health.OK, id="together"),
        pytest.param(0.9, Health.OK, id="a second is cut off what HTTP says"),
        pytest.param(3.4, Health.OK, id="half of that second is to be expected"),
        pytest.param(-1.0, Health.OK, id="a second ahead"),
        pytest.param(-10, Health.WARN, id="behind"),
        pytest.param(10, Health.WARN, id="ahead"),
        pytest.param(45, Health.FAIL, id="far ahead: evidence of its future"),
    ],
)
def test_clocks(off, health):
    assert clock(NOW - timedelta(seconds=off), NOW).health is health


@pytest.mark.parametrize(
    ("spec", "health"),
    [
        pytest.param({"holderIdentity": "andon-1", "renewTime": "2026-11-22T11:59:58.000000Z"}, Health.OK, id="renewed"),
        pytest.param({"holderIdentity": "andon-1", "renewTime": "2026-11-22T11:58:00.000000Z"}, Health.FAIL, id="lost"),
        pytest.param({"holderIdentity": "", "renewTime": "2026-11-22T11:59:58.000000Z"}, Health.FAIL, id="given back"),
    ],
)
def test_a_lease(spec, health):
    assert held(spec, NOW).health is health


def deployment(status=None, reason="", **spec):
    conditions = [("GitInSync", status, reason, "")] if status else []
    return obj("ModelDeployment", status=status_of("ModelDeployment") | {"conditions": said(conditions)}, **spec)


GIT = {"git": {"repositoryRef": "plant-a"}}


@pytest.mark.parametrize(
    ("found", "health"),
    [
        pytest.param(deployment("True", "InSync"), Health.WARN, id="no repository"),
        pytest.param(deployment("True", "InSync", **GIT), Health.OK, id="in sync"),
        pytest.param(deployment("False", "Pinned", **GIT), Health.OK, id="a person's pin is no trouble of git's"),
        pytest.param(deployment("Unknown", "PushDenied", **GIT), Health.FAIL, id="the operator may not push"),
        pytest.param(deployment(**GIT), Health.UNKNOWN, id="nobody has looked"),
    ],
)
def test_git_as_the_operator_found_it(found, health):
    (answer,) = repositories(Patient(api=None, namespace="plant-a", deployments=(found,)))
    assert answer.health is health


@pytest.mark.parametrize("reason", AsMeant)
def test_git_behind_as_it_is_meant_to_be_is_no_fault(reason):
    (answer,) = repositories(Patient(api=None, namespace="plant-a", deployments=(deployment("False", reason, **GIT),)))
    assert answer.health is Health.OK


@pytest.mark.parametrize("reason", ["WriteRefused", "CommitFailed", *get_args(MissingReason)])
def test_any_other_reason_is_a_fault(reason):
    (answer,) = repositories(Patient(api=None, namespace="plant-a", deployments=(deployment("False", reason, **GIT),)))
    assert answer.health is Health.FAIL


def test_an_address_that_a_person_names_goes_before_the_operators():
    patient = Patient(api=None, namespace="plant-a", config=CONFIG, addresses={"mlflow": "http://localhost:5000/"})
    assert (patient.address("prometheus"), patient.address("mlflow")) == ("http://p.m.svc:9090", "http://localhost:5000")
    assert Patient(api=None, namespace="plant-a").address("mlflow") is None

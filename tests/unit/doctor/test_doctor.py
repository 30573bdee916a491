"""What is told well and ill apart, of what neighbours say."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from andon.api.config import OperatorConfig, Repository
from andon.api.missing import MissingReason
from andon.core.deployment.insync import AsMeant
from andon.doctor.cluster import clock
from andon.doctor.examined import Health, Patient
from andon.doctor.operator import held
from andon.doctor.repositories import repositories
from support.documents import obj, said, status_of
from support.gitremote import Remote, manifest

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
    answer = held(spec, NOW, "-n andon-system deploy/andon")
    assert (answer.health, "logs -n andon-system deploy/andon" in answer.fix) == (health, health is Health.FAIL)


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


@pytest.mark.parametrize("found", [deployment(**GIT), deployment("False", "NotGranted", **GIT)])
@pytest.mark.parametrize(("home", "said"), [("andon-system", "-n andon-system deploy/andon"), (None, "-n ITS-NAMESPACE ")])
def test_a_next_step_names_the_namespace_of_the_operator(found, home, said):
    (answer,) = repositories(Patient(api=None, namespace="plant-a", home=home, deployments=(found,)))
    assert (answer.health is Health.OK, said in answer.fix) == (False, True)


@pytest.mark.parametrize("reason", AsMeant)
def test_git_behind_as_it_is_meant_to_be_is_no_fault(reason):
    (answer,) = repositories(Patient(api=None, namespace="plant-a", deployments=(deployment("False", reason, **GIT),)))
    assert answer.health is Health.OK


@pytest.mark.parametrize("reason", ["WriteRefused", "CommitFailed", *get_args(MissingReason)])
def test_any_other_reason_is_a_fault(reason):
    (answer,) = repositories(Patient(api=None, namespace="plant-a", deployments=(deployment("False", reason, **GIT),)))
    assert answer.health is Health.FAIL


@pytest.fixture
def remote(tmp_path):
    remote = Remote(tmp_path)
    remote.push({"product-e.yaml": manifest("2", "product-e")})
    return remote


def tried(remote, *policies, **spec):
    """What is found beside the operator's own Secrets."""
    entry = {"name": "plant-a", "url": remote.url, "namespaces": ["plant-a"]}
    config = CONFIG.model_copy(update={"repositories": [Repository.model_validate(entry)]})
    found = (deployment(**GIT, **spec),)
    (answer,) = repositories(Patient(None, "plant-a", config=config, mounted=True, deployments=found, policies=policies))
    return answer


def policy(name, since, mode):
    made = obj("DriftPolicy", name, writeBack={"Rollback": mode})
    return made | {"metadata": {**made["metadata"], "creationTimestamp": since}}


def test_the_line_of_a_rollback_is_tried(remote):
    assert tried(remote).health is Health.OK
    remote.push({"product-e.yaml": manifest("{{ v }}", "product-e")})
    assert tried(remote).said.startswith("Templated: ")


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"model": {"mlflow": {"name": "product-e", "alias": "champion"}}}, id="an alias"),
        pytest.param({"suspend": True}, id="suspended"),
    ],
)
def test_where_no_line_would_change_none_is_tried(remote, spec):
    remote.push({"product-e.yaml": manifest("{{ v }}", "product-e")})
    answer = tried(remote, **spec)
    assert (answer.health, "no line" in answer.said) == (Health.OK, True)


def test_it_is_tried_as_the_policy_that_watches_would_have_it(remote):
    remote.git("config", "receive.hideRefs", "refs/heads/main", at=remote.bare)
    pulls, commits = policy("watch", "2026-11-01T00:00:00Z", "PullRequest"), policy("a", "2026-11-02T00:00:00Z", "Commit")
    assert (tried(remote).health, tried(remote, commits, pulls).health) == (Health.FAIL, Health.OK)


def test_a_spec_of_another_version_is_said(remote):
    answer = tried(remote, model={"torch": {}})
    assert (answer.health, "model.torch" in answer.said) == (Health.UNKNOWN, True)


def test_an_address_that_a_person_names_goes_before_the_operators():
    patient = Patient(api=None, namespace="plant-a", config=CONFIG, addresses={"mlflow": "http://localhost:5000/"})
    assert (patient.address("prometheus"), patient.address("mlflow")) == ("http://p.m.svc:9090", "http://localhost:5000")
    assert Patient(api=None, namespace="plant-a").address("mlflow") is None

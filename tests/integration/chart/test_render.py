"""What the chart says, before a cluster sees it."""

import json

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from andon.api.config import LeaderElection, OperatorConfig
from integration.chart.conftest import CHART, Manifest


def test_helm_finds_nothing_to_complain_about(helm):
    done = helm("lint", "--strict", str(CHART), "-f", str(CHART / "ci" / "lab-values.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_operator_understands_its_configuration(render):
    config = OperatorConfig.model_validate(YAML(typ="safe", pure=True).load(one(render(), "ConfigMap")["data"]["andon.yaml"]))
    assert config.mlflow.url == "http://mlflow.mlflow.svc:5000"
    assert config.repository("plant-a", namespace="plant-a") is not None


def test_without_addresses_it_says_which_are_missing(helm):
    done = helm("template", "andon", str(CHART))
    assert done.returncode != 0
    assert "at '/config/prometheus': missing property 'url'" in done.stderr


def test_a_misspelt_value_is_refused_by_name(helm):
    done = helm(
        "template", "andon", str(CHART), "-f", str(CHART / "ci" / "lab-values.yaml"), "--set", "config.promethoys.url=http://p"
    )
    assert done.returncode != 0
    assert "promethoys" in done.stderr


HTTPS, SSH = "https://git.example.com/a.git", "ssh://git@git.example.com/a.git"
KEYS = {"knownHosts": "git.example.com ssh-ed25519 AAAA", "credentialsSecret": "git"}


@pytest.mark.parametrize(
    ("entries", "taken"),
    [
        pytest.param([{"url": HTTPS}], True, id="https"),
        pytest.param([{"url": SSH, **KEYS}], True, id="ssh with the host's keys"),
        pytest.param([{"url": SSH}], False, id="ssh alone"),
        pytest.param([{"url": SSH, "credentialsSecret": "git"}], False, id="ssh without the host's keys"),
        pytest.param([{"url": SSH, "knownHosts": "git.example.com ssh-ed25519 AAAA"}], False, id="ssh without a Secret"),
        pytest.param([{"url": "https://andon:secret@git.example.com/a.git"}], False, id="a password in the address"),
        pytest.param([{"url": "https://andon@git.example.com/a.git"}], False, id="a user in the address"),
        pytest.param([{"url": "ssh://git:secret@git.example.com/a.git", **KEYS}], False, id="a password for ssh"),
        pytest.param([{"url": HTTPS}, {"url": SSH, **KEYS}], False, id="one name twice"),
    ],
)
def test_a_repository_that_the_operator_would_refuse_is_not_installed(helm, tmp_path, entries, taken):
    addresses = {"prometheus": {"url": "http://p"}, "mlflow": {"url": "http://m"}}
    config = addresses | {"repositories": [{"name": "plant-a", "namespaces": ["plant-a"]} | entry for entry in entries]}
    (tmp_path / "values.json").write_text(json.dumps({"config": config}))
    done = helm("template", "andon", str(CHART), "-f", str(tmp_path / "values.json"))
    said = why_refused(config)
    assert ((done.returncode == 0), said is None) == (taken, taken), done.stderr
    assert (said or "") in done.stderr
    assert "secret@" not in done.stdout + done.stderr


def why_refused(config):
    """By the operator itself."""
    try:
        OperatorConfig.model_validate(config)
    except ValidationError as error:
        return error.errors()[0]["msg"]
    return None


def test_crds_are_kept_unless_asked_otherwise(render):
    kept, let_go = crds(render()), crds(render("crds.keep=false"))
    assert len(kept) == len(let_go) == 4
    assert {crd["metadata"]["annotations"].get("helm.sh/resource-policy") for crd in kept} == {"keep"}
    assert {crd["metadata"].get("annotations", {}).get("helm.sh/resource-policy") for crd in let_go} == {None}


def test_crds_may_be_installed_by_someone_else(render):
    assert not crds(render("crds.enabled=false"))


def test_a_crd_is_rendered_as_it_was_generated(render):
    generated = {path.stem: YAML(typ="safe", pure=True).load(path) for path in (CHART.parents[1] / "crds").glob("*.yaml")}
    assert sorted((crd["spec"] for crd in generated.values()), key=plural) == sorted(
        (crd["spec"] for crd in crds(render())), key=plural
    )


def test_new_configuration_makes_a_new_pod(render):
    before, after = (
        one(render(*settings), "Deployment")["spec"]["template"]["metadata"]["annotations"]
        for settings in ((), ("config.mlflow.url=http://elsewhere:5000",))
    )
    assert before["andon.dev/config"] != after["andon.dev/config"]


def test_two_operators_are_apart_and_one_may_be_taken_at_a_time(render):
    deployment, budget = one(render(), "Deployment")["spec"], one(render(), "PodDisruptionBudget")["spec"]
    assert (deployment["replicas"], deployment["strategy"]["type"]) == (2, "RollingUpdate")
    assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert budget["maxUnavailable"] == 1
    (term,) = deployment["template"]["spec"]["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert term["podAffinityTerm"]["labelSelector"] == budget["selector"] == deployment["selector"]


def test_a_single_operator_is_in_no_drains_way(render):
    objects = render("replicas=1")
    assert not [o for o in objects if o["kind"] == "PodDisruptionBudget"]
    assert "affinity" not in one(objects, "Deployment")["spec"]["template"]["spec"]


def test_without_election_there_is_one_operator_at_a_time(render, helm):
    objects = render("config.leaderElection.enabled=false", "replicas=1")
    assert one(objects, "Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    assert not [o for o in objects if o["kind"] == "Role"]
    values = ["-f", str(CHART / "ci" / "lab-values.yaml"), "--set", "config.leaderElection.enabled=false"]
    refused = helm("template", "andon", str(CHART), *values)
    assert "Set config.leaderElection.enabled, or replicas: 1" in refused.stderr


def test_the_right_to_a_lease_is_to_the_one_that_the_operator_takes(render):
    (rule,) = one(render("config.leaderElection.lease=mine"), "Role")["rules"]
    assert rule["resourceNames"] == ["mine"]
    (rule,) = one(render(), "Role")["rules"]
    assert rule["resourceNames"] == [LeaderElection().lease]
    assert rule["verbs"] == ["get", "create", "update"]


def test_approvers_are_those_of_the_values(render):
    policy = one(render("approvals.groups={a,oidc:b c}"), "ValidatingAdmissionPolicy")
    assert '["a","oidc:b c"]' in policy["spec"]["validations"][0]["expression"]
    assert not [o for o in render("approvals.enforce=false") if o["kind"].startswith("ValidatingAdmission")]


def test_the_alerting_rules_are_those_of_the_rule_file_where_they_are_wanted(render):
    rules = YAML(typ="safe", pure=True).load(CHART / "rules" / "andon.yaml")
    wanted = one(render("prometheusRule.enabled=true", "prometheusRule.labels.release=prom"), "PrometheusRule")
    assert wanted["spec"] == rules
    assert wanted["metadata"]["labels"]["release"] == "prom"
    assert not [o for o in render() if o["kind"] == "PrometheusRule"]


def test_the_operators_role_names_everything_and_no_secret(render):
    rules = [rule for role in render() if role["kind"] == "ClusterRole" for rule in role["rules"]]
    words = {word for rule in rules for field in ("apiGroups", "resources", "verbs") for word in rule[field]}
    assert not {word for word in words if "*" in word or word in {"secrets", "escalate", "bind", "impersonate"}}


def one(objects: list[Manifest], kind: str) -> Manifest:
    """The only object of a kind."""
    (found,) = (o for o in objects if o["kind"] == kind)
    return found


def crds(objects: list[Manifest]) -> list[Manifest]:
    return [o for o in objects if o["kind"] == "CustomResourceDefinition"]


def plural(crd_spec: Manifest) -> str:
    return str(crd_spec["names"]["plural"])


def test_secrets_that_repositories_name_are_files_for_the_operator_alone(render):
    named = ("config.repositories[0].credentialsSecret=plant-git", "config.repositories[0].signingKey=signing")
    objects = render(*named)
    pod = one(objects, "Deployment")["spec"]["template"]["spec"]
    config = YAML(typ="safe", pure=True).load(one(objects, "ConfigMap")["data"]["andon.yaml"])
    projected = next(volume for volume in pod["volumes"] if volume["name"] == "repositories")["projected"]
    mount = next(mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == "repositories")
    assert (mount["mountPath"], mount["readOnly"], projected["defaultMode"]) == (config["secretsDir"], True, 0o400)
    assert [source["secret"]["name"] for source in projected["sources"]] == ["plant-git", "signing"]
    assert all(source["secret"]["optional"] for source in projected["sources"])
    assert {"key": "ssh-privatekey", "path": "signing/ssh-privatekey"} in projected["sources"][1]["secret"]["items"]


def test_without_secrets_nothing_is_mounted_for_them(render):
    pod = one(render(), "Deployment")["spec"]["template"]["spec"]
    assert "repositories" not in {volume["name"] for volume in pod["volumes"]}

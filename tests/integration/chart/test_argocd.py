"""What the chart gives to Argo CD: the scripts that are tested, under the keys that Argo CD looks for."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from integration.chart.conftest import CHART, Manifest

SCRIPTS = CHART / "argocd" / "andon.dev"
KINDS = ("DataSource", "TrainingPipeline", "ModelDeployment", "DriftPolicy")


def customizations(render) -> dict[str, str]:
    maps: list[Manifest] = [o for o in render("argocd.customizations=true") if o["metadata"]["name"] == "argocd-cm"]
    (found,) = maps
    assert found["metadata"] == {"name": "argocd-cm", "namespace": "argocd"}, "nothing that Argo CD's own chart says otherwise"
    return found["data"]


def _helm_values(application: Manifest) -> Manifest | None:
    values: Manifest | None = application["spec"].get("source", {}).get("helm", {}).get("valuesObject")
    return values


def actions_of(kind: str) -> Path:
    return SCRIPTS / ("ModelDeployment" if kind == "ModelDeployment" else "_") / "actions"


def test_every_kind_has_its_health_and_its_actions(render):
    data = customizations(render)
    assert set(data) == {f"resource.customizations.{what}.andon.dev_{kind}" for what in ("health", "actions") for kind in KINDS}
    for kind in KINDS:
        assert (
            data[f"resource.customizations.health.andon.dev_{kind}"].strip() == (SCRIPTS / "_" / "health.lua").read_text().strip()
        )
        actions = YAML(typ="safe", pure=True).load(data[f"resource.customizations.actions.andon.dev_{kind}"])
        folder = actions_of(kind)
        assert actions["discovery.lua"].strip() == (folder / "discovery.lua").read_text().strip()
        said = {entry["name"]: entry["action.lua"].strip() for entry in actions["definitions"]}
        assert said == {path.parent.name: path.read_text().strip() for path in folder.glob("*/action.lua")}


@pytest.mark.parametrize("example", ["argocd/applications.yaml", "flux/andon.yaml"])
def test_the_values_of_the_examples_are_values_of_the_chart(helm, tmp_path, example: str):
    documents = list(YAML(typ="safe", pure=True).load_all(CHART.parents[1] / "examples" / example))
    (values,) = (v for d in documents if (v := d["spec"].get("values") or _helm_values(d)))
    file = tmp_path / "values.yaml"
    file.write_text(json.dumps(values))
    done = helm("template", "andon", str(CHART), "-f", str(file))
    assert done.returncode == 0, done.stderr


def test_an_installation_leaves_argo_cds_own_config_map_alone(render):
    assert "argocd-cm" not in {o["metadata"]["name"] for o in render()}


def test_argo_cds_config_map_keeps_what_is_in_it(render, installed):
    """Applied server-side, as docs/gitops.md says, the keys are added to those of others."""
    installed.kubectl("create", "namespace", "argocd")
    installed.kubectl("create", "configmap", "argocd-cm", "-n", "argocd", "--from-literal=url=https://argocd.example.com")
    (ours,) = [o for o in render("argocd.customizations=true") if o["metadata"]["name"] == "argocd-cm"]
    installed.kubectl("apply", "--server-side", "--field-manager=andon-argocd", "-f", "-", stdin=json.dumps(ours))
    data = json.loads(installed.kubectl("get", "configmap", "argocd-cm", "-n", "argocd", "-o", "json"))["data"]
    assert data["url"] == "https://argocd.example.com"
    assert len(data) == 1 + 2 * len(KINDS)

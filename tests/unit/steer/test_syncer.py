"""Whose hand writes an object's spec: a person's, or something's that comes back."""

import pytest

from andon.steer.syncer import syncer


def written_by(manager, operation="Apply", field="f:spec"):
    return {"managedFields": [{"manager": manager, "operation": operation, "fieldsV1": {field: {}}}]}


FLUX = {f"kustomize.toolkit.fluxcd.io/{key}": value for key, value in (("name", "apps"), ("namespace", "flux-system"))}
TRACKED = {"argocd.argoproj.io/tracking-id": "plant-a:andon.dev/ModelDeployment:plant-a/product-e"}
INSTANCE = {"argocd.argoproj.io/instance": "plant-a"}
RELEASE = {"meta.helm.sh/release-name": "plant"}


@pytest.mark.parametrize(
    ("metadata", "who"),
    [
        pytest.param({}, None, id="nobody knows: a person"),
        pytest.param(written_by("kubectl-client-side-apply", "Update"), None, id="kubectl apply"),
        pytest.param(written_by("kubectl"), None, id="kubectl apply --server-side"),
        pytest.param(written_by("andon-cli", "Update"), None, id="andon suspend"),
        pytest.param(written_by("andon-modeldeployment", field="f:status"), None, id="the operator writes status"),
        pytest.param({"labels": FLUX}, "Flux Kustomization flux-system/apps", id="Flux"),
        pytest.param({"annotations": TRACKED}, "Argo CD application plant-a", id="Argo CD by annotation"),
        pytest.param({"labels": INSTANCE}, "Argo CD application plant-a", id="Argo CD by label"),
        pytest.param(written_by("argocd-controller", "Update"), "Argo CD", id="Argo CD without a trace but its hand"),
        pytest.param(written_by("kyverno", field="f:metadata"), None, id="what applies labels puts no spec back"),
        pytest.param(written_by("lab-syncer"), "the field manager lab-syncer", id="any that applies"),
        pytest.param({"annotations": RELEASE}, "Helm release plant (at its next upgrade)", id="Helm"),
    ],
)  # fmt: skip
def test_who_would_put_it_back(metadata, who):
    assert syncer({"metadata": metadata}) == who

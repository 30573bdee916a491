"""Who puts the spec of an object back when somebody changes it here?"""

from collections.abc import Mapping
from typing import Final

from andon.watch.standing import Object

_FLUX: Final = {"kustomize.toolkit.fluxcd.io": "Flux Kustomization", "helm.toolkit.fluxcd.io": "Flux HelmRelease"}
_ARGO_TRACKING: Final = "argocd.argoproj.io/tracking-id"
_ARGO_INSTANCE: Final = "argocd.argoproj.io/instance"
_HELM: Final = "meta.helm.sh/release-name"
_BY_MANAGER: Final = {
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
}
_PEOPLE: Final = ("kubectl", "andon")
"""Managers that are a person's hand: nobody applies the same again a minute later."""


def syncer(obj: Object) -> str | None:
    """In words, as `Flux Kustomization flux-system/plant-a`; None where nobody but people writes the spec."""
    labels, annotations = (obj["metadata"].get(key) or {} for key in ("labels", "annotations"))
    return _by_flux(labels) or _by_argo(labels, annotations) or _by_manager(obj) or _by_helm(annotations)


def _by_flux(labels: Mapping[str, str]) -> str | None:
    for group, what in _FLUX.items():
        if f"{group}/name" in labels:
            return f"{what} {labels.get(f'{group}/namespace', '?')}/{labels[f'{group}/name']}"
    return None


def _by_argo(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str | None:
    application = annotations.get(_ARGO_TRACKING, "").partition(":")[0] or labels.get(_ARGO_INSTANCE)
    return f"Argo CD application {application}" if application else None


def _by_helm(annotations: Mapping[str, str]) -> str | None:
    release = annotations.get(_HELM)
    return f"Helm release {release} (at its next upgrade)" if release else None


def _by_manager(obj: Object) -> str | None:
    """By server-side apply, whoever it is: what applies to a spec comes back."""
    for entry in obj["metadata"].get("managedFields") or ():
        manager = entry.get("manager", "")
        if "f:spec" not in entry.get("fieldsV1", {}):
            continue
        if manager in _BY_MANAGER:
            return _BY_MANAGER[manager]
        if entry.get("operation") == "Apply" and not manager.startswith(_PEOPLE):
            return f"the field manager {manager}"
    return None

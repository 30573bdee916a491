"""Does an operator run, and what has it been told?"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from andon.api.config import OperatorConfig
from andon.api.errors import UserError, invalid
from andon.doctor.examined import Examined, Patient, fail, ok, unknown, warn
from andon.ports.terminal import AwayError, NotFoundError, Place

_OURS: Final = {"labelSelector": "app.kubernetes.io/name=andon"}
_LATE: Final = timedelta(seconds=30)
"""A Lease is renewed every few seconds; clocks may be a little apart."""


def told(patient: Patient, file: Path | None) -> Patient:
    """The same with the operator's configuration: of a file, or as the chart put it into the cluster.

    Raises UserError for a file that cannot be used.
    """
    if file is not None:
        return replace(patient, config=_configuration(str(file), _text(file)), mounted=True)
    found = _listed(patient, "/api/v1/configmaps", "the operator's configuration")
    for item in found if isinstance(found, list) else []:
        text = (item.get("data") or {}).get("andon.yaml")
        if text is not None:
            home = item["metadata"]["namespace"]
            return replace(patient, home=home, config=_configuration(f"configmap {item['metadata']['name']}", text))
    return patient


def operator(patient: Patient) -> Iterator[Examined]:
    """One is available, and one holds the Lease."""
    found = _listed(patient, "/apis/apps/v1/deployments", "deployments")
    if isinstance(found, str):
        yield unknown("operator", found, "ask somebody who may read deployments of all namespaces to run this")
        return
    if not found:
        yield warn(
            "operator",
            "no Deployment of the chart is here",
            "helm install andon charts/andon: docs/operations.md",
        )
        return
    for item in found:
        name, status = f"{item['metadata']['namespace']}/{item['metadata']['name']}", item.get("status", {})
        if not status.get("availableReplicas"):
            yield fail(
                "operator", f"{name} has no pod that is available", f"kubectl describe deployment -n {name.replace('/', ' ')}"
            )
        else:
            yield ok(
                "operator", f"{name} runs, {status['availableReplicas']} of {item['spec'].get('replicas', 1)} pods available"
            )
    if patient.config is not None and patient.home is not None and patient.config.leader_election.enabled:
        yield _lease(patient, patient.home, patient.config.leader_election.lease)


def _lease(patient: Patient, home: str, name: str) -> Examined:
    place = Place(f"/apis/coordination.k8s.io/v1/namespaces/{home}/leases/{name}", f"lease {name} in namespace {home}")
    try:
        spec = patient.api.get(place)["spec"]
    except NotFoundError:
        return fail("leader", f"there is no {place.words}: no operator has begun to act", f"kubectl logs {patient.operator}")
    except (UserError, AwayError) as error:
        return unknown("leader", f"{place.words} cannot be read", str(error))
    return held(spec, datetime.now(UTC), patient.operator)


def held(spec: Mapping[str, Any], now: datetime, where: str) -> Examined:
    """How a Lease is, by this machine's clock. where: what kubectl is told to reach its operator."""
    holder, renewed = spec.get("holderIdentity"), spec.get("renewTime")
    fix = f"see why no replica takes over: kubectl logs {where}"
    if not holder or not renewed:
        return fail("leader", "nobody holds the operator's Lease", fix)
    late = now - datetime.fromisoformat(renewed)
    if late > _LATE:
        return fail("leader", f"{holder} has not renewed the operator's Lease for {late.total_seconds():.0f} s", fix)
    return ok("leader", f"{holder} acts")


def _listed(patient: Patient, path: str, words: str) -> list[Any] | str:
    """Those of the chart, in all namespaces; or why they cannot be seen."""
    try:
        items: list[Any] = patient.api.get(Place(path, f"{words} of all namespaces"), _OURS)["items"]
    except (UserError, NotFoundError, AwayError) as error:
        return str(error)
    return items


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}; name the operator's configuration") from error


def _configuration(where: str, text: str) -> OperatorConfig:
    try:
        return OperatorConfig.model_validate(YAML(typ="safe", pure=True).load(text))
    except YAMLError as error:
        raise UserError(f"{where}: no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        raise invalid(where, error) from error

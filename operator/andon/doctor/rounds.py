"""What is looked at, in which order?"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from andon.api.errors import UserError
from andon.api.kinds import MODEL_DEPLOYMENT
from andon.doctor.cluster import api_server, approvals, kinds
from andon.doctor.examined import Examined, Health, Patient
from andon.doctor.operator import operator
from andon.doctor.repositories import repositories
from andon.doctor.rights import rights
from andon.doctor.services import mlflow, prometheus
from andon.ports.terminal import AwayError, NotFoundError
from andon.watch.cluster import place_of

Look = Callable[[Patient], Iterator[Examined]]

_ROUNDS: Final[tuple[Look, ...]] = (  # what the later ones need is looked at first
    api_server,
    kinds,
    rights,
    approvals,
    operator,
    prometheus,
    mlflow,
    repositories,
)


def examined(patient: Patient) -> Iterator[Examined]:
    """One after the other; where the API server does not answer nothing else is asked."""
    for look in _ROUNDS:
        for answer in look(patient):
            yield answer
            if answer.name == "api server" and answer.health is Health.FAIL:
                return
        if look is kinds:
            patient = _with_deployments(patient)


def _with_deployments(patient: Patient) -> Patient:
    """Those that can be read; why none can is said by `kinds` and `rights`."""
    try:
        found = patient.api.get(place_of(MODEL_DEPLOYMENT, patient.namespace))["items"]
    except (UserError, NotFoundError, AwayError):
        return patient
    return replace(patient, deployments=tuple(found))

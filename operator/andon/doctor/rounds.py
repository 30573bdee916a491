"""What is looked at, in which order?"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from andon.api.errors import UserError
from andon.api.kinds import DRIFT_POLICY, MODEL_DEPLOYMENT, Kind
from andon.doctor.cluster import api_server, approvals, kinds
from andon.doctor.examined import Examined, Health, Patient
from andon.doctor.operator import operator
from andon.doctor.repositories import repositories
from andon.doctor.rights import rights
from andon.doctor.services import mlflow, prometheus
from andon.ports.terminal import AwayError, NotFoundError
from andon.watch.cluster import place_of
from andon.watch.standing import Object

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
            deployments, policies = _there(patient, MODEL_DEPLOYMENT), _there(patient, DRIFT_POLICY)
            patient = replace(patient, deployments=deployments, policies=policies)


def _there(patient: Patient, kind: Kind) -> tuple[Object, ...]:
    """Those that can be read; why none can is said by `kinds` and `rights`."""
    try:
        return tuple(patient.api.get(place_of(kind, patient.namespace))["items"])
    except (UserError, NotFoundError, AwayError):
        return ()

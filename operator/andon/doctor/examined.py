"""What one look found, and how it is put right."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from andon.api.config import OperatorConfig
from andon.ports.terminal import ApiServer
from andon.watch.standing import Object


class Health(StrEnum):
    """Only `fail` keeps something from working. `unknown`: it could not be looked at from here."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Examined:
    """One answer. fix: the next step, empty where none is needed."""

    name: str
    health: Health
    said: str
    fix: str = ""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"check": self.name, "health": self.health.value, "message": self.said, "fix": self.fix}


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at. namespace: of the user's objects. home: of the operator, where it is known.

    config: the operator's, as far as it can be read. mounted: it is read where the operator reads it, beside its Secrets.
    as_operator: whose rights are asked about. deployments, policies: the ModelDeployments and DriftPolicies of the namespace.
    """

    api: ApiServer
    namespace: str
    home: str | None = None
    config: OperatorConfig | None = None
    mounted: bool = False
    as_operator: bool = False
    deployments: tuple[Object, ...] = ()
    policies: tuple[Object, ...] = ()
    addresses: Mapping[str, str] = field(default_factory=dict)

    @property
    def operator(self) -> str:
        """What kubectl is told to reach the operator: a word to fill in where nobody knows its namespace."""
        return f"-n {self.home or 'ITS-NAMESPACE'} deploy/andon"

    def address(self, service: str) -> str | None:
        """Of `prometheus` or `mlflow`: as a person named it, or as the operator has it."""
        if service in self.addresses:
            return self.addresses[service].rstrip("/")
        return str(getattr(self.config, service).url).rstrip("/") if self.config else None


def ok(name: str, said: str) -> Examined:
    """As it should be."""
    return Examined(name, Health.OK, said)


def warn(name: str, said: str, fix: str) -> Examined:
    """It works, but not as it might."""
    return Examined(name, Health.WARN, said, fix)


def fail(name: str, said: str, fix: str) -> Examined:
    """Something does not work."""
    return Examined(name, Health.FAIL, said, fix)


def unknown(name: str, said: str, fix: str) -> Examined:
    """It cannot be seen from here. fix: how it can."""
    return Examined(name, Health.UNKNOWN, said, fix)

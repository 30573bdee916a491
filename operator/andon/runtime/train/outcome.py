"""How did it end? What a pod says to its controller in one line."""

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """The version that stands for the order's fingerprint. metrics: of the ONNX file on the held-out rows."""

    version: str
    digest: str
    metrics: Mapping[str, float]

    def line(self) -> str:
        """The termination message."""
        return json.dumps({"version": self.version, "digest": self.digest, "metrics": dict(self.metrics)})


class TrainingFailed(Exception):  # noqa: N818 - it reads as what it says
    """No version was registered. reason: a condition reason; message: number, limit and next step."""

    exit_code = 1

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message

    def line(self) -> str:
        """The termination message; Kubernetes keeps 4,096 bytes of it."""
        return json.dumps({"reason": self.reason, "message": self.message[:1024]})


class TryAgain(TrainingFailed):
    """Nothing is wrong with the order: the same may succeed later (75 is EX_TEMPFAIL of sysexits.h)."""

    exit_code = 75


class BadConfiguration(TrainingFailed):
    """The order itself is wrong: trying again changes nothing."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__("BadConfiguration", message)

"""What is said of one place in a file."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """An error keeps the object from working, or from being applied. A warning is about what was probably not meant."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing. line, column: from 1. rule: one stable word. path: of the field, as `spec.tags[3].node`."""

    file: str
    line: int
    column: int
    severity: Severity
    rule: str
    message: str
    object: str = ""
    path: str = ""

    def __str__(self) -> str:
        """As compilers write it and editors read it."""
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.message} [{self.rule}]"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        said = {"file": self.file, "line": self.line, "column": self.column, "severity": self.severity.value}
        return said | {"rule": self.rule, "object": self.object, "path": self.path, "message": self.message}

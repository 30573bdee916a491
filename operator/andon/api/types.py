"""Scalars and list shapes shared by the four kinds, each with the limits that the API server enforces."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints
from pydantic.alias_generators import to_camel


@dataclass(frozen=True, slots=True)
class Rule:
    """One CEL validation of the API server, with the same check in Python.

    expression: CEL over ``self``. message: plain English, what is wrong and what to write instead. fields: for the one-of
    rule, the names of which exactly one must be set (the Python side of the check derives from it).
    """

    expression: str
    message: str
    exactly_one_of: tuple[str, ...] = ()


def exactly_one_of(*fields: str) -> Rule:
    """A union: exactly one of these optional fields is set. Field names as in YAML."""
    present = ", ".join(f"has(self.{name})" for name in fields)
    return Rule(f"[{present}].filter(x, x).size() == 1", f"set exactly one of: {', '.join(fields)}", fields)


@dataclass(frozen=True, slots=True)
class KeyedBy:
    """Marks a list as a map list: entries are identified by this field and merge by it under server-side apply."""

    field: str


class ApiModel(BaseModel):
    """What users write: unknown fields are refused, names are camelCase in YAML, values never change after parsing."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, use_enum_values=False)

    rules: ClassVar[tuple[Rule, ...]] = ()


class StatusModel(ApiModel):
    """What controllers write: fields of a newer version are read past, so that an older operator survives a newer CRD."""

    model_config = ConfigDict(extra="ignore")


_DURATION_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
DURATION_PATTERN: Final = r"^([0-9]{1,9}(ms|s|m|h|d))+$"

Duration = Annotated[str, StringConstraints(pattern=DURATION_PATTERN, max_length=32)]
"""A length of time as ``200ms``, ``30s``, ``5m``, ``1h30m`` or ``7d``."""

Decimals = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$", max_length=26)]
"""A number as a string (``"0.10"``): floats do not survive every YAML and JSON reader."""

Bytes = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,11}(Ki|Mi|Gi|Ti)?$", max_length=16)]
"""A size as ``256Mi``."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", max_length=63)]
"""A DNS label, as Kubernetes wants names of objects whose children carry them in theirs."""

FeatureName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$", max_length=63)]
"""The name of a tag or feature, fit for a column and a metric label."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Message = Annotated[str, StringConstraints(max_length=1024)]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$", max_length=71)]
ModelVersion = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,8}$", max_length=9)]
"""A version of a registered model, quoted in YAML: ``"3"``."""


def _parse_time(value: object) -> object:
    return datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value


def _write_time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


Time = Annotated[datetime, BeforeValidator(_parse_time), PlainSerializer(_write_time, return_type=str), Field(json_schema_extra={"type": "string", "format": "date-time"})]
"""An instant, RFC 3339 in UTC on the wire, microseconds kept."""


def seconds(duration: str) -> float:
    """``1h30m`` as seconds. Raises ValueError on text that is not a Duration."""
    if not re.fullmatch(DURATION_PATTERN, duration):
        raise ValueError(f"{duration!r} is not a duration; write for example 200ms, 30s, 5m, 1h30m or 7d")
    return sum(int(n) * _DURATION_UNITS[unit] for n, unit in re.findall(r"([0-9]+)(ms|s|m|h|d)", duration))


def delta(duration: str) -> timedelta:
    """The same as a timedelta."""
    return timedelta(seconds=seconds(duration))


def bytes_of(size: str) -> int:
    """``256Mi`` as a number of bytes. Raises ValueError on other text."""
    match = re.fullmatch(r"([0-9]+)(Ki|Mi|Gi|Ti)?", size)
    if match is None:
        raise ValueError(f"{size!r} is not a size; write for example 256Mi")
    return int(match[1]) * 1024 ** ("", "Ki", "Mi", "Gi", "Ti").index(match[2] or "")


def number(decimals: str) -> float:
    """A Decimals string as a float."""
    return float(Decimal(decimals))


class NamedRef(ApiModel):
    """Another object, always in the same namespace."""

    name: Annotated[Name, Field(description="Name of the object, in this object's own namespace.")]


class Placement(ApiModel):
    """Where the pods of this object may run."""

    node_selector: Annotated[
        dict[Annotated[str, StringConstraints(max_length=317)], Annotated[str, StringConstraints(max_length=63)]],
        Field(max_length=16, description="Labels that a node must carry, for example `andon.dev/tier: edge`."),
    ] = Field(default_factory=dict)


class Revision(StatusModel):
    """A model as it is served: the registry's version and the content's digest."""

    version: Annotated[ModelVersion, Field(description="Version in the model registry.")]
    digest: Annotated[Digest, Field(description="sha256 of model.onnx, verified at every load.")]

    def __str__(self) -> str:
        """As people read it: `3 (sha256:9c1e1f…)`."""
        return f"{self.version} ({self.digest[:13]}…)"


def short(digest: str) -> str:
    """The twelve hex digits that stand for a digest in metric labels."""
    return digest.removeprefix("sha256:")[:12]


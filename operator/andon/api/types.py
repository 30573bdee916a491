"""Scalars and list shapes shared by the four kinds, each with the limits that the API server enforces."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


@dataclass(frozen=True, slots=True)
class Rule:
    """One validation across fields, said twice: in CEL for the API server, in Python for every other reader.

    expression: CEL over ``self``. message: plain English, what to write instead. holds: the same check on the parsed model.
    """

    expression: str
    message: str
    holds: Callable[[Any], bool]


def exactly_one_of(*fields: str) -> Rule:
    """A union: exactly one of these optional fields is set. Field names as in Python."""
    names = [to_camel(field) for field in fields]
    present = ", ".join(f"has(self.{name})" for name in names)
    return Rule(
        f"[{present}].filter(x, x).size() == 1",
        f"set exactly one of: {', '.join(names)}",
        lambda model: sum(getattr(model, field) is not None for field in fields) == 1,
    )


def within(field: str, least: str, most: str) -> Rule:
    """A quantity between two others, both included. Field name as in Python; it must have a value or a default."""
    name = to_camel(field)
    return Rule(
        f"quantity(self.{name}).compareTo(quantity('{least}')) >= 0 && quantity(self.{name}).compareTo(quantity('{most}')) <= 0",
        f"{name} must lie between {least} and {most}",
        lambda model: quantity(least) <= quantity(getattr(model, field)) <= quantity(most),
    )


def _json_integer(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True, slots=True)
class Between:
    """Marks a whole number from least to most, both included.

    JSON has one kind of number, so ``300.0`` is 300, as for the API server; ``"300"`` and ``true`` are not.
    """

    least: int
    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Strict, but for the way a number is written."""
        return core_schema.no_info_before_validator_function(
            _json_integer, core_schema.int_schema(strict=True, ge=self.least, le=self.most)
        )


@dataclass(frozen=True, slots=True)
class KeyedBy:
    """Marks a list as a map list: entries are identified by this field and merge by it under server-side apply."""

    field: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """No two entries may have one key, as the API server has it."""
        return core_schema.no_info_after_validator_function(self._each_once, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The API server's own words for it."""
        return handler(schema) | {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [self.field]}

    def _each_once(self, entries: list[Any]) -> list[Any]:
        counts = Counter(getattr(entry, self.field) for entry in entries)
        if twice := [key for key, count in counts.items() if count > 1]:
            raise PydanticCustomError("duplicate", "{field} {key} is used more than once", {"field": self.field, "key": twice[0]})
        return entries


class ApiModel(BaseModel):
    """What users write, read as the API server reads it: unknown fields are refused, rules hold, values never change."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True, extra="forbid", frozen=True
    )

    rules: ClassVar[tuple[Rule, ...]] = ()

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Reads a document: names count as they are written in YAML, never as Python has them."""
        return super().model_validate(obj, **{"by_alias": True, "by_name": False} | options)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """The same of JSON text."""
        return super().model_validate_json(json_data, **{"by_alias": True, "by_name": False} | options)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, document: object) -> object:
        """`inputs:` with nothing behind it is the same as no `inputs`; the API server drops such nulls too."""
        if not isinstance(document, dict) or None not in document.values():
            return document
        optional = {field.alias or name for name, field in cls.model_fields.items() if not field.is_required()}
        return {key: value for key, value in document.items() if value is not None or key not in optional}

    @model_validator(mode="after")
    def _obeys_the_rules(self) -> Self:
        for rule in self.rules:
            if not rule.holds(self):
                raise PydanticCustomError("rule", "{message}", {"message": rule.message})
        return self


class StatusModel(ApiModel):
    """What controllers write: fields of a newer version are read past, so that an older operator survives a newer CRD."""

    model_config = ConfigDict(extra="ignore")


_DURATION_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE_UNITS: Final = {"": 1, "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4}

# Patterns mean the same to Go (RE2), Rust (pydantic) and Python's fullmatch: no look-around, no \\d, \\s or \\w.
DURATION_PATTERN: Final = r"^([1-9][0-9]{0,4}(ms|s|m|h|d))+$"
DECIMALS_PATTERN: Final = r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$"
BYTES_PATTERN: Final = r"^[1-9][0-9]{0,11}(Ki|Mi|Gi|Ti)?$"
TIME_PATTERN: Final = (
    r"^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
NAME_PATTERN: Final = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
LABEL_KEY_PATTERN: Final = (
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
)

Duration = Annotated[str, StringConstraints(pattern=DURATION_PATTERN, max_length=32)]
"""A length of time as ``200ms``, ``30s``, ``5m``, ``1h30m`` or ``7d``; never nothing, never beyond the calendar."""

Decimals = Annotated[str, StringConstraints(pattern=DECIMALS_PATTERN, max_length=26)]
"""A number as a string (``"0.10"``): floats do not survive every YAML and JSON reader."""

Bytes = Annotated[str, StringConstraints(pattern=BYTES_PATTERN, max_length=16)]
"""A size as ``256Mi``."""


MOST: Final = 2**53 - 1
"""The largest whole number that every JSON reader holds exactly."""

Whole = Annotated[int, Between(0, MOST)]
"""A count."""

Generation = Annotated[int, Between(-1, MOST)]
"""A metadata.generation; -1 before a controller has seen the object."""

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=63)]
"""A DNS label, as Kubernetes wants names of objects whose children carry them in theirs."""

FeatureName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$", max_length=63)]
"""The name of a tag or feature, fit for a column and a metric label."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Message = Annotated[str, StringConstraints(max_length=1024)]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$", max_length=71)]
ModelVersion = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,8}$", max_length=9)]
"""A version of a registered model, quoted in YAML: ``"3"``."""

Word = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]{0,62}$", max_length=63)]
"""A stable PascalCase word: a condition's type or reason."""


def _without_nulls(labels: object) -> object:
    return {key: value for key, value in labels.items() if value is not None} if isinstance(labels, dict) else labels


Labels = Annotated[
    dict[str, Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$", max_length=63)]],
    Field(max_length=16),
    BeforeValidator(_without_nulls),
]
"""Labels by name. Keys cannot be limited by a type: see the rule of Placement."""


def _parse_time(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not re.fullmatch(TIME_PATTERN, value):
        raise ValueError(f"{value!r} is not a time; write for example 2026-12-01T06:00:00Z")
    return datetime.fromisoformat(value)


def _write_time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


Time = Annotated[
    AwareDatetime,
    BeforeValidator(_parse_time),
    PlainSerializer(_write_time, return_type=str),
    Field(json_schema_extra={"pattern": TIME_PATTERN, "maxLength": 40}),
]
"""An instant, RFC 3339 in UTC on the wire, microseconds kept."""


def seconds(duration: str) -> float:
    """``1h30m`` as seconds. Raises ValueError on text that is not a Duration."""
    if not re.fullmatch(DURATION_PATTERN, duration):
        raise ValueError(f"{duration!r} is not a duration; write for example 200ms, 30s, 5m, 1h30m or 7d")
    return sum(int(n) * _DURATION_UNITS[unit] for n, unit in re.findall(r"([0-9]+)(ms|s|m|h|d)", duration))


def delta(duration: str) -> timedelta:
    """The same as a timedelta."""
    return timedelta(seconds=seconds(duration))


def quantity(text: str) -> Decimal:
    """``0.10`` or ``256Mi`` as an exact number. Raises ValueError on other text."""
    match = re.fullmatch(r"(-?[0-9]+(?:\.[0-9]+)?)(Ki|Mi|Gi|Ti|)", text)
    if match is None:
        raise ValueError(f"{text!r} is not a number or a size; write for example 0.10 or 256Mi")
    return Decimal(match[1]) * _SIZE_UNITS[match[2]]


def bytes_of(size: str) -> int:
    """``256Mi`` as a number of bytes. Raises ValueError on other text."""
    return int(quantity(size))


def number(decimals: str) -> float:
    """A Decimals string as a float."""
    return float(quantity(decimals))


class NamedRef(ApiModel):
    """Another object, always in the same namespace."""

    name: Annotated[Name, Field(description="Name of the object, in this object's own namespace.")]


class Placement(ApiModel):
    """Where the pods of this object may run."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            f"self.nodeSelector.all(key, key.matches(r'{LABEL_KEY_PATTERN}'))",
            "a key of nodeSelector is not a label's name; write for example andon.dev/tier",
            lambda placement: all(re.fullmatch(LABEL_KEY_PATTERN, key) for key in placement.node_selector),
        ),
    )

    node_selector: Annotated[
        Labels,
        Field(description="Labels that a node must carry, for example `andon.dev/tier: edge`."),
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

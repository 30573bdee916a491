"""Models become schemas that the API server takes, and every field of the four kinds is described and bounded."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import Field, StringConstraints

from andon.api import crd
from andon.api.kinds import KINDS
from andon.api.schema import SpecSchema, StatusSchema
from andon.api.types import ApiModel, KeyedBy, Rule, Time, exactly_one_of

Short = Annotated[str, StringConstraints(max_length=8)]


class Colour(StrEnum):
    """Of the lamp."""

    RED = "Red"


class Lamp(ApiModel):
    """A lamp over a machine."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("left_side", "right_side"),)

    name: Short
    left_side: Short | None = None
    right_side: Short | None = "r"


class Tower(ApiModel):
    """Lamps, one above the other."""

    colour: Annotated[Colour, Field(description="Its colour.")] = Colour.RED
    sort: Literal["Tower"] = "Tower"
    height: Annotated[int, Field(gt=0, lt=9)] = 3
    top: Annotated[Lamp, Field(description="The uppermost.")] = Lamp(name="t")
    keyed: Annotated[list[Lamp], KeyedBy("name"), Field(max_length=2)] = Field(default_factory=list)
    ordered: Annotated[list[Short], Field(max_length=2)]
    notes: Annotated[dict[Short, Short], Field(max_length=4)] = Field(default_factory=dict)
    since: Time | None = None


TOWER = Tower.model_json_schema(schema_generator=SpecSchema)
LAMP = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 8},
        "leftSide": {"type": "string", "maxLength": 8},
        "rightSide": {"type": "string", "maxLength": 8, "default": "r"},
    },
    "x-kubernetes-validations": [
        {
            "rule": "[has(self.leftSide), has(self.rightSide)].filter(x, x).size() == 1",
            "message": "set exactly one of: leftSide, rightSide",
        }
    ],
}
TOLD = "Rule: set exactly one of: leftSide, rightSide."


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        pytest.param("colour", {"type": "string", "enum": ["Red"], "default": "Red", "description": "Its colour."}, id="enum"),
        pytest.param("sort", {"type": "string", "enum": ["Tower"], "default": "Tower"}, id="literal"),
        pytest.param(
            "height",
            {
                "type": "integer",
                "format": "int64",
                "minimum": 0,
                "exclusiveMinimum": True,
                "maximum": 9,
                "exclusiveMaximum": True,
                "default": 3,
            },
            id="exclusive bounds are flags",
        ),
        pytest.param(
            "top",
            LAMP | {"default": {"name": "t", "rightSide": "r"}, "description": f"The uppermost. {TOLD}"},
            id="a model in place, its default in full, its rules told",
        ),
        pytest.param(
            "keyed",
            {
                "type": "array",
                "items": LAMP | {"description": f"A lamp over a machine. {TOLD}"},
                "maxItems": 2,
                "default": [],
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
            id="keyed list",
        ),
        pytest.param(
            "ordered",
            {"type": "array", "items": {"type": "string", "maxLength": 8}, "maxItems": 2, "x-kubernetes-list-type": "atomic"},
            id="ordered list",
        ),
        pytest.param(
            "notes",
            {"type": "object", "additionalProperties": {"type": "string", "maxLength": 8}, "maxProperties": 4, "default": {}},
            id="map",
        ),
    ],
)
def test_each_construct_in_the_dialect_of_the_api_server(name, schema):
    assert TOWER["properties"][name] == schema


def test_a_time_is_a_date_time_and_optional_is_not_required():
    since = TOWER["properties"]["since"]
    assert (since["type"], since["format"]) == ("string", "date-time")
    assert TOWER["required"] == ["ordered"]


def test_a_status_fills_in_nothing():
    assert '"default"' not in str(Tower.model_json_schema(schema_generator=StatusSchema)).replace("'", '"')


def test_floats_and_unions_are_refused():
    class Weight(ApiModel):
        kilograms: float

    class Either(ApiModel):
        value: int | str

    for model, word in ((Weight, "Decimals"), (Either, "exactly_one_of")):
        with pytest.raises(TypeError, match=word):
            model.model_json_schema(schema_generator=SpecSchema)


def nodes(schema, path):
    """Every schema node below this one, with its path."""
    yield path, schema
    for name, below in schema.get("properties", {}).items():
        yield from nodes(below, f"{path}.{name}")
    for word in ("items", "additionalProperties"):
        if word in schema:
            yield from nodes(schema[word], f"{path}[]")


EVERY_NODE = [
    pytest.param(schema, id=path)
    for kind in KINDS
    for part in ("spec", "status")
    for path, schema in nodes(crd.schema(kind)["properties"][part], f"{kind.name}.{part}")
]
BOUNDS = {"array": "maxItems", "object": "maxProperties", "string": "maxLength", "integer": "maximum"}


@pytest.mark.parametrize("schema", EVERY_NODE)
def test_every_field_is_described_and_bounded(schema, request):
    is_scalar_entry = request.node.callspec.id.endswith("[]") and schema["type"] == "string"
    assert schema.get("description") or is_scalar_entry
    is_a_mark = schema["type"] == "object" and not schema.keys() & {
        "additionalProperties",
        "x-kubernetes-preserve-unknown-fields",
    }
    bounded = BOUNDS.get(schema["type"]) in schema or "properties" in schema or "enum" in schema
    assert bounded or is_a_mark or schema["type"] == "boolean"


@pytest.mark.parametrize("schema", EVERY_NODE)
def test_only_words_the_api_server_knows(schema):
    known = {
        "type",
        "description",
        "default",
        "properties",
        "required",
        "items",
        "additionalProperties",
        "enum",
        "format",
        "pattern",
    }
    known |= {f"{bound}{what}" for bound in ("min", "max") for what in ("imum", "Length", "Items", "Properties")}
    known |= {"x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"}
    assert schema.keys() <= known


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_crd_stays_under_200_kib(kind):
    assert len(crd.text(kind).encode()) < 200 * 1024

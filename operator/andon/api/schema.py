"""What a pydantic model is to the API server: a structural schema, with its CEL rules and list types.

JSON Schema as pydantic writes it is refused by the API server in many places (references, nulls, numeric exclusive bounds); each
method here turns one construct into the dialect of CustomResourceDefinitions, or refuses what has no place there.
"""

from typing import Any, NoReturn

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, NoDefault
from pydantic_core import CoreSchema, core_schema, to_jsonable_python

from andon.api.types import ApiModel


class SpecSchema(GenerateJsonSchema):
    """The schema of what users write: what they leave out is filled in by the API server as pydantic would."""

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        """The whole schema, without references."""
        document = super().generate(schema, mode)
        definitions = document.pop("$defs", {})
        document.pop("title", None)
        return dict(_in_place(document, definitions))

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Titles say nothing that names do not."""
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """An object with its rules. That other properties are refused goes without saying in a structural schema."""
        model: type[ApiModel] = schema["cls"]
        document = super().model_schema(schema)
        document.pop("additionalProperties", None)
        if not document["properties"]:
            del document["properties"]  # the API server drops what is empty, and the CRD would not be as it was applied
        if model.rules:
            document["x-kubernetes-validations"] = [{"rule": rule.expression, "message": rule.message} for rule in model.rules]
        return document

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """A default in full, as it would be in YAML: the API server holds rules against it before it fills in the children's."""
        document = self.generate_inner(schema["schema"])
        default = self.get_default_value(schema)
        if default is None or default is NoDefault:
            return document
        return document | {"default": to_jsonable_python(default, by_alias=True, exclude_none=True)}

    def get_default_value(self, schema: core_schema.WithDefaultSchema) -> Any:
        """What pydantic would fill in."""
        factory: Any = schema.get("default_factory")
        return factory() if factory else schema.get("default", NoDefault)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """An optional field is one that is not required: nothing is ever null."""
        return self.generate_inner(schema["schema"])

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        """Exclusive bounds are flags beside the bound here."""
        document = super().int_schema(schema) | {"format": "int64"}
        for bound in ("minimum", "maximum"):
            exclusive = f"exclusive{bound.capitalize()}"
            if exclusive in document:
                document |= {bound: document[exclusive], exclusive: True}
        return document

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        """`const` is not known here: one value is an enum of one."""
        return {"type": "string", "enum": [to_jsonable_python(value) for value in schema["expected"]]}

    def list_schema(self, schema: core_schema.ListSchema) -> JsonSchemaValue:
        """Order counts, so one writer owns the whole list, unless a KeyedBy marker says otherwise."""
        return super().list_schema(schema) | {"x-kubernetes-list-type": "atomic"}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Keys can be limited by rules only."""
        document: JsonSchemaValue = {"type": "object", "additionalProperties": self.generate_inner(schema["values_schema"])}
        self.update_with_validations(document, schema, self.ValidationsMapping.object)
        return document

    def float_schema(self, schema: core_schema.FloatSchema) -> NoReturn:
        """Floats do not survive every YAML and JSON reader."""
        raise TypeError("a float has no place in the API: use andon.api.types.Decimals")

    def union_schema(self, schema: core_schema.UnionSchema) -> NoReturn:
        """A structural schema gives each field one type."""
        raise TypeError("a union of types has no place in the API: use optional fields and andon.api.types.exactly_one_of")


class StatusSchema(SpecSchema):
    """The schema of what controllers write. No defaults: what was not said must not look as if it had been."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Optional, and absent when absent."""
        return self.generate_inner(schema["schema"])


def _in_place(node: Any, definitions: dict[str, JsonSchemaValue]) -> Any:
    """The same schema with every reference replaced by what it names."""
    if isinstance(node, list):
        return [_in_place(entry, definitions) for entry in node]
    if not isinstance(node, dict):
        return node
    if isinstance(reference := node.get("$ref"), str):
        named = definitions[reference.removeprefix("#/$defs/")]
        own = {key: value for key, value in node.items() if key != "$ref"}
        node = {key: value for key, value in named.items() if key != "title"} | own
    return _with_rules_told({key: _in_place(value, definitions) for key, value in node.items()})


def _with_rules_told(node: dict[str, Any]) -> dict[str, Any]:
    """Rules are for `kubectl explain` too, which shows descriptions only."""
    rules = node.get("x-kubernetes-validations", [])
    return (
        node | {"description": " ".join([node["description"], *(f"Rule: {rule['message']}." for rule in rules)])}
        if rules
        else node
    )
